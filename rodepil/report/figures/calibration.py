"""Calibration curves: whether a score of 0.8 means a seizure in eight of ten clips."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.report.figures.panels import COLUMNS, HEAD_IN, PANEL_IN, finish, name_panel
from rodepil.report.style import SMALL_PT, WIDTH_IN, Style, new_figure
from rodepil.report.words import data_note
from rodepil.statistics.calibration import Calibration

DOT_PT: Final = 4.5


def calibration_figure(curves: Mapping[str, Calibration], data: str, style: Style) -> Figure:
    """Draw a calibration curve in a panel of its own for each name."""
    one = len(curves) == 1
    figure, axes = new_figure(
        style,
        title="Calibration: what scores are worth",
        note=f"{data_note(data)} A dot: clips of about equal score. Bars: Wilson's 95 % intervals, "
        "as if clips of one subject were not alike. Dashed: scores that are probabilities.",
        height_in=4.4 if one else HEAD_IN + PANEL_IN * ceil(len(curves) / COLUMNS),
        width_in=4.4 if one else WIDTH_IN,
        columns=1 if one else COLUMNS,
        rows=ceil(len(curves) / COLUMNS),
        alike=not one,
    )
    for ax, (name, found) in zip(axes, curves.items(), strict=False):
        _draw(ax, style, found)
        if not one:
            name_panel(ax, style, name)
    finish(axes, len(curves), style, x="Mean score", y="Seizures (%)")
    return figure


def _draw(ax: Axes, style: Style, found: Calibration) -> None:
    """Draw the diagonal, the bins with their intervals, and the Brier score."""
    ax.plot([0, 1], [0, 100], color=style.muted, linestyle="--", linewidth=1)
    x = [one.score for one in found.bins]
    y = [100 * one.rate for one in found.bins]
    low = [100 * one.interval.low for one in found.bins]
    high = [100 * one.interval.high for one in found.bins]
    ax.vlines(x, low, high, color=style.main, linewidth=1.6, alpha=0.4)
    ax.plot(x, y, color=style.main, linewidth=1.4, marker="o", markersize=DOT_PT)
    ax.set_xlim(-0.03, 1.03)
    ax.set_ylim(-3, 103)
    ax.set_xticks([0, 0.5, 1])
    ax.set_yticks([0, 50, 100])
    ax.annotate(
        f"Brier {found.brier.value:.3f}",
        (0.04, 0.93),
        xycoords="axes fraction",
        va="top",
        fontsize=SMALL_PT,
        color=style.ink,
    )
