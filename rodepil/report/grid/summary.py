"""A grid in the terminal: 80 columns, one line a row."""

from __future__ import annotations

from rodepil.config.workspace import Workspace
from rodepil.report.grid.naming import folds_text
from rodepil.report.grid.read import read_grid
from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.grid.rows import AnyGrid
from rodepil.report.grid.tables import p_text
from rodepil.report.numbers import interval_text
from rodepil.report.sheet import UNDEFINED, Cell, Column, Sheet


def best_row(workspace: Workspace, name: str) -> str | None:
    """Return the row of the highest mean F1 among those whose folds are all done; None, no such.

    Raises
    ------
    ReportError
        There is no such grid, or a row's files are not that row's.
    """
    return read_grid(workspace, name).best


def grid_summary(workspace: Workspace, name: str) -> Sheet:
    """Return the rows of a grid as a table for the terminal; the note says what failed.

    F1 is the mean over folds with its standard deviation and its interval over subjects; beside
    are what the source prints, the difference from the best row, and the corrected p of that.

    Raises
    ------
    ReportError
        There is no such grid, or a row's files are not that row's.
    """
    grid = read_grid(workspace, name)
    beside = (Column("Paper", "percent"),) if grid.source else ()
    return Sheet(
        name="grid",
        title=grid.record.title,
        note="\n".join(failures(grid)),
        data=grid.data,
        columns=(
            Column("Row", whole=True),
            Column("Folds", "count"),
            Column("F1 %", "percent"),
            Column("SD", "percent"),
            Column("95 %", "percent"),
            *beside,
            Column("to best", "points"),
            Column("p", "points"),
        ),
        rows=tuple(_line(grid, row) for row in grid.rows),
    )


def failures(grid: AnyGrid) -> tuple[str, ...]:
    """Return a line for each fold that failed: its run's name, and why."""
    return tuple(
        f"{row.name}/fold-{fold} failed: {why}"
        for row in grid.rows
        for fold, why in row.failed.items()
    )


def _line(grid: Grid, row: GridRow) -> tuple[Cell, ...]:
    folds = folds_text(grid, row).replace(" of ", "/")
    printed = (row.printed("f1"),) if grid.source else ()
    if row.numbers is None:
        return (row.name, folds, None, None, None, *printed, None, None)
    f1 = row.numbers.summary.metrics["f1"]
    bounds = interval_text(f1.mean.interval, to=UNDEFINED)
    return (row.name, folds, f1.mean.value, f1.deviation, bounds, *printed, *_less(grid, row))


def _less(grid: Grid, row: GridRow) -> tuple[Cell, Cell]:
    """Return the difference from the best row with its corrected p."""
    found = grid.comparisons.get(row.name)
    if found is None:
        return ("best" if row.name == grid.best else None, None)
    if not found.folds:
        return (None, None)
    one = found.differences["f1"]
    return (one.estimate.value, p_text(one.p_holm).replace(" ", ""))
