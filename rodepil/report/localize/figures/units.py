"""AP of every action unit: the result as bars, what was trained beside as marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.report.localize.figures.curves import colour_of
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.records import SHORT, LocalizeRun
from rodepil.report.localize.tables import labels_of
from rodepil.report.style import SMALL_PT, Style, label, legend_above, new_figure
from rodepil.report.words import data_note

ROW_IN: Final = 0.25
HEAD_IN: Final = 1.5
BAR: Final = 0.62
WANTED: Final = 0.5
TOP_PERCENT: Final = 104
MARKS: Final = {"dense": "o", "shuffled": "D"}


def ap_bars(inputs: LocalizeInputs, style: Style) -> Figure:
    """Draw AP of every unit at the threshold nearest to 0.5."""
    names = labels_of(inputs)
    tiou = min(inputs.result.record.tious, key=lambda value: abs(value - WANTED))
    figure, (ax,) = new_figure(
        style,
        title=f"AP of every action unit at tIoU {tiou:g}",
        note=f"{data_note(inputs.source)} Means over folds. A unit without a bar or number has no "
        "true segment in the tested clips.",
        height_in=HEAD_IN + ROW_IN * len(names),
    )
    _bars(ax, style, inputs.result.name, [inputs.result.ap(name, tiou) for name in names])
    for run in inputs.runs[1:]:
        _marks(ax, style, run, [run.ap(name, tiou) for name in names])
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, TOP_PERCENT)
    ax.tick_params(axis="y", length=0, pad=6)
    ax.grid(visible=False, axis="y")
    label(ax, style, x="AP (%)", y="")
    legend_above(ax, style)
    return figure


def _bars(ax: Axes, style: Style, name: str, values: Sequence[float | None]) -> None:
    """Draw the result, its numbers on the right."""
    rows = np.arange(len(values))
    bars = [100 * (value or 0.0) for value in values]
    ax.barh(rows, bars, BAR, color=colour_of(name, style), label=SHORT[name])
    for row, value in zip(rows, values, strict=True):
        ax.annotate(
            "" if value is None else f"{100 * value:.1f}",
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SMALL_PT,
            color=style.ink,
        )


def _marks(ax: Axes, style: Style, run: LocalizeRun, values: Sequence[float | None]) -> None:
    """Draw what was trained beside; a unit without a number gets no mark."""
    marked = [(row, 100 * value) for row, value in enumerate(values) if value is not None]
    ax.scatter(
        [value for _, value in marked],
        [row for row, _ in marked],
        s=26,
        marker=MARKS[run.name],
        color=colour_of(run.name, style),
        edgecolors=style.ink,
        linewidths=0.7,
        label=SHORT[run.name],
        zorder=3,
        clip_on=False,
    )
