"""The forest plot: every row's mean F1-score with its interval, the source's beside."""

from __future__ import annotations

from matplotlib.figure import Figure

from rodepil.report.figures.forest import Line, draw_forest
from rodepil.report.figures.means import short_name
from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.style import Style


def forest(grid: Grid, style: Style) -> Figure:
    """Draw each row's mean F1-score with its interval, and what the source prints of it."""
    beside = f" Hollow: {grid.source}, measured on its own, other data." if grid.source else ""
    is_whole = all(row.result is not None for row in grid.rows)
    left = "" if is_whole else " A row without a dot has no fold that is done."
    return draw_forest(
        [_line(grid, row) for row in grid.rows],
        style,
        title="Mean F1-score of every row",
        note=f"{grid.about} Bars: 95 % intervals by bootstrap over subjects. {grid.caution}"
        f"{' Bold: the best row.' if grid.best else ''}{beside}{left}",
        x="Mean F1-score over folds (%)",
        source=short_name(grid.source),
    )


def _line(grid: Grid, row: GridRow) -> Line:
    mean = None if row.numbers is None else row.numbers.summary.metrics["f1"].mean
    return Line(row.name, mean, row.printed("f1"), row.name == grid.best)
