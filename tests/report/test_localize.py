"""Localization in the report: numbers against scoring itself, and what is missing or unfit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, Wedge
from matplotlib.text import Text

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io import tables
from rodepil.io.labels import ACTION_UNITS
from rodepil.report import write_report
from rodepil.report.localize import localize_chapter, paper
from rodepil.report.localize.alone import write_localize_report
from rodepil.report.localize.chapter import metrics
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.figures import plates_of
from rodepil.report.localize.figures.split import spread
from rodepil.report.localize.outline import localize_sections
from rodepil.report.localize.read import LocalizeInputs, read_localize
from rodepil.report.localize.tables import all_tables
from rodepil.report.sheet import Sheet, to_csv
from rodepil.report.style import DARK, LIGHT
from rodepil.scoring import mean_average_precision
from tests.report.conftest import Recipe
from tests.report.localized import (
    TIOUS,
    UnitRecipe,
    draw_clips,
    event_of,
    make_localized,
)

GIVEN = UnitRecipe(copies=2)
PLATES = ("localize_map", "localize_ap", "localize_learning", "localize_timeline", "localize_split")
BY_SUBJECT = UnitRecipe(split="subject", subjects=9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the given split, to read from alone."""
    workspace = Workspace(tmp_path_factory.mktemp("localized"))
    make_localized(workspace, GIVEN)
    return workspace


@pytest.fixture(scope="module")
def inputs(folder: Workspace) -> LocalizeInputs:
    return read_localize(folder)


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A workspace to break."""
    workspace = Workspace(tmp_path)
    make_localized(workspace, GIVEN)
    return workspace


def sheet_of(inputs: LocalizeInputs, name: str) -> Sheet:
    return next(sheet for sheet in all_tables(inputs) if sheet.name == name)


def change(path: Path, **entries: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_the_table_holds_what_scoring_gives_beside_what_is_published(
    folder: Workspace, inputs: LocalizeInputs
) -> None:
    sheet = sheet_of(inputs, "localize_map")
    rows = list(csv.DictReader(io.StringIO(to_csv(sheet))))
    folds = tables.read("folds", folder.units_folds).to_pylist()
    tested = {row["subject_id"] for row in folds if row["fold"] == 0}
    events = tables.read("events", folder.units_events).to_pylist()
    true = tables.from_rows("events", [row for row in events if row["recording_id"] in tested])
    for row, name in zip(rows, ("raseformer", "dense", "shuffled"), strict=True):
        path = folder.localize_results / f"{name}_detections.parquet"
        wanted = mean_average_precision(true, tables.read("events", path), TIOUS)
        for tiou, value in zip(TIOUS, wanted.by_threshold, strict=True):
            assert float(row[f"tIoU {tiou:g}"]) == pytest.approx(100 * value, abs=0.006)
        assert float(row["Mean"]) == pytest.approx(100 * wanted.mean, abs=0.006)
        assert row["Data"] == GIVEN.data
    printed = [rows[0][f"tIoU {tiou:g} (paper)"] for tiou in TIOUS] + [rows[0]["Mean (paper)"]]
    assert printed == ["64.83", "61.53", "57.56", "53.03", "48.47", "57.08"]
    assert {row["Mean (paper)"] for row in rows[1:]} == {""}


def test_what_is_not_to_be_compared_is_neither_read_nor_missed(own: Workspace) -> None:
    (own.localize_results / "shuffled.json").unlink()
    inputs = read_localize(own, ["dense"])
    assert [run.name for run in inputs.runs] == ["raseformer", "dense"]
    assert inputs.missing == ()
    assert [run.name for run in read_localize(own, []).runs] == ["raseformer"]


def test_a_file_of_what_was_not_compared_is_none_of_a_run(own: Workspace) -> None:
    path = own.localize_results / "dense.json"
    path.write_text(json.dumps({"data": GIVEN.data, "variant": "dense", "trials": []}))
    assert read_localize(own, ["shuffled"]).missing == ()
    (said,) = read_localize(own).missing
    assert "Dense local attention" in said
    path.write_text("{")
    with pytest.raises(ReportError, match=r"dense\.json does not hold"):
        read_localize(own)


def test_a_run_may_have_a_name_of_its_own(own: Workspace) -> None:
    change(own.localize_results / "dense.json", name="localize-dense", variant="dense")
    assert [run.name for run in read_localize(own).runs] == ["raseformer", "dense", "shuffled"]


def test_what_is_published_agrees_with_itself() -> None:
    assert np.mean(list(paper.MEAN_AP.values())) == pytest.approx(paper.MEAN, abs=5e-5)
    assert (sum(paper.TRAINING.values()), sum(paper.TESTING.values())) == (836, 451)


def test_intervals_are_over_originals_where_files_name_no_animal(inputs: LocalizeInputs) -> None:
    matched = inputs.result.matched
    assert matched is not None
    assert not inputs.data or not inputs.data.names_subjects
    names = {row["video_id"].split("_")[0] for row in draw_clips(GIVEN)[::3]}
    assert len(matched.subjects) == len(names)
    sheet = sheet_of(inputs, "localize_certainty")
    assert f"{len(names)} originals" in sheet.note


def test_a_split_by_subject_has_means_over_folds_and_intervals_over_animals(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    found = make_localized(workspace, BY_SUBJECT)["raseformer"]
    inputs = read_localize(workspace)
    folds = {
        row["clip_id"]: row["fold"]
        for row in tables.read("folds", workspace.units_folds).to_pylist()
    }
    names = {row["recording_id"]: folds[row["clip_id"]] for row in draw_clips(BY_SUBJECT)}
    events = tables.read("events", workspace.units_events)
    means = []
    for fold in range(3):
        sides = [
            side.filter(
                pa.array([names[name] == fold for name in side.column("recording_id").to_pylist()])
            )
            for side in (events, found)
        ]
        means.append(mean_average_precision(sides[0], sides[1], TIOUS).mean)
    assert inputs.result.mean == pytest.approx(np.mean(means))
    assert inputs.result.sure is not None
    assert inputs.result.sure.mean.value == pytest.approx(np.mean(means))
    assert "9 subjects" in sheet_of(inputs, "localize_certainty").note
    columns = [column.flat_title for column in sheet_of(inputs, "localize_units").columns]
    assert columns[1:4] == ["Fold 0 (segments)", "Fold 1 (segments)", "Fold 2 (segments)"]


def test_units_are_counted_on_both_sides_by_hand(folder: Workspace, inputs: LocalizeInputs) -> None:
    sheet = sheet_of(inputs, "localize_units")
    rows = {row["Unit"]: row for row in csv.DictReader(io.StringIO(to_csv(sheet)))}
    folds = {
        row["subject_id"]: row["fold"]
        for row in tables.read("folds", folder.units_folds).to_pylist()
    }
    events = tables.read("events", folder.units_events).to_pylist()
    for unit in ACTION_UNITS:
        for side, fold in (("Training", 1), ("Testing", 0)):
            held = [e for e in events if e["label"] == unit and folds[e["recording_id"]] == fold]
            seconds = sum(e["end_s"] - e["start_s"] for e in held)
            assert rows[unit][f"{side} (segments)"] == str(len(held))
            assert float(rows[unit][f"{side} (seconds)"]) == pytest.approx(seconds)
    assert rows["others"]["Training (paper)"] == "241"
    assert rows["all"]["Testing (paper)"] == "451"


def test_leaks_of_the_split_are_told(inputs: LocalizeInputs) -> None:
    said = [words for section in localize_sections(inputs) for words in section.sentences]
    assert (
        "By name: 1 original on both sides: 'rat003': training rat003_flip1; testing rat003."
        in said
    )


def test_a_detector_of_animals_is_told_in_a_line_and_a_table(own: Workspace) -> None:
    path = own.localize_results / "detector.json"
    found = {
        "fixed": {"frames": 384, "found": 384, "hit_share": 0.0, "mean_iou": 0.21},
        "motion": {"frames": 384, "found": 380, "hit_share": 0.84, "mean_iou": 0.74},
        "yolo": {"frames": 384, "found": 384, "hit_share": 0.92, "mean_iou": 0.68},
    }
    record = {"made": True, "data": "simulated recordings", "least_iou": 0.5, "detectors": found}
    path.write_text(json.dumps(record))
    inputs = read_localize(own)
    (sheet,) = (one for one in all_tables(inputs) if one.name == "localize_detector")
    assert sheet.rows == (
        ("YOLO (tiny)", 384, 0.92, 0.68),
        ("Motion", 384, 0.84, 0.74),
        ("The whole cage", 384, 0.0, 0.21),
    )
    assert "simulated recordings" in sheet.note
    *_, data = localize_sections(inputs)
    assert data.items[-1] is sheet or data.items[-1] == sheet
    assert "92.0%" in data.sentences[-1]
    assert "384 frames of held-out cages" in data.sentences[-1]
    path.write_text(
        json.dumps({"made": False, "data": "recordings in imported", "why": "no truth"})
    )
    assert read_localize(own).detector is None
    path.write_text("{}")
    with pytest.raises(ReportError, match="dvc repro detector"):
        read_localize(own)


def test_without_a_detector_the_report_says_nothing_of_one(inputs: LocalizeInputs) -> None:
    assert inputs.detector is None
    assert "localize_detector" not in {sheet.name for sheet in all_tables(inputs)}


def test_a_report_without_localization_says_nothing_of_it(tmp_path: Path) -> None:
    chapter = localize_chapter(Workspace(tmp_path))
    assert (chapter.sections, chapter.sheets, dict(chapter.pictures)) == ((), (), {})


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("results/localize/dense.json", "Dense local attention"),
        ("results/localize/raseformer_detections.parquet", "no intervals"),
        ("results/localize/split.json", "looked for leaks"),
        ("data/ratseizure/events.parquet", "data/ratseizure/events.parquet"),
    ],
)
def test_what_is_missing_is_said_and_the_rest_is_shown(
    own: Workspace, gone: str, said: str
) -> None:
    (own.root / gone).unlink()
    inputs = read_localize(own)
    sections = localize_sections(inputs)
    assert any(said in warning for section in sections for warning in section.warnings)
    sheets = {sheet.name for sheet in all_tables(inputs)}
    assert "localize_map" in sheets
    assert metrics(inputs)["mean_map"] > 0
    named = {item.name for section in sections for item in section.items}
    assert named == sheets | {plate.name for plate in plates_of(inputs)}


def test_the_result_itself_missing_leaves_a_sentence(own: Workspace) -> None:
    (own.localize_results / "raseformer.json").unlink()
    (section,) = localize_chapter(own).sections
    assert "raseformer.json is not there" in section.sentences[0]
    assert "dvc repro localize" in section.sentences[0]


def test_a_record_that_what_was_found_does_not_give_is_refused(own: Workspace) -> None:
    path = own.localize_results / "raseformer.json"
    (trial,) = json.loads(path.read_text())["trials"]
    change(path, trials=[trial | {"map": trial["map"] | {"0.5": 0.999}}])
    with pytest.raises(ReportError, match=r"0\.999"):
        read_localize(own)


def test_clips_that_changed_since_are_refused(own: Workspace) -> None:
    events = tables.read("events", own.units_events)
    tables.write("events", events.slice(3), own.units_events)
    with pytest.raises(ReportError, match="on the clips as they are; run 'dvc repro localize'"):
        read_localize(own)


def test_segments_in_clips_that_were_not_tested_are_refused(own: Workspace) -> None:
    path = own.localize_results / "dense_detections.parquet"
    stray = event_of(draw_clips(GIVEN)[1], 0.0, 1.0, "rearing", 0.5)
    table = tables.read("events", path)
    tables.write("events", pa.concat_tables([table, tables.from_rows("events", [stray])]), path)
    with pytest.raises(ReportError, match="not tested"):
        read_localize(own)


@pytest.mark.parametrize(
    "entries", [{"name": "dense"}, {"trials": []}, {"tious": [0.3, 0.9]}, {"parameters": "many"}]
)
def test_a_file_of_something_else_is_refused(own: Workspace, entries: dict[str, Any]) -> None:
    change(own.localize_results / "raseformer.json", **entries)
    with pytest.raises(ReportError, match=r"(?s)raseformer\.json .*run 'dvc repro localize'"):
        read_localize(own)


def test_runs_on_other_data_are_not_compared(own: Workspace) -> None:
    change(own.localize_results / "dense.json", data="RatSeizure")
    with pytest.raises(ReportError, match="must be the same"):
        read_localize(own)


def test_a_model_that_hardly_beats_shuffled_labels_is_warned_of(own: Workspace) -> None:
    folder = own.localize_results
    for suffix in (".json", "_detections.parquet"):
        (folder / f"raseformer{suffix}").write_bytes((folder / f"shuffled{suffix}").read_bytes())
    change(folder / "raseformer.json", name="raseformer")
    warnings = localize_sections(read_localize(own))[0].warnings
    assert any("less than 3 times" in warning for warning in warnings)


def test_a_sound_result_carries_no_warning(inputs: LocalizeInputs) -> None:
    assert [section.warnings for section in localize_sections(inputs)] == [(), ()]


def lie_apart(figure: Figure, style_texts: list[Text]) -> None:
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [text.get_window_extent(renderer) for text in style_texts]
    for (one, first), (other, second) in combinations(zip(style_texts, boxes, strict=True), 2):
        assert not first.shrunk(0.98, 0.8).overlaps(second.shrunk(0.98, 0.8)), (one, other)


@pytest.mark.parametrize("name", PLATES)
@pytest.mark.parametrize("style", [LIGHT, DARK], ids=lambda style: str(style.name))
def test_every_figure_names_its_data_and_no_words_overlap(
    inputs: LocalizeInputs, name: str, style: Any
) -> None:
    plate = next(plate for plate in plates_of(inputs) if plate.name == name)
    figure = plate.draw(inputs, style)
    figure.canvas.draw()
    texts = [text for text in figure.findobj(Text) if text.get_visible()]
    shown = [text for text in texts if text.get_text().strip()]
    assert any("simulated clips" in text.get_text() for text in shown)
    inside = [text for text in shown if figure.bbox.contains(*text.get_window_extent().p0)]
    lie_apart(figure, [text for text in inside if text.axes is not None])
    for ax in figure.axes:
        assert ax.get_xlabel() or not ax.axison


def test_the_donut_and_the_bars_show_the_counts(inputs: LocalizeInputs) -> None:
    plate = next(plate for plate in plates_of(inputs) if plate.name == "localize_split")
    left, right = plate.draw(inputs, LIGHT).axes
    assert inputs.data is not None
    rings: dict[float, list[float]] = {}
    for wedge in left.findobj(Wedge):
        assert isinstance(wedge, Wedge)
        turn = abs(wedge.theta2 - wedge.theta1) / 360
        rings.setdefault(round(float(wedge.r), 2), []).append(turn)
    counts = np.array(
        [sum(side.segments[unit] for side in inputs.data.sides) for unit in ACTION_UNITS]
    )
    np.testing.assert_allclose(rings[1.0], counts / counts.sum(), atol=1e-6)
    assert len(rings) == 2
    bars = sorted(
        (round(bar.get_y() + bar.get_height() / 2, 3), bar.get_width())
        for bar in right.patches
        if isinstance(bar, Rectangle)
    )
    wanted = [100 * side.share(unit) for unit in ACTION_UNITS for side in inputs.data.sides]
    assert [width for _, width in bars] == pytest.approx(wanted)


def test_labels_of_the_donut_move_apart_by_the_least_gap() -> None:
    assert spread([0.5, 0.1, -0.4], 0.2) == pytest.approx([0.5, 0.1, -0.4])
    moved = spread([1.0, 0.95, 0.94], 0.2)
    assert np.diff(moved).tolist() == pytest.approx([-0.2, -0.2])
    assert moved[0] > 1.0
    assert spread([], 0.2) == []


def test_an_event_is_shown_in_the_clip_that_it_overlaps() -> None:
    first, second = draw_clips(UnitRecipe(clips=2))
    second |= {"recording_id": first["recording_id"], "start_s": 10.0}
    folds = [{key: clip[key] for key in ("clip_id", "subject_id")} | {"fold": 0}
             for clip in (first, second)]  # fmt: skip
    events = [event_of(first, 1, 10, "rearing", 1.0), event_of(first, 10, 12, "falling", 1.0)]
    held = {"clips": [first, second], "events": events, "folds": folds}
    made = {name: tables.from_rows(name, rows) for name, rows in held.items()}
    data = UnitData(made["clips"], made["events"], made["folds"], given=False)
    found = [(event["label"], clip["clip_id"]) for event, clip in data.clip_of]
    assert found == [("rearing", first["clip_id"]), ("falling", second["clip_id"])]


def test_the_report_of_all_holds_tables_figures_and_metrics(
    results: Callable[..., Workspace],
) -> None:
    workspace = results(Recipe(subjects=6, folds=2, data="own recordings"))
    make_localized(workspace, replace(GIVEN, clips=30))
    written = {path.name for path in write_report(workspace, ProjectSettings())}
    chapter = localize_chapter(workspace)
    for sheet in chapter.sheets:
        assert {f"{sheet.name}.md", f"{sheet.name}.csv"} <= written
    assert {f"{name}.png" for name in chapter.pictures} <= written
    numbers = json.loads((workspace.results / "metrics.json").read_text())
    assert numbers["mean_map"] == pytest.approx(read_localize(workspace).result.mean)
    assert numbers["dense_mean_map"] > numbers["shuffled_mean_map"]
    assert 0 < numbers["f1"] <= 1
    page = (workspace.results / "report.html").read_text()
    assert page.count(f"Data: {GIVEN.data}.") > 5
    assert 'href="#localize"' in page
    text = (workspace.results / "report.md").read_text()
    assert (
        f"![mAP by threshold of tIoU, the paper's beside. Data: {GIVEN.data}.](localize_map.png)"
        in text
    )


def test_localization_alone_has_a_report_of_its_own(own: Workspace) -> None:
    """Who has RatSeizure alone has no cross-validation, which the report of all wants."""
    with pytest.raises(ReportError, match="curate"):
        write_report(own, ProjectSettings())
    written = write_localize_report(own, ProjectSettings())
    assert {path.parent for path in written} == {own.localize_results}
    named = {path.name for path in written}
    assert {"report.html", "report.md", "localize_map.csv", "localize_split.png"} <= named
    page = (own.localize_results / "report.html").read_text(encoding="utf-8")
    told = json.loads((own.localize_results / "raseformer.json").read_bytes())
    assert f"{100 * told['trials'][0]['mean_map']:.2f}" in page
    assert "57.08" in page
    assert "These numbers come from simulated recordings" in page
    for name in PLATES:
        assert f"({name}.png)" in (own.localize_results / "report.md").read_text(encoding="utf-8")
        assert f"{name}.png" in named
    (own.localize_results / "raseformer.json").unlink()
    with pytest.raises(ReportError, match="not there"):
        write_localize_report(own, ProjectSettings())


def test_the_papers_values_are_of_other_data_only_beside_simulated_clips(tmp_path: Path) -> None:
    said = {}
    for data in ("simulated clips of action units", "RatSeizure"):
        workspace = Workspace(tmp_path / data.split()[0])
        make_localized(workspace, UnitRecipe(data=data))
        write_localize_report(workspace, ProjectSettings())
        said[data] = (workspace.localize_results / "report.md").read_text(encoding="utf-8")
    simulated, real = said.values()
    assert "measured on RatSeizure, other data" in simulated
    assert "other data" not in real
    assert "simulated" not in real
    assert "as printed for RatSeizure" in real
