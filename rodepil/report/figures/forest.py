"""A forest plot: a mean of every row of a grid with its interval, a source's value beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.report.style import SMALL_PT, Style, label, legend_above, new_figure
from rodepil.statistics.intervals import Estimate, Interval

ROW_IN: Final = 0.3
HEAD_IN: Final = 1.75
EDGE: Final = 102
"""Percent at which the axes end and the column of values begins."""


@dataclass(frozen=True)
class Line:
    """A row of the plot: its name, its mean in [0, 1], None where nothing is done, and a source's.

    `is_best` sets the name in bold.
    """

    name: str
    mean: Estimate | None
    printed: float | None = None
    is_best: bool = False


def draw_forest(
    lines: Sequence[Line], style: Style, *, title: str, note: str, x: str, source: str = ""
) -> Figure:
    """Draw rows from top to bottom.

    Parameters
    ----------
    lines
        The rows.
    style
        The theme to draw in.
    title, note, x
        What the figure shows, where its numbers come from, and what is drawn.
    source
        What to call whose values stand beside; empty where none do.
    """
    figure, (ax,) = new_figure(
        style, title=title, note=note, height_in=HEAD_IN + ROW_IN * len(lines)
    )
    names = {"printed": f"{source} (other data)", "mean": "this grid"} if source else {}
    for at, line in enumerate(lines):
        if line.printed is not None:
            _mark_printed(ax, style, at, line.printed, names.pop("printed", None))
        if line.mean is not None and line.mean.value is not None:
            _mark(ax, style, at, line.mean.value, names.pop("mean", None))
            _bar(ax, style, at, line.mean.interval)
    ax.set_yticks(range(len(lines)), [line.name for line in lines])
    for tick, line in zip(ax.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("bold" if line.is_best else "normal")
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_xlim(100 - EDGE, EDGE)
    ax.set_xticks(range(0, 101, 20))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    label(ax, style, x=x, y="")
    if source:
        legend_above(ax, style, right=True)
    return figure


def _mark(ax: Axes, style: Style, at: int, mean: float, name: str | None) -> None:
    """Draw a row's mean, with its value on the right."""
    ax.scatter(100 * mean, at, s=34, color=style.main, label=name, zorder=4)
    ax.annotate(
        f"{100 * mean:.1f}",
        (1.015, at),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=SMALL_PT,
        color=style.ink,
    )


def _bar(ax: Axes, style: Style, at: int, bounds: Interval | None) -> None:
    """Draw a row's interval."""
    if bounds is not None:
        low, high = 100 * bounds.low, 100 * bounds.high
        ax.hlines(at, low, high, color=style.main, linewidth=2.6, alpha=0.45)


def _mark_printed(ax: Axes, style: Style, at: int, value: float, name: str | None) -> None:
    """Draw the hollow mark of the source."""
    ax.scatter(
        100 * value,
        at,
        s=34,
        marker="D",
        facecolors="none",
        edgecolors=style.muted,
        linewidths=1.2,
        label=name,
        zorder=3,
    )
