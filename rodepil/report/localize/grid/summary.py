"""A grid whose rows localize in the terminal: 80 columns, one line a row."""

from __future__ import annotations

from rodepil.config.workspace import Workspace
from rodepil.report.controls import interval_words
from rodepil.report.grid.naming import folds_text
from rodepil.report.grid.summary import failures
from rodepil.report.localize.grid.records import LocalizedGrid, LocalizedRow
from rodepil.report.localize.grid.tables import mean_cells
from rodepil.report.sheet import UNDEFINED, Cell, Column, Sheet
from rodepil.statistics.intervals import Estimate

MANY = 3
"""Trials of a row that a sentence names."""


def localized_grid_summary(grid: LocalizedGrid) -> Sheet:
    """Return the rows as a table for the terminal; the note says what failed and is missing.

    mAP is the mean over folds and thresholds with its interval over subjects; beside is the
    difference from the best row with its own.
    """
    return Sheet(
        name="grid",
        title=grid.record.title,
        note="\n".join([*failures(grid), *grid.missing]),
        data=grid.data,
        columns=(
            Column("Row", whole=True),
            Column("Folds", "count"),
            Column("mAP %", "percent"),
            Column("95 %", "percent"),
            Column("to best", "points"),
            Column("95 %", "points", suffix="to best"),
        ),
        rows=tuple(_line(grid, row) for row in grid.rows),
    )


def best_models(workspace: Workspace, grid: LocalizedGrid) -> str:
    """Return which row is best or ahead, and how its localizers are used; empty before the first.

    Parameters
    ----------
    workspace
        The project, in which trials lie.
    grid
        The grid.
    """
    row = grid.row(grid.ahead or "")
    if row is None or row.run is None:
        return ""
    folder = workspace.trials.relative_to(workspace.root).as_posix()
    trials = sorted(row.run.record.trials, key=lambda trial: trial.fold)
    lies = [f"{folder}/{trial.trial_id}" for trial in trials]
    others = f" (other folds: {', '.join(lies[1 : 1 + MANY])})" if lies[1:] else ""
    so_far = "" if grid.best else " so far"
    return f"best row{so_far}: {row.name}; rodepil localize VIDEOS --model {lies[0]}{others}"


def _line(grid: LocalizedGrid, row: LocalizedRow) -> tuple[Cell, ...]:
    folds = folds_text(grid, row).replace(" of ", "/")
    return (row.name, folds, *mean_cells(row, to=UNDEFINED), *_less(grid, row))


def _less(grid: LocalizedGrid, row: LocalizedRow) -> tuple[Cell, Cell]:
    """Return the difference from the row ahead with its interval."""
    if row.name == grid.ahead:
        return ("best" if grid.best else "ahead", None)
    found = grid.apart.get(row.name, Estimate(None, None))
    return (found.value, interval_words(found))
