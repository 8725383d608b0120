"""What controls leave of the F1-score, beside what chance gives."""

from __future__ import annotations

from textwrap import fill
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from rodepil.config.controls import condition_of
from rodepil.report.controls import always_seizure
from rodepil.report.figures.means import DOT_PT2, percent_axis
from rodepil.report.inputs import ReportInputs
from rodepil.report.style import SMALL_PT, Style, label, new_figure
from rodepil.report.words import data_note

NAME_CHARACTERS: Final = 11
BAR: Final = 0.17
LEFT, RIGHT = 0.45, 0.7


def controls(inputs: ReportInputs, style: Style) -> Figure:
    """Draw the F1 of every fold as recorded and under each control, folds joined by lines."""
    runs = {"none": inputs.result, **inputs.controls}
    figure, (ax,) = new_figure(
        style,
        title="F1-score as recorded and under controls",
        note=f"{data_note(inputs.data)} A dot is a fold, a bar the mean over folds. Dashed: "
        "always saying 'seizure', which knows nothing of the clips.",
        height_in=3.7,
    )
    x = np.arange(len(runs))
    blind = 100 * always_seizure(inputs.result).f1
    ax.axhline(blind, color=style.second, linewidth=1.2, linestyle="--", zorder=1)
    for fold in inputs.result.folds:
        values = [
            100 * run.folds[fold].f1 if fold in run.folds else np.nan for run in runs.values()
        ]
        ax.plot(x, values, color=style.soft, linewidth=1.2, zorder=2)
        ax.scatter(
            x, values, s=DOT_PT2, color=style.paper, edgecolors=style.ink, linewidths=0.9, zorder=4
        )
    for at, run in zip(x, runs.values(), strict=True):
        mean = 100 * run.mean.f1
        ax.hlines(mean, at - BAR, at + BAR, color=style.main, linewidth=4, zorder=3)
        ax.annotate(
            f"{mean:.2f}",
            (at + BAR + 0.05, mean),
            va="center",
            fontsize=SMALL_PT,
            color=style.ink,
            bbox={"facecolor": style.paper, "edgecolor": "none", "pad": 0.6},
            zorder=5,
        )
    ax.set_xticks(x, [fill(condition_of(name), NAME_CHARACTERS) for name in runs])
    ax.set_xlim(-LEFT, len(runs) - 1 + RIGHT)
    percent_axis(ax)
    label(ax, style, x="Condition", y="F1-score (%)")
    return figure
