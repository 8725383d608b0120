"""The forest plot: every row's mean F1-score with its interval, the source's beside."""

from __future__ import annotations

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.report.figures.means import short_name
from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.style import SMALL_PT, Style, label, legend_above, new_figure

ROW_IN: Final = 0.3
HEAD_IN: Final = 1.75
EDGE: Final = 102
"""Percent at which the axes end and the column of values begins."""


def forest(grid: Grid, style: Style) -> Figure:
    """Draw each row's mean F1-score with its interval, and what the source prints of it."""
    beside = f" Hollow: {grid.source}, measured on its own, other data." if grid.source else ""
    is_whole = all(row.result is not None for row in grid.rows)
    left = "" if is_whole else " A row without a dot has no fold that is done."
    figure, (ax,) = new_figure(
        style,
        title="Mean F1-score of every row",
        note=f"{grid.about} Bars: 95 % intervals by bootstrap over subjects. {grid.caution}"
        f"{' Bold: the best row.' if grid.best else ''}{beside}{left}",
        height_in=HEAD_IN + ROW_IN * len(grid.rows),
    )
    for at, row in enumerate(grid.rows):
        _draw(ax, style, at, row, grid)
    ax.set_yticks(range(len(grid.rows)), [row.name for row in grid.rows])
    for tick, row in zip(ax.get_yticklabels(), grid.rows, strict=True):
        tick.set_fontweight("bold" if row.name == grid.best else "normal")
    ax.set_ylim(len(grid.rows) - 0.4, -0.6)
    ax.set_xlim(100 - EDGE, EDGE)
    ax.set_xticks(range(0, 101, 20))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    label(ax, style, x="Mean F1-score over folds (%)", y="")
    if grid.source:
        legend_above(ax, style, right=True)
    return figure


def _draw(ax: Axes, style: Style, at: int, row: GridRow, grid: Grid) -> None:
    """Draw a row: its interval, its mean, and the hollow mark of the source."""
    printed = row.printed("f1")
    if printed is not None:
        first = next(one for one in grid.rows if one.printed("f1") is not None)
        name = f"{short_name(grid.source)} (other data)" if row is first else None
        ax.scatter(
            100 * printed,
            at,
            s=34,
            marker="D",
            facecolors="none",
            edgecolors=style.muted,
            linewidths=1.2,
            label=name,
            zorder=3,
        )
    if row.numbers is None:
        return
    mean = row.numbers.summary.metrics["f1"].mean
    if mean.value is None:
        return
    if mean.interval is not None:
        low, high = 100 * mean.interval.low, 100 * mean.interval.high
        ax.hlines(at, low, high, color=style.main, linewidth=2.6, alpha=0.45)
    first_done = next(one for one in grid.rows if one.result is not None)
    name = "this grid" if row is first_done else None
    ax.scatter(100 * mean.value, at, s=34, color=style.main, label=name, zorder=4)
    ax.annotate(
        f"{100 * mean.value:.1f}",
        (1.015, at),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=SMALL_PT,
        color=style.ink,
    )
