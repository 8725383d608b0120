"""Learning curves of every row: folds thin, their mean thick."""

from __future__ import annotations

from math import ceil

from matplotlib.figure import Figure

from rodepil.report.figures.learning import TEST_F1, draw_series
from rodepil.report.figures.panels import COLUMNS, HEAD_IN, PANEL_IN, finish, name_panel
from rodepil.report.grid.records import Grid
from rodepil.report.style import Style, new_figure


def learning(grid: Grid, style: Style) -> Figure:
    """Draw the F1-score of the test folds by epoch, a panel for each row."""
    results = grid.results
    lines = ceil(len(results) / COLUMNS)
    figure, axes = new_figure(
        style,
        title="Learning curves: F1-score of the test folds",
        note=f"{grid.about} Thin lines: single folds. Thick: their mean. The result is "
        "always that of the last epoch; test folds choose nothing.",
        height_in=HEAD_IN + PANEL_IN * lines,
        columns=COLUMNS,
        rows=lines,
        alike=True,
    )
    for ax, (name, result) in zip(axes, results.items(), strict=False):
        draw_series(ax, result, TEST_F1, style.main, "")
        ax.set_ylim(-3, 103)
        ax.set_yticks([0, 50, 100])
        name_panel(ax, style, name)
    finish(axes, len(results), style, x="Epoch", y="F1-score (%)")
    return figure
