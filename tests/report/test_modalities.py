"""Fig. 2: modalities beside each other, and beside what the paper prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.report.figures import plates_of
from rodepil.report.inputs import ReportInputs, read_inputs
from rodepil.report.modalities import compared, printed
from rodepil.report.series import metrics
from rodepil.report.style import LIGHT
from rodepil.report.tables import modalities, trials
from rodepil.report.write import write_report
from tests.report.conftest import Recipe

MODALITIES = (("absdiff", 1.5), ("flow", 2.2))


@pytest.fixture
def three(results: Callable[[Recipe], Workspace]) -> Workspace:
    """Give the results of three modalities."""
    return results(Recipe(modalities=MODALITIES))


def test_the_papers_bars_are_those_of_its_second_figure():
    # FACTS 1: Table III, 224 px, 8 frames, SGD, Kinetics.
    shown = {name: printed(name) for name in ("rgb", "flow", "absdiff")}
    assert {name: row and row.f1 for name, row in shown.items()} == pytest.approx(
        {"rgb": 0.8720, "flow": 0.7169, "absdiff": 0.6716}
    )
    assert printed("depth") is None


def test_modalities_stand_in_the_papers_order_with_their_own_numbers(three: Workspace):
    inputs = read_inputs(three)
    sheet = modalities(inputs)
    assert [row[0] for row in sheet.rows] == ["RGB", "Optical flow", "AbsDiff"]
    for name, row in zip(("rgb", "flow", "absdiff"), sheet.rows, strict=True):
        beside = three.results / "modalities" / f"{name}.json"
        path = three.results / "crossval.json" if name == "rgb" else beside
        trials = json.loads(path.read_bytes())["trials"]
        mean = sum(trial["metrics"]["f1"] for trial in trials) / len(trials)
        assert row[1] == 5
        assert row[6] == pytest.approx(mean)
        assert metrics(inputs)["f1" if name == "rgb" else f"modality_{name}_f1"] == row[6]


def test_the_figure_shows_a_bar_a_modality_and_a_dot_a_fold(three: Workspace):
    inputs = read_inputs(three)
    (plate,) = (plate for plate in plates_of(inputs) if plate.name == "fig2_modalities")
    (ax,) = plate.draw(inputs, LIGHT).axes
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["RGB", "Optical flow", "AbsDiff"]
    heights = [bar.get_height() for bar in ax.patches]
    ours = [row[6] * 100 for row in modalities(inputs).rows]
    assert heights == pytest.approx([*ours, 87.20, 71.69, 67.16])
    dots = [tuple(collection.get_offsets()[:, 1]) for collection in ax.collections]
    assert [len(folds) for folds in dots] == [5, 5, 5]
    assert [sum(folds) / 5 for folds in dots] == pytest.approx(ours)


def test_the_report_holds_the_figure_and_the_table(three: Workspace):
    write_report(three, ProjectSettings())
    page = (three.results / "report.html").read_text(encoding="utf-8")
    assert "What the model sees" in page
    assert "Optical flow" in (three.results / "modalities.md").read_text(encoding="utf-8")
    assert (three.results / "fig2_modalities.png").stat().st_size > 1000


def test_without_other_modalities_there_is_no_such_figure(inputs: ReportInputs):
    assert "fig2_modalities" not in [plate.name for plate in plates_of(inputs)]


def change(path: Path, keys: tuple[str, ...], value: object) -> None:
    """Put a value in a record at the place that the keys lead to."""
    record = json.loads(path.read_bytes())
    place = record
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(record), encoding="utf-8")


def test_flow_settings_that_are_not_the_results_are_refused_where_they_are_read(three: Workspace):
    bound = ("settings", "train", "flow", "bound_px")
    change(three.results / "modalities" / "absdiff.json", bound, 7.0)
    assert list(read_inputs(three).modalities) == ["absdiff", "flow"]
    change(three.results / "modalities" / "flow.json", bound, 7.0)
    with pytest.raises(ReportError, match=r"compared: train\.flow\.bound_px is 7\.0, the result's"):
        read_inputs(three)


def test_what_differs_and_how_the_comparison_is_dropped_is_said(three: Workspace):
    path = three.results / "modalities" / "flow.json"
    change(path, ("settings", "train", "epochs"), 3)
    with pytest.raises(ReportError) as refused:
        read_inputs(three)
    said = str(refused.value)
    assert "compared: train.epochs is 3, the result's " in said
    assert f"delete {path} and flow_predictions.parquet beside it, or take flow out of comp" in said


def test_the_table_says_how_flow_was_found_and_what_it_adds(three: Workspace):
    sheet = modalities(read_inputs(three))
    assert "Flow is found by Farneback's method over windows of 5 px" in sheet.note
    at = [column.title for column in sheet.columns].index("Difference")
    f1 = {row[0]: row[6] for row in sheet.rows}
    assert [row[at] for row in sheet.rows] == [
        None,
        pytest.approx(f1["Optical flow"] - f1["RGB"]),
        pytest.approx(f1["AbsDiff"] - f1["RGB"]),
    ]


def test_a_stale_file_does_not_replace_the_results_own_modality(
    results: Callable[[Recipe], Workspace],
):
    inputs = read_inputs(results(Recipe(modalities=(*MODALITIES, ("rgb", 0.1)))))
    assert list(inputs.modalities) == ["absdiff", "flow"]
    stale = replace(inputs, modalities={**inputs.modalities, "rgb": inputs.modalities["flow"]})
    assert compared(stale)["rgb"] is inputs.result


def test_the_trials_of_every_modality_are_listed(three: Workspace):
    rows = trials(read_inputs(three)).rows
    wanted = [("none", "rgb"), ("static", "rgb"), ("none", "absdiff"), ("none", "flow")]
    assert [row[:2] for row in rows] == [pair for pair in wanted for _ in range(5)]


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        (("settings", "train", "epochs"), 3, "trained by other settings"),
        (("settings", "train", "modality"), "rgb", "is of modality 'rgb'"),
        (("settings", "model", "pretrained"), "none", "trained by other settings"),
        (("control",), "static", "is of control 'static'"),
        (("data",), "rats of another house", "comes from rats of another house"),
    ],
)
def test_a_modality_of_another_recipe_is_not_compared(
    three: Workspace, keys: tuple[str, ...], value: object, told: str
):
    change(three.results / "modalities" / "flow.json", keys, value)
    with pytest.raises(ReportError, match=rf"{told}.*crossval --modality flow"):
        read_inputs(three)
