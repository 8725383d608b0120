"""Fig. 3, the mean metrics beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rodepil.report import paper
from rodepil.report.inputs import ReportInputs
from rodepil.report.records import Result
from rodepil.report.style import SMALL_PT, Style, label, legend_above, new_figure
from rodepil.report.words import METRICS, data_note, folds_words

BAR: Final = 0.42
TOP_PERCENT: Final = 109
DOT_PT2: Final = 16
NAME_CHARACTERS: Final = 40


def mean_metrics(inputs: ReportInputs, style: Style) -> Figure:
    """Draw the paper's Fig. 3: the mean of each metric, ours with its folds, the paper's beside."""
    printed = paper.TABLE_2_AVERAGE.as_dict()
    return draw_means(inputs.result, printed, f"{paper.SOURCE}, Table II", style)


def draw_means(
    result: Result, printed: Mapping[str, float], source: str, style: Style, of: str = ""
) -> Figure:
    """Draw the mean of each metric with its folds, and what a source prints beside.

    Parameters
    ----------
    result
        Whose means.
    printed
        By metric, in [0, 1]; a metric that is not there has no bar.
    source
        Who prints them.
    style
        The theme.
    of
        What the result is called, where it needs a name.
    """
    beside = f" Grey: {source}, measured on its own, other data." if printed else ""
    figure, (ax,) = new_figure(
        style,
        title=f"Mean metrics{of and f' of {of}'} over {folds_words(len(result.folds))}",
        note=f"{data_note(result.record.data)} Dots: single folds.{beside}",
        height_in=3.7,
    )
    x = np.arange(len(METRICS)) - (BAR / 2 if printed else 0)
    ours = [100 * getattr(result.mean, name) for name in METRICS]
    ax.bar(x, ours, BAR, color=style.main, label=short_name(result.record.data))
    for at, value, name in zip(x, ours, METRICS, strict=True):
        values = [100 * getattr(fold, name) for fold in result.folds.values()]
        fold_dots(ax, style, at, values)
        number(ax, style, at, value, max(values))
    theirs = {at: 100 * printed[name] for at, name in enumerate(METRICS) if name in printed}
    if theirs:
        places = [at + BAR / 2 for at in theirs]
        ax.bar(places, list(theirs.values()), BAR, color=style.soft, label=source)
        for place, value in zip(places, theirs.values(), strict=True):
            number(ax, style, place, value, value)
    ax.set_xticks(range(len(METRICS)), list(METRICS.values()))
    percent_axis(ax)
    label(ax, style, x="", y="Mean over folds (%)")
    legend_above(ax, style)
    return figure


def short_name(data: str) -> str:
    """Return the data's name as a legend has room for it."""
    return shorten(data, NAME_CHARACTERS, placeholder=" ...")


def fold_dots(ax: Axes, style: Style, x: float, values: Sequence[float]) -> None:
    """Draw every fold's value over the bar of their mean at `x`, spread so that none hides."""
    ax.scatter(
        x + _spread(len(values), BAR * 0.6),
        values,
        s=DOT_PT2,
        color=style.paper,
        edgecolors=style.ink,
        linewidths=0.9,
        zorder=3,
        clip_on=False,
    )


def _spread(n: int, width: float) -> NDArray[np.float64]:
    """Return `n` offsets evenly over `width`, centred on 0."""
    half = width / 2 if n > 1 else 0.0
    return np.linspace(-half, half, n)


def number(ax: Axes, style: Style, x: float, value: float, top: float) -> None:
    """Print `value` above `top`, the highest thing drawn at `x`."""
    ax.annotate(
        f"{value:.2f}",
        (x, top),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        fontsize=SMALL_PT,
        color=style.ink,
    )


def percent_axis(ax: Axes) -> None:
    """Let the axis of values go from 0 to 100 %."""
    ax.set_ylim(0, TOP_PERCENT)
    ax.set_yticks(range(0, 101, 20))
    ax.grid(visible=False, axis="x")
