"""Learning curves: the loss and the test fold's F1-score, epoch by epoch."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from rodepil.report.inputs import ReportInputs
from rodepil.report.records import Result
from rodepil.report.style import Style, label, legend_above, new_figure
from rodepil.report.words import data_note

TRAIN_LOSS: Final = "train_loss"
TEST_LOSS: Final = "test_loss"
TEST_F1: Final = "test_f1"


def learning_curves(inputs: ReportInputs, style: Style) -> Figure:
    """Draw the losses and the F1-score of every fold, and their means over folds."""
    figure, (left, right) = new_figure(
        style,
        title="Learning curves",
        note=f"{data_note(inputs.data)} Thin lines: single folds. Thick: their mean. The result is "
        "always that of the last epoch; test folds choose nothing.",
        height_in=3.4,
        columns=2,
    )
    draw_series(left, inputs.result, TRAIN_LOSS, style.main, "training")
    draw_series(left, inputs.result, TEST_LOSS, style.second, "test fold")
    draw_series(right, inputs.result, TEST_F1, style.second, "")
    left.set_ylim(bottom=0)
    right.set_ylim(-2, 104)
    label(left, style, x="Epoch", y="Weighted cross-entropy")
    label(right, style, x="Epoch", y="F1-score of the test fold (%)")
    legend_above(left, style)
    return figure


def series(result: Result, name: str) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return the epochs from 1 (E,), and the values of `name` by fold, each (E,) or shorter.

    A fold whose history does not hold `name` is left out.
    """
    values = [
        np.array([epoch[name] for epoch in trial.history], dtype=np.float64)
        for trial in result.record.trials
        if trial.history and all(name in epoch for epoch in trial.history)
    ]
    longest = max((len(fold) for fold in values), default=0)
    return np.arange(1, longest + 1, dtype=np.float64), values


def mean_series(folds: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean over folds (E,), as long as the shortest of them."""
    shortest = min((len(fold) for fold in folds), default=0)
    stacked = np.array([fold[:shortest] for fold in folds], dtype=np.float64)
    return np.asarray(stacked.mean(axis=0), dtype=np.float64)


def draw_series(ax: Axes, result: Result, name: str, colour: str, words: str) -> None:
    """Draw one quantity: thin lines for folds, a thick one for their mean."""
    epochs, folds = series(result, name)
    if not folds:
        return
    scale = 100 if name == TEST_F1 else 1
    for fold in folds:
        ax.plot(epochs[: len(fold)], scale * fold, color=colour, linewidth=0.9, alpha=0.4)
    mean = mean_series(folds)
    ax.plot(
        epochs[: len(mean)],
        scale * mean,
        color=colour,
        linewidth=2.4,
        label=words or None,
        marker="o" if len(mean) == 1 else None,
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
