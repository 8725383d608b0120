"""Activity over the day: how much every animal moves, hour by hour, and when it seizes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from rodepil.data.overview import Activity, Dataset, activity_of
from rodepil.errors import ReportError
from rodepil.io.files import publish
from rodepil.io.wording import by_number
from rodepil.report.style import (
    LIGHT,
    SMALL_PT,
    Style,
    label,
    legend_above,
    new_figure,
    png,
)
from rodepil.report.words import data_note

ROW_IN: Final = 0.3
HEAD_IN: Final = 1.75
ROW_SHARE: Final = 0.84
MARK_SHARE: Final = 0.62
SHORTEST_MARK: Final = 0.002
FEWEST_ROWS: Final = 4
"""The height of fewer, for the bar of colours beside them."""

DEEPEST: Final = "#06325a"
"""The most motion; darker than the theme's blue, so that seizures stand out from both."""

UNITS: Final[tuple[tuple[float, str, float], ...]] = (
    (180, "s", 1),
    (7200, "min", 60),
    (4 * 86_400, "h", 3600),
    (float("inf"), "days", 86_400),
)
"""Up to which span, seconds, time is printed in which unit, and the seconds of that."""


def write_activity(dataset: Dataset, path: Path) -> None:
    """Write the picture of a dataset's activity as PNG.

    Raises
    ------
    ReportError
        There is no window whose motion was measured.
    """
    activity = activity_of(dataset)
    if activity is None:
        raise ReportError(
            "no window's motion has been measured yet, so there is no activity to draw; "
            "run 'rodepil curate' (or 'dvc repro curate') first"
        )
    with publish(path) as beside:
        beside.write_bytes(png(activity_figure(activity, dataset.data, LIGHT)))


def activity_figure(activity: Activity, data: str, style: Style) -> Figure:
    """Draw mean motion by subject and time, and the annotated seizures on top.

    Parameters
    ----------
    activity
        What to draw.
    data
        What it comes from, in words.
    style
        The theme.
    """
    unit, unit_s = ("h", 3600.0) if activity.by_clock else time_unit(activity.length_s)
    figure, (ax,) = new_figure(
        style,
        title="Activity over the day" if activity.by_clock else "Activity over the session",
        note=_note(activity, data),
        height_in=HEAD_IN + ROW_IN * max(FEWEST_ROWS, len(activity.subjects)),
    )
    _draw_motion(figure, ax, activity, unit_s, style)
    _draw_seizures(ax, activity, unit_s, style)
    ax.set_xlim(0, activity.length_s / unit_s)
    if activity.by_clock:
        ax.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
    bins = f"bins of {_length(activity.bin_s)}"
    when = (
        f"Time of day ({bins})"
        if activity.by_clock
        else f"Time from the start of the session ({unit}; {bins})"
    )
    label(ax, style, x=when, y="Subject")
    return figure


def _length(bin_s: float) -> str:
    """Return a bin's width in the largest unit of which it is a whole number."""
    wholes = [(name, size) for _, name, size in UNITS if bin_s % size == 0]
    name, size = wholes[-1] if wholes else ("s", 1)
    return f"{bin_s / size:g} {name}"


def time_unit(span_s: float) -> tuple[str, float]:
    """Return the unit in which a time of that many seconds is printed, and its seconds."""
    return next((unit, unit_s) for longest_s, unit, unit_s in UNITS if span_s <= longest_s)


def _draw_motion(figure: Figure, ax: Axes, activity: Activity, unit_s: float, style: Style) -> None:
    """Draw a row a subject, the first on top; what was not filmed stays as the paper."""
    rows, bins = activity.motion.shape
    edges = np.arange(bins + 1) * activity.bin_s / unit_s
    percent = 100 * np.ma.masked_invalid(activity.motion)
    ramp = LinearSegmentedColormap.from_list("motion", [style.grid, style.main, DEEPEST])
    mesh = ax.pcolormesh(
        edges,
        np.arange(rows + 1) - 0.5,
        percent,
        cmap=ramp,
        vmin=0,
        vmax=max(float(percent.max()), 1e-9),
        edgecolors=style.paper,
        linewidth=0.6,
    )
    ax.set_yticks(range(rows), activity.subjects)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.grid(visible=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    bar = figure.colorbar(mesh, ax=ax, pad=0.02, fraction=0.05, aspect=28)
    bar.set_label("Motion (% of pixels)", fontsize=SMALL_PT, color=style.ink)
    bar.ax.tick_params(colors=style.muted, labelcolor=style.ink, labelsize=SMALL_PT, length=3)
    bar.outline.set_visible(False)


def _draw_seizures(ax: Axes, activity: Activity, unit_s: float, style: Style) -> None:
    """Draw each seizure as long as it lasted; in a row, the first day stands on top."""
    if not activity.marks:
        return
    least_s = SHORTEST_MARK * activity.length_s
    turns = max(1, activity.turns - 1)
    y = [
        mark.subject + MARK_SHARE * (mark.turn / turns - 0.5) * (activity.turns > 1)
        for mark in activity.marks
    ]
    starts = [mark.start_s / unit_s for mark in activity.marks]
    ends = [max(mark.end_s, mark.start_s + least_s) / unit_s for mark in activity.marks]
    lines = ax.hlines(y, starts, ends, color=style.second, linewidth=3, label="annotated seizure")
    lines.set_capstyle("butt")  # a round one would reach past the end
    legend_above(ax, style)


def _note(activity: Activity, data: str) -> str:
    turns = f"{activity.turns:,} {'day' if activity.by_clock else 'session'}"
    plural = "" if activity.turns == 1 else "s"
    windows = by_number(activity.windows, "window", "windows")
    words = [
        data_note(data),
        f"Mean share of pixels that moved, over {windows} of {turns}{plural}, still ones included.",
    ]
    if activity.unmeasured:
        without = by_number(activity.unmeasured, "window was", "windows were")
        words.append(f"{without} dropped before motion is measured, and not counted.")
    words.append("White: no motion measured.")
    if activity.marks and activity.turns > 1:
        first = "day" if activity.by_clock else "session"
        words.append(f"Seizures of the first {first} stand highest in a row.")
    if not activity.by_clock:
        words.append("No recording knows its time of day.")
    if activity.left_out:
        words.append(f"{activity.left_out:,} recordings without a time of day are left out.")
    return " ".join(words)
