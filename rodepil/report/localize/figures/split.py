"""The paper's Fig. 1: how often units are, as a donut, and on each side of the split, as bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from rodepil.errors import ReportError
from rodepil.io.labels import RACINE_STAGES
from rodepil.report.localize.data import Side, UnitData
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.style import SMALL_PT, Style, label, legend_above, new_figure
from rodepil.report.words import data_note

HEIGHT_IN: Final = 4.9
WIDTH_IN: Final = 9.2
OUTER: Final = 1.0
RING: Final = 0.28
GAP: Final = 0.15
"""Least distance of two labels of the donut, in its radii."""
ROOM: Final = 1.12
STAGES: Final = max(RACINE_STAGES.values())
RAMP: Final = (0.12, 0.92)


def split_figure(inputs: LocalizeInputs, style: Style) -> Figure:
    """Draw all units as a donut, and the share of each on every side."""
    data = inputs.data
    if data is None:
        raise ReportError("there are no clips of action units to draw; run 'dvc repro units_clips'")
    total = {name: sum(side.segments.get(name, 0) for side in data.sides) for name in data.classes}
    copies = sum(data.originals.values()) < sum(total.values())
    rings = " Inner ring: one clip of each original, as names tell." if copies else ""
    figure, (left, right) = new_figure(
        style,
        title="Action units, and their split",
        note=f"{data_note(inputs.source)} Colours: Racine's stage, dark is early; grey: "
        f"others.{rings} Right: share of each unit in the segments of its side.",
        height_in=HEIGHT_IN,
        width_in=WIDTH_IN,
        columns=2,
        width_ratios=(1.25, 1),
    )
    _donut(left, style, total, data.originals if copies else {})
    _bars(right, style, data)
    return figure


def colour_of(unit: str, style: Style) -> str:
    """Return a unit's colour, by Racine's stage; others are grey."""
    stage = RACINE_STAGES.get(unit)
    if stage is None:
        return style.soft
    low, high = RAMP
    return to_hex(colormaps["viridis"](low + (high - low) * (stage - 1) / (STAGES - 1)))


def _donut(ax: Axes, style: Style, outer: Mapping[str, int], inner: Mapping[str, int]) -> None:
    ax.axis("off")
    shown = [name for name in outer if outer[name]]
    colours = [colour_of(name, style) for name in shown]
    counts = [outer[name] for name in shown]
    _ring(ax, style, counts, colours, OUTER)
    if inner:
        _ring(ax, style, [inner.get(name, 0) for name in shown], colours, OUTER - RING - 0.03)
    ax.set_xlim(-ROOM, ROOM)
    ax.set_ylim(-1.22, 1.22)
    ax.text(0, 0, f"{sum(counts):,}\nsegments", ha="center", va="center", color=style.ink)
    _name(ax, style, shown, counts)


def _ring(
    ax: Axes, style: Style, counts: Sequence[int], colours: Sequence[str], radius: float
) -> None:
    edge = {"width": RING, "edgecolor": style.paper, "linewidth": 1.2}
    ax.pie(
        counts,
        radius=radius,
        colors=colours,
        startangle=90,
        counterclock=False,
        wedgeprops=edge,
    )


def _name(ax: Axes, style: Style, names: Sequence[str], counts: Sequence[int]) -> list[Annotation]:
    """Name every wedge beside the donut, each side from top to bottom without overlap."""
    ends = np.cumsum(counts) / sum(counts)
    middles = 2 * math.pi * (ends - np.asarray(counts) / sum(counts) / 2)
    drawn = []
    for sign in (1, -1):
        side = [at for at, angle in enumerate(middles) if (math.sin(angle) >= 0) == (sign > 0)]
        side.sort(key=lambda at: -math.cos(middles[at]))
        heights = spread([1.08 * math.cos(middles[at]) for at in side], GAP)
        for at, height in zip(side, heights, strict=True):
            tip = (OUTER * math.sin(middles[at]), OUTER * math.cos(middles[at]))
            drawn.append(
                ax.annotate(
                    f"{names[at]} {counts[at]:,}",
                    tip,
                    xytext=(sign * 1.17, height),
                    ha="left" if sign > 0 else "right",
                    va="center",
                    fontsize=SMALL_PT,
                    color=style.ink,
                    arrowprops={"arrowstyle": "-", "color": style.soft, "linewidth": 0.8},
                )
            )
    return drawn


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return falling heights moved apart to at least `gap`, as little as it takes, centred."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - gap) if placed else height)
    if not placed:
        return placed
    above = (heights[0] - placed[0]) + (heights[-1] - placed[-1])
    lift = min(above / 2, max(0.0, 1.2 - placed[0]))
    return [height + lift for height in placed]


def _bars(ax: Axes, style: Style, data: UnitData) -> None:
    rows = np.arange(len(data.classes))
    sides = data.sides
    height = 0.8 / len(sides)
    colours = (style.main, style.second) if data.given else style.folds
    for at, side in enumerate(sides):
        shares = [100 * side.share(name) for name in data.classes]
        places = rows - 0.4 + height * (at + 0.5)
        ax.barh(places, shares, height, color=colours[at % len(colours)], label=_named(side))
    ax.set_yticks(rows, data.classes)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    label(ax, style, x="Share of segments (%)", y="")
    legend_above(ax, style, right=True)


def _named(side: Side) -> str:
    return f"{side.name} ({side.total:,})"
