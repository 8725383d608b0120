"""Learning curves of every row that localizes: folds thin, their mean thick."""

from __future__ import annotations

from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rodepil.report.figures.learning import mean_series
from rodepil.report.figures.panels import COLUMNS, HEAD_IN, PANEL_IN, finish, name_panel
from rodepil.report.localize.figures.learning import TEST_MAP, folds_of, known
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.localize.records import LocalizeRun
from rodepil.report.style import Style, new_figure

TENTH = 10


def learning(grid: LocalizedGrid, style: Style) -> Figure:
    """Draw the mean mAP of the tested clips by epoch, a panel for each row."""
    results = grid.results
    lines = ceil(len(results) / COLUMNS)
    many = " Thin lines: single folds. Thick: their mean." if len(grid.folds) > 1 else ""
    figure, axes = new_figure(
        style,
        title="Learning curves: mean mAP of tested clips",
        note=f"{grid.about}{many} The result is always that of the last epoch; tested clips "
        "choose nothing.",
        height_in=HEAD_IN + PANEL_IN * lines,
        columns=COLUMNS,
        rows=lines,
        alike=True,
    )
    top = max((_draw(ax, run, style) for ax, run in zip(axes, results.values(), strict=False)),
              default=0.0)  # fmt: skip
    for ax, name in zip(axes, results, strict=False):
        ax.set_ylim(0, max(TENTH, TENTH * ceil(top / TENTH)) + 1)
        name_panel(ax, style, name)
    finish(axes, len(results), style, x="Epoch", y="Mean mAP (%)")
    return figure


def _draw(ax: Axes, run: LocalizeRun, style: Style) -> float:
    """Draw a row's folds and their mean, and return the highest value, in percent."""
    folds = [100 * fold for fold in folds_of(run, TEST_MAP)]
    if not folds:
        return 0.0
    for fold in folds if len(folds) > 1 else ():
        ax.plot(*known(fold), color=style.main, linewidth=0.9, alpha=0.4)
    epochs, mean = known(mean_series(folds))
    marker = "o" if len(mean) == 1 else None
    ax.plot(epochs, mean, color=style.main, linewidth=2.4, marker=marker)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    return float(max((np.nanmax(fold) for fold in folds if not np.isnan(fold).all()), default=0.0))
