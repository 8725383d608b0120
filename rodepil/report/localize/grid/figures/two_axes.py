"""Mean mAP of rows that differ in two things: a field for each combination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rodepil.errors import ReportError
from rodepil.report.grid.naming import axes_of
from rodepil.report.localize.grid.records import LocalizedGrid, LocalizedRow
from rodepil.report.localize.grid.words import drawn_again
from rodepil.report.numbers import interval_text
from rodepil.report.sheet import UNDEFINED
from rodepil.report.style import BASE_PT, SMALL_PT, Style, label, new_figure

ROW_IN: Final = 0.56
HEAD_IN: Final = 1.85
COLOURS: Final = colormaps["viridis"]
NO_SPREAD: Final = 1e-9
BRIGHT: Final = 0.45
"""Luminance from which dark letters are read better than white ones."""


@dataclass(frozen=True)
class Combinations:
    """Rows by the words of two axes.

    Parameters
    ----------
    axes
        Their names, that of the lines first.
    lines, columns
        The words of each.
    rows
        The rows by both words; combinations that were not asked for are none.
    """

    axes: tuple[str, str]
    lines: tuple[str, ...]
    columns: tuple[str, ...]
    rows: dict[tuple[str, str], LocalizedRow]


def combinations(grid: LocalizedGrid) -> Combinations | None:
    """Return the rows by what they differ in; None where that are not two things."""
    words = {axis: _words(grid, axis) for axis in axes_of(grid)}
    differing = [axis for axis, held in words.items() if len(held) > 1]
    if len(differing) != 2 or not grid.thresholds:  # noqa: PLR2004 - a plane has two
        return None
    one, other = differing
    rows = {(row.record.words[one], row.record.words[other]): row for row in grid.rows}
    return Combinations((one, other), words[one], words[other], rows)


def two_axes(grid: LocalizedGrid, style: Style) -> Figure:
    """Draw the mean mAP of every combination, with its interval below it."""
    found = combinations(grid)
    if found is None:
        raise ReportError(f"rows of grid '{grid.record.name}' do not differ in two things")
    is_whole = all(row.thresholds == grid.thresholds for row in grid.rows)
    left = "" if is_whole else f" {UNDEFINED}: no fold is done, or scored at other thresholds."
    figure, (ax,) = new_figure(
        style,
        title="Mean mAP by what rows differ in",
        note=f"{grid.about} %, mean over folds and thresholds of tIoU; below: its interval. "
        f"{drawn_again(grid)}{' Framed: the best row.' if grid.best else ''}{left}",
        height_in=HEAD_IN + ROW_IN * len(found.lines),
    )
    means = [row.run.mean for row in grid.ranked if row.run is not None]
    scale = Normalize(min(means), max(*means, min(means) + NO_SPREAD))
    for (line, column), row in found.rows.items():
        at = found.columns.index(column), found.lines.index(line)
        if row.thresholds == grid.thresholds:
            _draw(ax, row, at, scale)
        else:
            ax.text(*at, UNDEFINED, ha="center", va="center", color=style.muted)
        if row.name == grid.best:
            _frame(ax, style, at)
    ax.set_xlim(-0.5, len(found.columns) - 0.5)
    ax.set_ylim(len(found.lines) - 0.5, -0.5)
    ax.set_xticks(range(len(found.columns)), found.columns)
    ax.set_yticks(range(len(found.lines)), found.lines)
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    y, x = (axis.replace("_", " ").capitalize() for axis in found.axes)
    label(ax, style, x=x, y=y)
    return figure


def _words(grid: LocalizedGrid, axis: str) -> tuple[str, ...]:
    held = (row.record.words.get(axis) for row in grid.rows)
    return tuple(dict.fromkeys(word for word in held if word is not None))


def _draw(ax: Axes, row: LocalizedRow, at: tuple[int, int], scale: Normalize) -> None:
    """Draw a field in the colour of its mean, with the numbers in it."""
    mean = row.mean
    if mean is None or mean.value is None:
        return
    colour = COLOURS(float(scale(mean.value)))
    x, y = at
    ax.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=colour, edgecolor="none"))
    bright = float(np.dot(colour[:3], (0.2126, 0.7152, 0.0722))) > BRIGHT
    ink = "#000000" if bright else "#ffffff"
    bounds = interval_text(mean.interval, to=UNDEFINED)
    up = 0.14 if bounds else 0
    value = f"{100 * mean.value:.1f}"
    ax.text(x, y - up, value, ha="center", va="center", fontsize=BASE_PT, color=ink)
    if bounds:
        ax.text(x, y + 0.24, bounds, ha="center", va="center", fontsize=SMALL_PT, color=ink)


def _frame(ax: Axes, style: Style, at: tuple[int, int]) -> None:
    x, y = at
    ax.add_patch(
        Rectangle(
            (x - 0.48, y - 0.46), 0.96, 0.92, facecolor="none", edgecolor=style.second, linewidth=3
        )
    )
