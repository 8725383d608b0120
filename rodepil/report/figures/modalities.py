"""Fig. 2: the mean F1-score of each modality."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from rodepil.report import paper
from rodepil.report.figures.means import BAR, fold_dots, number, percent_axis, short_name
from rodepil.report.inputs import ReportInputs
from rodepil.report.modalities import compared, printed
from rodepil.report.style import Style, label, legend_above, new_figure
from rodepil.report.words import data_note, modality_words, neighbour_words

PAPERS: Final = f"{paper.SOURCE}, Fig. 2 (8 frames, 224 px)"


def modalities(inputs: ReportInputs, style: Style) -> Figure:
    """Draw the paper's Fig. 2: ours with its folds, the paper's beside."""
    runs = compared(inputs)
    features = inputs.result.record.settings.features
    figure, (ax,) = new_figure(
        style,
        title="Mean F1-score by modality",
        note=f"{data_note(inputs.data)} Dots: single folds. Flow and differences are taken between "
        f"{neighbour_words(features)}. Grey: the paper's means, measured on RodEpil, not on this "
        "data.",
        height_in=3.7,
    )
    x = np.arange(len(runs))
    ours = [100 * run.mean.f1 for run in runs.values()]
    ax.bar(x - BAR / 2, ours, BAR, color=style.main, label=short_name(inputs.data))
    theirs = [(at, row) for at, name in enumerate(runs) if (row := printed(name)) is not None]
    values = [100 * row.f1 for _, row in theirs]
    if theirs:
        places = [at + BAR / 2 for at, _ in theirs]
        ax.bar(places, values, BAR, color=style.soft, label=PAPERS)
        for place, value in zip(places, values, strict=True):
            number(ax, style, place, value, value)
    for at, (run, value) in enumerate(zip(runs.values(), ours, strict=True)):
        folds = [100 * fold.f1 for fold in run.folds.values()]
        fold_dots(ax, style, at - BAR / 2, folds)
        number(ax, style, at - BAR / 2, value, max(folds))
    ax.set_xticks(x, [modality_words(name) for name in runs])
    percent_axis(ax)
    label(ax, style, x="", y="Mean F1-score over folds (%)")
    legend_above(ax, style)
    return figure
