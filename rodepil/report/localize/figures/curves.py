"""MAP by threshold of tIoU: what was trained, and the paper's beside."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.report.localize import paper
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.records import MODELS, SHORT, LocalizeRun
from rodepil.report.localize.words import drawn_again, keeps_words, paper_words
from rodepil.report.style import Style, label, legend_above, new_figure
from rodepil.report.words import data_note

TOP_PERCENT: Final = 104
MARKERS: Final = ("o", "s", "^")


def mean_ap_curves(inputs: LocalizeInputs, style: Style) -> Figure:
    """Draw mAP over tIoU, each run with its 95 % intervals."""
    figure, (ax,) = new_figure(
        style,
        title="mAP of action units by overlap",
        note=f"{data_note(inputs.source)} {drawn_again(inputs)} {keeps_words(inputs)} "
        f"{paper_words(inputs)}",
        height_in=4.1,
    )
    tious = inputs.result.record.tious
    step = min((b - a for a, b in pairwise(tious)), default=0.1)
    for at, run in enumerate(inputs.runs):
        _draw(ax, run, colour_of(run.name, style), MARKERS[at], (at - 1) * 0.06 * step)
    printed = {tiou: value for tiou in tious if (value := paper.printed(tiou)) is not None}
    ax.plot(
        list(printed),
        [100 * value for value in printed.values()],
        color=style.muted,
        linestyle="--",
        marker="D",
        markerfacecolor="none",
        label="paper",
    )
    ax.set_xticks(tious, [f"{tiou:g}" for tiou in tious])
    ax.set_ylim(0, TOP_PERCENT)
    label(ax, style, x="tIoU that a found segment must reach", y="mAP (%)")
    legend_above(ax, style)
    return figure


def colour_of(name: str, style: Style) -> str:
    """Return the colour of a run by its name, the same in every figure."""
    return dict(zip(MODELS, (style.main, style.second, style.folds[2]), strict=True))[name]


def _draw(ax: Axes, run: LocalizeRun, colour: str, marker: str, aside: float) -> None:
    tious = run.record.tious
    places = [tiou + aside for tiou in tious]
    values = [100 * run.at(tiou) for tiou in tious]
    ax.plot(places, values, color=colour, marker=marker, linewidth=2, label=SHORT[run.name])
    for place, estimate in zip(places, run.sure.by_threshold if run.sure else (), strict=False):
        if estimate.interval is not None:
            low, high = 100 * estimate.interval.low, 100 * estimate.interval.high
            ax.vlines(place, low, high, color=colour, linewidth=1.2, alpha=0.7)
