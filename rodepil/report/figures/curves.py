"""ROC and precision-recall curves, by fold and over all test clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.report.counts import groups, has_both_classes, labels_and_scores
from rodepil.report.style import Style, label, legend, new_figure
from rodepil.report.words import data_note
from rodepil.train.metrics import Curve, precision_recall, roc

Measure = Callable[..., Curve]
LEGEND_FOLDS = 6


def roc_and_precision_recall(predictions: pa.Table, data: str, style: Style) -> Figure:
    """Draw both curves side by side."""
    figure, (left, right) = new_figure(
        style,
        title="Every threshold: ROC and precision-recall",
        note=f"{data_note(data)} Thin lines: single folds. Thick: all test clips together. "
        "Dashed: chance.",
        height_in=3.9,
        columns=2,
    )
    _draw_roc(left, predictions, style)
    _draw_precision_recall(right, predictions, style)
    return figure


def roc_figure(predictions: pa.Table, data: str, style: Style) -> Figure:
    """Draw the ROC curve alone."""
    figure, (ax,) = new_figure(
        style, title="ROC curve", note=data_note(data), height_in=4.2, width_in=4.4
    )
    _draw_roc(ax, predictions, style)
    return figure


def precision_recall_figure(predictions: pa.Table, data: str, style: Style) -> Figure:
    """Draw the precision-recall curve alone."""
    figure, (ax,) = new_figure(
        style, title="Precision-recall curve", note=data_note(data), height_in=4.2, width_in=4.4
    )
    _draw_precision_recall(ax, predictions, style)
    return figure


def _draw_roc(ax: Axes, predictions: pa.Table, style: Style) -> None:
    ax.plot([0, 1], [0, 1], color=style.muted, linestyle="--", linewidth=1)
    _draw(ax, predictions, style, roc, "AUROC", steps="default")
    label(ax, style, x="False positive rate (1 - specificity)", y="Sensitivity")
    legend(ax, style, "lower right")


def _draw_precision_recall(ax: Axes, predictions: pa.Table, style: Style) -> None:
    labels, _ = labels_and_scores(predictions)
    ax.axhline(float(labels.mean()), color=style.muted, linestyle="--", linewidth=1)
    # Between two thresholds a precision does not lie on the line: steps, as AP sums them.
    _draw(ax, predictions, style, precision_recall, "AP", steps="steps-pre")
    label(ax, style, x="Sensitivity (recall)", y="Precision")
    legend(ax, style, "lower left")


def _draw(
    ax: Axes, predictions: pa.Table, style: Style, measure: Measure, area: str, *, steps: str
) -> None:
    """Draw the curve of every fold and that of all clips, areas in the legend."""
    parts = list(_parts(predictions))
    named = len(parts) <= LEGEND_FOLDS
    for index, (fold, rows) in enumerate(parts):
        curve = measure(*labels_and_scores(rows))
        colour = style.folds[index] if named else style.soft
        name = f"fold {fold}, {area} {curve.area:.3f}" if named else None
        ax.plot(
            curve.x, curve.y, color=colour, linewidth=1.1, alpha=0.9, label=name, drawstyle=steps
        )
    if has_both_classes(predictions) and len(parts) != 1:
        curve = measure(*labels_and_scores(predictions))
        ax.plot(
            curve.x,
            curve.y,
            color=style.ink,
            linewidth=2.4,
            label=f"all clips, {area} {curve.area:.3f}",
            drawstyle=steps,
        )
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.04)


def _parts(predictions: pa.Table) -> Iterator[tuple[str | int, pa.Table]]:
    """Yield the folds that hold both classes."""
    for fold, rows in groups(predictions, "fold"):
        if has_both_classes(rows):
            yield fold, rows
