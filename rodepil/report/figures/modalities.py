"""Fig. 2: the mean F1-score of each modality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from rodepil.report import paper
from rodepil.report.figures.means import BAR, fold_dots, number, percent_axis, short_name
from rodepil.report.inputs import ReportInputs
from rodepil.report.modalities import compared, printed
from rodepil.report.records import Result
from rodepil.report.style import Style, label, legend_above, new_figure
from rodepil.report.words import data_note, modality_words, neighbour_words

PAPERS: Final = f"{paper.SOURCE}, Fig. 2 (8 frames, 224 px)"


def modalities(inputs: ReportInputs, style: Style) -> Figure:
    """Draw the paper's Fig. 2: ours with its folds, the paper's beside."""
    runs = compared(inputs)
    theirs = {name: row.f1 for name in runs if (row := printed(name)) is not None}
    return draw_modalities(runs, theirs, PAPERS, style)


def draw_modalities(
    runs: Mapping[str, Result], printed: Mapping[str, float], source: str, style: Style
) -> Figure:
    """Draw the mean F1-score of modalities with their folds, and what a source prints beside.

    Parameters
    ----------
    runs
        At least one result, by modality.
    printed
        Mean F1-scores by modality, in [0, 1]; one that is not there has no bar.
    source
        Who prints them.
    style
        The theme.
    """
    first = next(iter(runs.values())).record
    apart = next(
        (run.record for run in runs.values() if run.record.settings.features.pairs != "none"), first
    )
    beside = f" Grey: {source}, measured on its own, other data." if printed else ""
    figure, (ax,) = new_figure(
        style,
        title="Mean F1-score by modality",
        note=f"{data_note(first.data)} Dots: single folds. Flow and differences are taken between "
        f"{neighbour_words(apart.settings.features)}.{beside}",
        height_in=3.7,
    )
    x = np.arange(len(runs)) - (BAR / 2 if printed else 0)
    ours = [100 * run.mean.f1 for run in runs.values()]
    ax.bar(x, ours, BAR, color=style.main, label=short_name(first.data))
    theirs = {at: 100 * printed[name] for at, name in enumerate(runs) if name in printed}
    if theirs:
        places = [at + BAR / 2 for at in theirs]
        ax.bar(places, list(theirs.values()), BAR, color=style.soft, label=source)
        for place, value in zip(places, theirs.values(), strict=True):
            number(ax, style, place, value, value)
    for at, run, value in zip(x, runs.values(), ours, strict=True):
        folds = [100 * fold.f1 for fold in run.folds.values()]
        fold_dots(ax, style, at, folds)
        number(ax, style, at, value, max(folds))
    ax.set_xticks(range(len(runs)), [modality_words(name) for name in runs])
    percent_axis(ax)
    label(ax, style, x="", y="Mean F1-score over folds (%)")
    legend_above(ax, style)
    return figure
