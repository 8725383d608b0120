"""Grids of localizers: their numbers against the rows' files, and what is missing or unfit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io import tables
from rodepil.report.localize.grid import (
    best_models,
    localized_grid_markdown,
    localized_grid_summary,
    localized_row_markdown,
    read_localized_grid,
)
from rodepil.report.localize.grid.figures import plates_of
from rodepil.report.localize.grid.figures.two_axes import two_axes
from rodepil.report.localize.grid.outline import grid_section
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.localize.grid.series import grid_series
from rodepil.report.localize.grid.tables import differences, mean_ap
from rodepil.report.localize.grid.words import best_words
from rodepil.report.style import DARK, LIGHT
from tests.report.grids import change
from tests.report.localized import TIOUS, UnitRecipe
from tests.report.localized_grids import BEST, NAME, ROWS, DrawnRow, write_localized_rows

CLIPS = UnitRecipe(clips=60)
FOLDS = UnitRecipe(clips=36, split="subject", subjects=9)
ALL = (0, 1, 2)
Spoil = Callable[[Workspace], None]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A grid to read from alone."""
    return write_localized_rows(Workspace(tmp_path_factory.mktemp("keys")), ROWS, CLIPS)


@pytest.fixture(scope="module")
def grid(workspace: Workspace) -> LocalizedGrid:
    return read_localized_grid(workspace, NAME)


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A grid of two rows to break."""
    return write_localized_rows(Workspace(tmp_path), ROWS[:2], CLIPS)


def row_file(workspace: Workspace, row: str) -> Path:
    return workspace.results / "grids" / NAME / "rows" / f"{row}.json"


def trials_of(workspace: Workspace, row: str) -> list[dict[str, Any]]:
    return list(json.loads(row_file(workspace, row).read_bytes())["trials"])


def change_row(workspace: Workspace, at: int, **entries: object) -> None:
    """Put values into a row of localize.json."""
    path = workspace.results / "grids" / NAME / "localize.json"
    told = json.loads(path.read_bytes())
    told["rows"][at] |= entries
    path.write_text(json.dumps(told), encoding="utf-8")


def tell_other_map(workspace: Workspace, row: str) -> None:
    """Tell another mAP of a row than what it found gives."""
    (trial,) = trials_of(workspace, row)
    change(row_file(workspace, row), trials=[trial | {"map": trial["map"] | {"0.5": 0.123}}])


def test_each_line_has_what_its_rows_file_tells_and_the_best_is_bold(
    workspace: Workspace, grid: LocalizedGrid
) -> None:
    sheet = mean_ap(grid)
    titles = [column.title for column in sheet.columns]
    assert titles == [
        "Keep", "Window", "Folds", *(f"mAP@{tiou}" for tiou in TIOUS), "Mean", "95 % interval"
    ]  # fmt: skip
    means = []
    for row, line in zip(ROWS, sheet.rows, strict=True):
        (trial,) = trials_of(workspace, row.name)
        assert list(line[:3]) == [*row.words.values(), "1"]
        told = [*(trial["map"][str(tiou)] for tiou in TIOUS), trial["mean_map"]]
        assert line[3:9] == pytest.approx(tuple(told))
        low, high = (float(end) / 100 for end in str(line[9]).split(" to "))
        assert low < trial["mean_map"] < high
        means.append(trial["mean_map"])
    assert sheet.bold == {int(np.argmax(means))}
    assert ROWS[int(np.argmax(means))].name == BEST == grid.best
    assert "bootstrap over 20 originals" in sheet.note
    assert sheet.note.startswith(f"Data: {CLIPS.data}. The network is narrow.")


def test_a_difference_is_that_of_the_means_and_its_interval_of_pairs(
    workspace: Workspace, grid: LocalizedGrid
) -> None:
    (best,) = trials_of(workspace, BEST)
    lines = {line[0]: line for line in differences(grid).rows}
    assert list(lines) == [row.name for row in ROWS if row.name != BEST]
    for name, line in lines.items():
        (trial,) = trials_of(workspace, str(name))
        assert line[2] == pytest.approx(trial["mean_map"] - best["mean_map"])
        low, high = (float(end) / 100 for end in str(line[3]).split(" to "))
        assert low < line[2] < high


def test_rows_that_found_the_same_differ_by_nothing_in_any_resample(tmp_path: Path) -> None:
    """Resamples of their own would give two equal rows an interval around 0."""
    twins = [DrawnRow({"keep": keep, "window": "9"}, 0.6) for keep in ("0.25", "0.5")]
    grid = read_localized_grid(write_localized_rows(Workspace(tmp_path), twins, CLIPS), NAME)
    assert grid.best == "0.25-9"
    (apart,) = grid.apart.values()
    assert (apart.value, apart.interval) == (0, None)
    assert all(row.mean is not None and row.mean.interval is not None for row in grid.rows)


def test_a_row_with_fewer_folds_is_compared_over_those_alone_and_never_best(
    tmp_path: Path,
) -> None:
    rows = (
        DrawnRow({"keep": "0.25", "window": "9"}, 0.5, ALL, wanted=ALL),
        DrawnRow({"keep": "0.5", "window": "9"}, 1.0, (0, 2), {"1": "loss is NaN"}, ALL),
        DrawnRow({"keep": "1.0", "window": "9"}, 0.7, ALL, wanted=ALL),
        DrawnRow({"keep": "1.0", "window": "5"}, 0.9, (), {}, ()),
    )
    workspace = write_localized_rows(Workspace(tmp_path), rows, FOLDS, every_fold=ALL)
    grid = read_localized_grid(workspace, NAME)
    told = {row.name: {one["fold"]: one["mean_map"] for one in trials_of(workspace, row.name)}
            for row in rows if row.finished}  # fmt: skip
    assert fmean(told["0.5-9"].values()) > fmean(told["1.0-9"].values())
    assert grid.best == "1.0-9"
    wanted = fmean(told["0.5-9"][fold] - told["1.0-9"][fold] for fold in (0, 2))
    assert grid.apart["0.5-9"].value == pytest.approx(wanted)
    assert grid.apart["0.5-9"].interval is not None
    assert [line[2] for line in mean_ap(grid).rows] == ["3", "2 of 3", "3", "0 of 3"]
    for said in (mean_ap(grid).note, best_words(grid)):
        assert "Failed: 0.5-9/fold-1 (loss is NaN). Not run yet: 1 row." in said
    assert "over 9 subjects" in mean_ap(grid).note
    assert "0.5-9/fold-1 failed: loss is NaN" in localized_grid_summary(grid).note


def test_rows_at_other_thresholds_are_tabled_and_not_compared(own: Workspace) -> None:
    write_localized_rows(own, ROWS[:3], CLIPS)
    path = row_file(own, ROWS[2].name)
    (trial,) = trials_of(own, ROWS[2].name)
    other = trial | {"map": {"0.5": trial["map"]["0.5"]}, "mean_map": 0.999}
    change(path, tious=[0.5], trials=[other])
    grid = read_localized_grid(own, NAME)
    assert grid.best == ROWS[1].name
    assert list(grid.apart) == [ROWS[0].name]
    line = mean_ap(grid).rows[2]
    assert [cell is None for cell in line[3:8]] == [tiou != 0.5 for tiou in TIOUS]
    assert f"not compared: {ROWS[2].name}" in differences(grid).note


def test_where_no_row_is_complete_the_one_with_the_most_folds_leads(tmp_path: Path) -> None:
    rows = (
        DrawnRow({"keep": "0.25", "window": "9"}, 1.0, (0,), wanted=ALL),
        DrawnRow({"keep": "0.5", "window": "9"}, 0.5, (0, 2), wanted=ALL),
    )
    workspace = write_localized_rows(Workspace(tmp_path), rows, FOLDS, every_fold=ALL)
    grid = read_localized_grid(workspace, NAME)
    assert (grid.best, grid.ahead) == (None, "0.5-9")
    assert mean_ap(grid).bold == set()
    first, last = (one["trial_id"] for one in trials_of(workspace, "0.5-9"))
    said = best_models(workspace, grid)
    assert said.startswith("best row so far: 0.5-9; rodepil localize VIDEOS --model ")
    assert said.endswith(f"results/trials/{first} (other folds: results/trials/{last})")


def test_a_grid_of_which_nothing_is_done_says_so(tmp_path: Path) -> None:
    rows = [replace(ROWS[0], finished=(), failed={"0": "no memory"})]
    workspace = write_localized_rows(Workspace(tmp_path), rows, CLIPS)
    grid = read_localized_grid(workspace, NAME)
    assert plates_of(grid) == ()
    assert best_models(workspace, grid) == ""
    assert "No row is complete yet" in best_words(grid)
    assert "nothing is tested yet" in grid_section(grid).sentences[0]
    assert "No fold is done yet." in localized_row_markdown(workspace, NAME, rows[0].name)


def test_segments_that_are_not_there_are_named_and_leave_no_interval(own: Workspace) -> None:
    gone, kept = (row.name for row in ROWS[:2])
    row_file(own, gone).with_name(f"{gone}_detections.parquet").unlink()
    grid = read_localized_grid(own, NAME)
    assert len(grid.missing) == 1
    assert f"row {gone} found are not there" in grid.missing[0]
    assert grid_section(grid).warnings == grid.missing
    intervals = {line[0]: line[3] for line in localized_grid_summary(grid).rows}
    assert intervals[gone] is None
    assert intervals[kept] is not None
    (mean,) = (one["mean_map"] for one in trials_of(own, gone))
    assert grid.rows[0].mean is not None
    assert grid.rows[0].mean.value == pytest.approx(mean)


def test_clips_that_are_not_there_are_named_and_means_are_told(own: Workspace) -> None:
    own.units_events.unlink()
    grid = read_localized_grid(own, NAME)
    assert "events.parquet" in grid.missing[0]
    assert all(line[-1] is None for line in mean_ap(grid).rows)
    assert grid.best == ROWS[1].name
    assert "No interval can be told" in mean_ap(grid).note
    assert {plate.name for plate in plates_of(grid)} == {"forest", "learning_curves"}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda made: row_file(made, "0.25-5").unlink(), "is not there"),
        (lambda made: row_file(made, "0.25-5").write_text("{"), "does not hold what localization"),
        (lambda made: change_row(made, 0, run_id="e" * 32), "has run f+, row"),
        (lambda made: change(row_file(made, "0.25-5"), data="rats"), "has data rats"),
        (lambda made: change(row_file(made, "0.25-5"), variant="dense"), "has variant dense"),
        (
            lambda made: change_row(made, 0, changes={"localize.network.keep_ratio": 0.9}),
            r"has localize.network.keep_ratio 0.25, row .* of the grid has 0.9",
        ),
        (lambda made: change(row_file(made, "0.25-5"), trials=[]), "each fold once"),
        (lambda made: tell_other_map(made, "0.25-5"), r"has mAP .*0\.123.* on the clips as they"),
        (lambda made: change_row(made, 0, name="0.25-9"), "each once"),
    ],
)
def test_files_that_are_not_the_rows_own_are_refused(
    own: Workspace, spoil: Spoil, told: str
) -> None:
    spoil(own)
    with pytest.raises(ReportError, match=rf"(?s){told}.*rodepil tune --grid {NAME}"):
        read_localized_grid(own, NAME)


def test_a_grid_of_other_clips_than_are_there_is_refused(own: Workspace) -> None:
    events = tables.read("events", own.units_events)
    tables.write("events", events.slice(1), own.units_events)
    with pytest.raises(ReportError, match=r"before data/ratseizure/events\.parquet changed"):
        read_localized_grid(own, NAME)


def test_a_row_is_described_by_its_own_files_alone(own: Workspace) -> None:
    row_file(own, ROWS[0].name).write_text("{", encoding="utf-8")
    said = localized_row_markdown(own, NAME, ROWS[1].name)
    (trial,) = trials_of(own, ROWS[1].name)
    (line,) = (one for one in said.splitlines() if one.startswith("| fold 0 |"))
    cells = [cell.strip(" %") for cell in line.strip("|").split("|")][1:]
    numbers = [*trial["map"].values(), trial["mean_map"], 0.7, 0.6]
    assert [float(cell) for cell in cells] == [round(100 * number, 2) for number in numbers]
    assert "**keep 0.25, window 9**" in said
    assert "`localize.network.keep_ratio=0.25`" in said
    assert f"--model results/trials/{trial['trial_id']}" in said
    assert "not from animals" in said
    with pytest.raises(ReportError, match=r"no row '3-3'; it has 0\.25-5, 0\.25-9"):
        localized_row_markdown(own, NAME, "3-3")


def test_the_experiment_is_described_with_the_table(grid: LocalizedGrid) -> None:
    said = localized_grid_markdown(grid)
    assert "6 rows that differ in keep and window" in said
    assert "tested on the 20 clips of the given split's testing side" in said
    assert said.count("\n| ") == 1 + 1 + len(ROWS)
    assert f"rodepil tune --grid {NAME}" in said


def test_csv_files_hold_every_number_and_the_data(
    workspace: Workspace, grid: LocalizedGrid
) -> None:
    held = {name: list(csv.DictReader(io.StringIO(text)))
            for name, text in grid_series(grid).items()}  # fmt: skip
    assert set(held) == {
        "table.csv", "differences.csv", "trials.csv", "ap_by_unit.csv", "learning_curves.csv"
    }  # fmt: skip
    for lines in held.values():
        assert {line.get("data") or line["Data"] for line in lines} == {CLIPS.data}
    (trial,) = trials_of(workspace, BEST)
    found = {
        (line["unit"], line["tiou"]): line["ap"]
        for line in held["ap_by_unit.csv"]
        if line["row"] == BEST
    }
    assert len(found) == len(trial["ap"]) * len(TIOUS)
    for label, values in trial["ap"].items():
        for tiou, value in values.items():
            assert found[label, tiou] == ("" if value is None else str(value))
    curve = [float(line["test_mean_map"]) for line in held["learning_curves.csv"]
             if line["row"] == BEST]  # fmt: skip
    assert curve == [epoch["test_mean_map"] for epoch in trial["history"]]


@pytest.mark.parametrize("style", [LIGHT, DARK])
def test_every_figure_names_the_data_and_nothing_leaves_it(grid: LocalizedGrid, style: Any) -> None:
    plates = plates_of(grid)
    assert [plate.name for plate in plates] == ["forest", "axes", "learning_curves"]
    for plate in plates:
        figure = plate.draw(grid, style)
        assert figure.get_supxlabel().startswith(f"Data: {CLIPS.data}.")
        figure.draw_without_rendering()
        inside = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
        assert min(inside.x0, inside.y0) >= 0, plate.name
        assert inside.x1 <= figure.bbox.x1, plate.name
        assert inside.y1 <= figure.bbox.y1, plate.name


def test_the_forest_plot_has_every_mean_and_the_best_in_bold(
    workspace: Workspace, grid: LocalizedGrid
) -> None:
    (ax,) = plates_of(grid)[0].draw(grid, LIGHT).axes
    means = [100 * trials_of(workspace, row.name)[0]["mean_map"] for row in ROWS]
    assert [text.get_text() for text in ax.texts] == [f"{mean:.1f}" for mean in means]
    bold = [tick.get_text() for tick in ax.get_yticklabels() if tick.get_fontweight() == "bold"]
    assert bold == [BEST]


def test_each_field_of_two_axes_has_the_mean_of_its_row(
    workspace: Workspace, grid: LocalizedGrid
) -> None:
    (ax,) = two_axes(grid, LIGHT).axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.25", "0.5", "1.0"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["5", "9"]
    drawn = {}
    for text in ax.texts:
        x, y = text.get_position()
        drawn.setdefault((round(x), round(y)), text.get_text())
    wanted = {
        (other, at): f"{100 * trials_of(workspace, f'{keep}-{window}')[0]['mean_map']:.1f}"
        for at, keep in enumerate(("0.25", "0.5", "1.0"))
        for other, window in enumerate(("5", "9"))
    }
    assert drawn == wanted
    fields = [one for one in ax.patches if isinstance(one, Rectangle)]
    (frame,) = (one for one in fields if not one.get_fill() or one.get_facecolor()[3] == 0)
    assert (round(frame.get_x() + 0.48), round(frame.get_y() + 0.46)) == (1, 1)


def test_learning_curves_are_the_histories(workspace: Workspace, grid: LocalizedGrid) -> None:
    axes = plates_of(grid)[2].draw(grid, LIGHT).axes
    for ax, row in zip(axes, ROWS, strict=True):
        (trial,) = trials_of(workspace, row.name)
        (line,) = ax.lines
        told = [100 * epoch["test_mean_map"] for epoch in trial["history"]]
        np.testing.assert_allclose(line.get_ydata(), told)
        assert ax.get_title(loc="left") == row.name


def test_epochs_that_were_not_scored_are_passed_over_in_curves(own: Workspace) -> None:
    name = ROWS[1].name
    (trial,) = trials_of(own, name)
    told = {at: 100 * epoch["test_mean_map"] for at, epoch in enumerate(trial["history"], 1)}
    for at, epoch in enumerate(trial["history"], 1):
        if at % 4:
            del epoch["test_mean_map"]
    change(row_file(own, name), trials=[trial])
    grid = read_localized_grid(own, NAME)
    ax = plates_of(grid)[-1].draw(grid, LIGHT).axes[1]
    (line,) = ax.lines
    assert list(line.get_xdata()) == [4, 8]
    np.testing.assert_allclose(line.get_ydata(), [told[4], told[8]])
    lines = csv.DictReader(io.StringIO(grid_series(grid)["learning_curves.csv"]))
    scored = [line["epoch"] for line in lines if line["row"] == name and line["test_mean_map"]]
    assert scored == ["4", "8"]
