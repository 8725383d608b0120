"""Action units over a recording's time: a row a unit, colour by score, true ones above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from rodepil.report.activity import DEEPEST, time_unit
from rodepil.report.style import SMALL_PT, WIDTH_IN, Style, label, new_figure

ROW_IN: Final = 0.27
HEAD_IN: Final = 1.75
WIDER_IN: Final = 2.0
"""Beyond a usual figure: time is long."""

SHARE: Final = 0.62
"""Of a row's height that an event takes; with true ones, both share it."""

SHORTEST: Final = 0.0025
"""The least width of an event, as a share of the time: none is too short to be seen."""


@dataclass(frozen=True)
class _Rows:
    """Where events stand: the row of each label, and the scale of time."""

    places: dict[str, int]
    unit_s: float
    least: float

    def spans(
        self, events: pa.Table, up: float, high: float
    ) -> tuple[list[Rectangle], list[float]]:
        """Return rectangles, the surest last, and their scores.

        `up` is where they begin from the middle of their row.
        """
        rows = [row for row in events.to_pylist() if row["label"] in self.places]
        rows.sort(key=lambda row: row["score"])
        made = [
            Rectangle(
                (row["start_s"] / self.unit_s, self.places[row["label"]] + up),
                max((row["end_s"] - row["start_s"]) / self.unit_s, self.least),
                high,
            )
            for row in rows
        ]
        return made, [row["score"] for row in rows]


def units_timeline(
    events: pa.Table,
    labels: Sequence[str],
    duration_s: float,
    style: Style,
    *,
    title: str,
    note: str,
    truth: pa.Table | None = None,
) -> Figure:
    """Draw what was found in one cage of a recording.

    Parameters
    ----------
    events
        Table ``events`` of that cage, in seconds of the recording.
    labels
        The rows, from the top.
    duration_s
        How long the recording is.
    style
        The theme.
    title
        Which recording and cage.
    note
        What the events come from.
    truth
        Table ``events`` of annotated ones of that cage, drawn above those that were found.
    """
    unit, unit_s = time_unit(duration_s)
    figure, (ax,) = new_figure(
        style,
        title=title,
        note=note,
        height_in=HEAD_IN + ROW_IN * len(labels),
        width_in=WIDTH_IN + WIDER_IN,
    )
    ramp = LinearSegmentedColormap.from_list("score", [style.grid, style.main, DEEPEST])
    places = {name: place for place, name in enumerate(labels)}
    rows = _Rows(places, unit_s, SHORTEST * duration_s / unit_s)
    high = SHARE if truth is None else SHARE / 2
    spans, scores = rows.spans(events, -high / 2 if truth is None else 0.0, high)
    bars = PatchCollection(
        spans, cmap=ramp, norm=Normalize(0, 1), edgecolors=style.main, linewidths=0.4
    )
    bars.set_array(scores)
    ax.add_collection(bars)
    if truth is not None:
        true, _ = rows.spans(truth, -high, high)
        ax.add_collection(PatchCollection(true, facecolors=style.second, edgecolors="none"))
        _legend(ax, style)
    ax.set_xlim(0, duration_s / unit_s)
    _draw_rows(ax, labels, style)
    _draw_scale(figure, ax, ramp, style)
    label(ax, style, x=f"Time from the start of the recording ({unit})", y="Action unit")
    return figure


def _draw_rows(ax: Axes, labels: Sequence[str], style: Style) -> None:
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.set_yticks(range(len(labels)), labels)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    for edge in range(1, len(labels)):
        ax.axhline(edge - 0.5, color=style.grid, linewidth=0.5, zorder=0)


def _draw_scale(figure: Figure, ax: Axes, ramp: Colormap, style: Style) -> None:
    """Draw beside the rows which colour means which score."""
    scale = ScalarMappable(Normalize(0, 1), ramp)
    bar = figure.colorbar(scale, ax=ax, pad=0.02, fraction=0.04, aspect=28)
    bar.set_label("Score", fontsize=SMALL_PT, color=style.ink)
    bar.ax.tick_params(colors=style.muted, labelcolor=style.ink, labelsize=SMALL_PT, length=3)
    bar.outline.set_visible(False)


def _legend(ax: Axes, style: Style) -> None:
    ax.legend(
        handles=[
            Patch(facecolor=style.second, label="annotated (above)"),
            Patch(facecolor=style.main, label="found (below)"),
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
        ncols=2,
        fontsize=SMALL_PT,
        frameon=False,
        labelcolor=style.ink,
    )
