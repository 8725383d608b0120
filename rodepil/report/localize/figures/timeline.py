"""Some tested clips in time: the true units above what was found of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.errors import ReportError
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.style import SMALL_PT, Style, label, legend_above, new_figure
from rodepil.report.words import data_note

CLIPS: Final = 6
LEAST: Final = 0.2
"""Found segments of lower scores are not drawn."""
MOST: Final = 4
"""So many units of a clip are drawn that were found and are not true, the surest first."""
ROW_IN: Final = 0.24
HEAD_IN: Final = 1.6
BAR: Final = 0.36

Row = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A clip that is drawn: its row of the table, its units from top to bottom, its segments."""

    clip: Row
    units: tuple[str, ...]
    true: tuple[Row, ...]
    found: tuple[Row, ...]


def timeline(inputs: LocalizeInputs, style: Style) -> Figure:
    """Draw some clips, each unit a row: true segments above, found ones below."""
    if inputs.data is None or inputs.result.found is None:
        raise ReportError("there is nothing found to draw; run 'dvc repro localize'")
    shown = clips_shown(inputs)
    lines = sum(len(one.units) + 1.4 for one in shown)
    figure, (ax,) = new_figure(
        style,
        title="What was found in some tested clips",
        note=f"{data_note(inputs.source)} Above: true; below: found, the stronger the surer, "
        f"from a score of {LEAST:g}, at most {MOST} units a clip that are not there. Clips at even "
        "distances in the order of their ids, not picked by how well they were found.",
        height_in=HEAD_IN + ROW_IN * lines,
    )
    names, places, at = [], [], 0.0
    for one in shown:
        ax.text(
            0, at, one.clip["video_id"], fontsize=SMALL_PT, color=style.ink, fontweight="bold",
            va="center",
        )  # fmt: skip
        for row, unit in enumerate(one.units, start=1):
            names.append(unit)
            places.append(at + row)
            _draw(ax, style, one, unit, at + row)
        at += len(one.units) + 1.4
    ax.set_yticks(places, names)
    ax.set_ylim(at - 0.5, -0.7)
    ax.set_xlim(0, max(one.clip["duration_s"] for one in shown))
    ax.tick_params(axis="y", length=0)
    ax.barh([0], [0], color=style.main, label="true")
    ax.barh([0], [0], color=style.second, label="found")
    label(ax, style, x="Seconds from the start of the clip", y="")
    legend_above(ax, style, right=True)
    return figure


def clips_shown(inputs: LocalizeInputs) -> tuple[Shown, ...]:
    """Return tested clips at even distances, with what is true and what was found."""
    data, found = inputs.data, inputs.result.found
    if data is None or found is None:
        return ()
    folds = {trial.fold for trial in inputs.result.record.trials}
    tested = [row for row in data.rows if row["fold"] in folds]
    at = np.unique(np.linspace(0, len(tested) - 1, CLIPS).round().astype(int))
    said: dict[str, list[Row]] = {}
    for event, clip in data.within(found):
        if event["score"] >= LEAST:
            said.setdefault(clip["clip_id"], []).append(event)
    return tuple(_shown(data, tested[row], said) for row in at.tolist())


def _shown(data: UnitData, clip: Row, said: dict[str, list[Row]]) -> Shown:
    true = [event for event, of in data.clip_of if of["clip_id"] == clip["clip_id"]]
    found = sorted(said.get(clip["clip_id"], []), key=lambda event: -event["score"])
    held = {event["label"] for event in true}
    wrong = list(dict.fromkeys(one["label"] for one in found if one["label"] not in held))[:MOST]
    units = tuple(name for name in data.classes if name in {*held, *wrong})
    kept = tuple(event for event in found if event["label"] in units)
    return Shown(clip, units, tuple(true), kept)


def _draw(ax: Axes, style: Style, one: Shown, unit: str, place: float) -> None:
    """Draw a unit of a clip: true segments above the line, found ones below, the surest on top."""
    start = one.clip["start_s"]
    for event in one.true:
        if event["label"] == unit:
            length = event["end_s"] - event["start_s"]
            ax.barh(place - BAR / 2, length, BAR, left=event["start_s"] - start, color=style.main)
    for event in reversed([event for event in one.found if event["label"] == unit]):
        left, length = event["start_s"] - start, event["end_s"] - event["start_s"]
        sure = 0.25 + 0.75 * min(event["score"], 1.0)
        ax.barh(place + BAR / 2, length, BAR, left=left, color=style.second, alpha=sure)
