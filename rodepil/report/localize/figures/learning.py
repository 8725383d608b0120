"""Learning curves of localization: the loss and the mean mAP of tested clips, by epoch."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from rodepil.report.figures.learning import mean_series
from rodepil.report.localize.figures.curves import colour_of
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.records import SHORT, LocalizeRun
from rodepil.report.style import Style, label, legend_above, new_figure
from rodepil.report.words import data_note

TRAIN_LOSS: Final = "train_loss"
TEST_MAP: Final = "test_mean_map"
TOP_PERCENT: Final = 104


def learning(inputs: LocalizeInputs, style: Style) -> Figure:
    """Draw the training loss and the mean mAP of the tested clips of every run."""
    folds = len(inputs.result.record.trials)
    thin = " Thin lines: single folds. Thick: their mean." if folds > 1 else ""
    figure, (left, right) = new_figure(
        style,
        title="Learning to localize",
        note=f"{data_note(inputs.source)}{thin} The result is always that of the last epoch; "
        "tested clips choose nothing.",
        height_in=3.4,
        columns=2,
    )
    for run in inputs.runs:
        colour = colour_of(run.name, style)
        _draw(left, run, TRAIN_LOSS, colour, 1)
        _draw(right, run, TEST_MAP, colour, 100)
    left.set_ylim(bottom=0)
    right.set_ylim(-2, TOP_PERCENT)
    label(left, style, x="Epoch", y="Focal and DIoU loss")
    label(right, style, x="Epoch", y="Mean mAP, test clips (%)")
    legend_above(left, style)
    return figure


def folds_of(run: LocalizeRun, name: str) -> list[NDArray[np.float64]]:
    """Return a quantity by epoch, (E,), of every fold that tells it; NaN, not known or scored."""
    return [
        np.array([epoch.get(name) for epoch in trial.history], dtype=np.float64)
        for trial in run.record.trials
        if any(name in epoch for epoch in trial.history)
    ]


def known(values: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the epochs, from 1, at which a quantity is known, and its values there."""
    there = np.flatnonzero(~np.isnan(values))
    return there + 1, values[there]


def _draw(ax: Axes, run: LocalizeRun, name: str, colour: str, scale: float) -> None:
    folds = [scale * fold for fold in folds_of(run, name)]
    if not folds:
        return
    for fold in folds[: len(folds) if len(folds) > 1 else 0]:
        ax.plot(*known(fold), color=colour, linewidth=0.9, alpha=0.4)
    epochs, mean = known(mean_series(folds))
    marker = "o" if len(mean) == 1 else None
    ax.plot(epochs, mean, color=colour, linewidth=2.2, marker=marker, label=SHORT[run.name])
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
