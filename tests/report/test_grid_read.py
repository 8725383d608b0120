"""A grid as it is read: rows belong to their files; which row is best; the few words on a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rodepil.cli.sheets import shown
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.report.grid import (
    best_row,
    champion_markdown,
    grid_markdown,
    grid_summary,
    grid_table_markdown,
    grids_of,
)
from rodepil.report.grid.outline import grid_outline
from rodepil.report.grid.read import read_grid
from rodepil.report.grid.tables import table3
from tests.report.grids import NAME, ROWS, Drawn, change, write_rows

BEST, FLOW, PART = ROWS[0].name, ROWS[2].name, ROWS[3].name


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return write_rows(tmp_path)


def of_row(workspace: Workspace, row: str) -> Path:
    return workspace.results / "grids" / NAME / "rows" / f"{row}.json"


def change_grid(workspace: Workspace, row: int, **values: object) -> None:
    path = workspace.results / "grids" / NAME / "grid.json"
    record = json.loads(path.read_bytes())
    record["rows"][row] |= values
    path.write_text(json.dumps(record), encoding="utf-8")


def test_rows_are_read_with_the_folds_that_are_done(workspace: Workspace):
    grid = read_grid(workspace, NAME)
    folds = {row.name: [] if row.result is None else list(row.result.folds) for row in grid.rows}
    assert folds == {row.name: list(row.finished) for row in ROWS}
    assert grids_of(workspace) == (NAME,)


Spoil = Callable[[Workspace], Any]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda made: of_row(made, BEST).unlink(), "is not there"),
        (lambda made: change_grid(made, 0, run_id="e" * 32), "has run f+, row"),
        (lambda made: change(of_row(made, BEST), data="other rats"), "has data other rats"),
        (lambda made: change(of_row(made, BEST), control="static"), "has control static"),
        (
            lambda made: change_grid(made, 0, changes={"train": {"modality": "flow"}}),
            "has train.modality rgb, row .* of the grid has flow",
        ),
        (
            lambda made: change_grid(made, 0, changes={"features.size_px": 7}),
            r"has features.size_px \d+, row .* of the grid has 7",
        ),
        (lambda made: change_grid(made, 0, name=FLOW), "each once"),
        (
            lambda made: change(made.results / "grids" / NAME / "grid.json", name="other"),
            "is of grid 'other'",
        ),
        (
            lambda made: (made.results / "grids" / NAME / "grid.json").write_text("{"),
            "does not hold what a grid writes",
        ),
    ],
)
def test_files_that_are_not_the_rows_own_are_refused(workspace: Workspace, spoil: Spoil, told: str):
    spoil(workspace)
    with pytest.raises(ReportError, match=rf"(?s){told}.*rodepil tune --grid {NAME}"):
        read_grid(workspace, NAME)


def test_an_unknown_grid_is_told_which_there_are(workspace: Workspace):
    with pytest.raises(ReportError, match="did you mean 'ablation'"):
        read_grid(workspace, "ablatoin")


def test_a_setting_that_records_do_not_hold_is_not_compared(workspace: Workspace):
    change_grid(workspace, 0, changes={"store.folder": "elsewhere"})
    assert read_grid(workspace, NAME).rows[0].result is not None


def test_the_best_row_has_the_highest_mean_of_those_that_are_complete(tmp_path: Path):
    rows = (Drawn("RGB 1", 1.0), Drawn("RGB 2", 9.0, (), (0, 1)), Drawn("RGB 3", 3.0))
    workspace = write_rows(tmp_path, rows)
    means = {
        row.name: sum(
            trial["metrics"]["f1"]
            for trial in json.loads(of_row(workspace, row.name).read_bytes())["trials"]
        )
        / len(row.finished)
        for row in rows
    }
    assert max(means, key=means.__getitem__) == "rgb-2"
    assert best_row(workspace, NAME) == "rgb-3"


def test_a_row_of_one_fold_is_not_the_best_though_no_more_was_wanted_of_it(tmp_path: Path):
    rows = (Drawn("RGB 1", 1.0), Drawn("RGB 2", 9.0, (), (0,), wanted=(0,)))
    workspace = write_rows(tmp_path, rows)
    assert best_row(workspace, NAME) == "rgb-1"
    done = {head.name: head for head in grid_outline(read_grid(workspace, NAME)).headlines}
    assert (done["Rows done"].value, done["Rows done"].detail) == ("1 of 2", "with all three folds")
    assert [row[1] for row in grid_summary(workspace, NAME).rows] == ["3", "1/3"]
    assert "Not run yet: 2 folds." in table3(read_grid(workspace, NAME)).note


def test_an_older_grid_that_names_no_folds_takes_those_of_its_rows(tmp_path: Path):
    rows = (Drawn("RGB 1", 1.0), Drawn("RGB 2", 9.0, (), (0,), wanted=(0,)))
    workspace = write_rows(tmp_path, rows)
    path = workspace.results / "grids" / NAME / "grid.json"
    held = json.loads(path.read_bytes())
    held.pop("folds")
    path.write_text(json.dumps(held), encoding="utf-8")
    assert read_grid(workspace, NAME).folds == (0, 1, 2)
    assert best_row(workspace, NAME) == "rgb-1"


def test_what_a_killed_run_wrote_of_a_row_counts_though_the_grid_does_not_say_so(
    workspace: Workspace,
):
    change_grid(workspace, 0, finished=[0], failed={"2": "killed"})
    row = read_grid(workspace, NAME).rows[0]
    assert (row.finished, dict(row.failed)) == ((0, 1, 2), {})
    assert best_row(workspace, NAME) == BEST


def test_files_of_a_row_that_was_begun_anew_are_not_read(workspace: Workspace):
    change_grid(workspace, 0, finished=[], folds=[], group_id=None, run_id=None)
    assert read_grid(workspace, NAME).rows[0].result is None


def test_where_no_row_is_complete_none_is_called_the_best(tmp_path: Path):
    rows = (Drawn("RGB 1", 1.0, (), (0, 1)), Drawn("RGB 2", 9.0, (), (0,)))
    grid = read_grid(write_rows(tmp_path, rows), NAME)
    assert (grid.best, grid.ahead) == (None, "rgb-1")
    outline = grid_outline(grid)
    said = [section.heading for section in outline.sections]
    said += [f"{head.name} {head.detail}" for head in outline.headlines]
    said += [
        item.note for section in outline.sections for item in section.items if "note" in vars(item)
    ]
    assert "Differences from the row ahead" in said
    assert [words for words in said if "best row" in words.lower()] == []


def test_without_a_complete_row_none_is_the_best(tmp_path: Path):
    assert best_row(write_rows(tmp_path, ROWS[3:]), NAME) is None


def test_a_rows_description_needs_its_own_files_alone(workspace: Workspace):
    for row in ROWS:
        if row.finished and row.name != PART:
            of_row(workspace, row.name).unlink()
    text = grid_table_markdown(workspace, NAME, PART)
    trials = json.loads(of_row(workspace, PART).read_bytes())["trials"]
    f1 = [trial["metrics"]["f1"] for trial in trials]
    assert "modality RGB, size 224, frames 16, optimizer SGD, pretrained no" in text
    assert "Data: simulated recordings." in text
    assert "not from animals" in text
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines()}
    assert lines["fold 2"].endswith(f"{100 * f1[1]:.2f}% |")
    assert lines["mean"].endswith(f"{50 * sum(f1):.2f}% |")
    assert lines["RodEpil paper, Table III"].endswith("38.57% |")
    assert lines["difference"].endswith(f"{50 * sum(f1) - 38.57:+.2f} |")
    assert f"Failed: {PART}/fold-1 (loss is NaN)." in text


def test_a_description_says_what_changes_and_what_is_not_done(workspace: Workspace):
    assert "`train.modality=flow`" in grid_table_markdown(workspace, NAME, FLOW)
    text = grid_table_markdown(workspace, NAME, ROWS[4].name)
    assert "No fold is done yet." in text
    assert "Not run yet: 3 folds." in text
    with pytest.raises(ReportError, match=f"has no row 'rgb-224'.*{BEST}"):
        grid_table_markdown(workspace, NAME, "rgb-224")


def test_an_experiments_description_says_what_it_is_and_how_runs_are_found(workspace: Workspace):
    text = grid_markdown(workspace, NAME)
    for words in (
        f"Grid **{NAME}**: 5 rows that differ in modality, size, frames, optimizer, pretrained,",
        "each cross-validated over three folds.",
        "`row` and `grid.modality`",
        f"The best row by F1-score is {BEST}",
        f"`rodepil tune --grid {NAME}`",
        "not from animals",
    ):
        assert words in text
    assert text.rstrip().splitlines()[-1].startswith("| ")


def test_a_models_description_says_how_it_is_used_and_what_it_is(workspace: Workspace):
    address = "models:/rodepil-ablation@champion"
    text = champion_markdown(workspace, NAME, BEST, address)
    code = text.split("```python\n")[1].split("```")[0]
    compile(code, "description", "exec")
    assert f'load_model("{address}")' in code
    assert text.endswith(grid_table_markdown(workspace, NAME, BEST))


def test_a_row_that_nobody_asked_for_yet_is_said_to_be_not_run(workspace: Workspace):
    change_grid(workspace, 4, folds=[])
    assert "Not run yet: 1 row." in grid_table_markdown(workspace, NAME, ROWS[4].name)
    assert "Not run yet: 1 row." in table3(read_grid(workspace, NAME)).note
    assert grid_summary(workspace, NAME).rows[4][1] == "0/3"


def test_the_paper_is_not_spoken_of_where_it_does_not_stand_beside(tmp_path: Path):
    plain = write_rows(tmp_path, [Drawn("RGB 224", 2.0)], source="")
    text = grid_table_markdown(plain, NAME, "rgb-224")
    assert "not from animals" in text
    assert "paper" not in text.lower()


def test_the_terminals_table_fits_80_columns_one_line_a_row(tmp_path: Path):
    rows = (*ROWS[:2], Drawn("OpticalFlow 224 8 SGD Kinetics", 1.0, (1, 2, 3, 4)), *ROWS[3:])
    sheet = grid_summary(write_rows(tmp_path, rows), NAME)
    stream = StringIO()
    Console(file=stream, width=80).print(shown(sheet, gap=1), highlight=False)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1 + len(rows)
    assert all(line.split()[0] == row.name for line, row in zip(lines[1:], rows, strict=True))
    assert sheet.data == "simulated recordings"
    assert sheet.note == f"{PART}/fold-1 failed: loss is NaN"
    best, near, *_, last = sheet.rows
    assert best[-2:] == ("best", None)
    f1 = [
        [trial["metrics"]["f1"] for trial in json.loads(path.read_bytes())["trials"]]
        for path in (tmp_path / "results/grids" / NAME / "rows").glob("rgb-224-*-sgd-kinetics.json")
    ]
    wanted = abs(sum(f1[0]) - sum(f1[1])) / 3
    assert near[-2] == pytest.approx(-wanted)
    assert last[1:5] == ("0/3", None, None, None)
