"""Results by subject: whom the model serves well, and on how many clips that rests."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rodepil.report.counts import Counts, count, groups
from rodepil.report.inputs import ReportInputs
from rodepil.report.style import Style, label, legend_above, new_figure
from rodepil.report.words import data_note

ROW_IN = 0.27
HEAD_IN = 1.75


def by_subject(inputs: ReportInputs, style: Style) -> Figure:
    """Draw sensitivity and specificity of every subject, and its clips by class."""
    tested = groups(inputs.result.predictions, "subject_id")
    counted = {str(subject): count(rows) for subject, rows in tested}
    # The first subject stands on top.
    names = sorted(counted, reverse=True)
    figure, (left, right) = new_figure(
        style,
        title="Results by subject",
        note=f"{data_note(inputs.data)} Every subject was tested by a model that never saw it. "
        "No circle: the subject has no clip of that class.",
        height_in=HEAD_IN + ROW_IN * len(names),
        columns=2,
        width_ratios=(1.7, 1),
    )
    _draw_rates(left, style, [counted[name] for name in names])
    _draw_clips(right, style, [counted[name] for name in names])
    left.set_yticks(range(len(names)), names)
    right.set_yticks(range(len(names)), [])
    label(left, style, x="Share of the class found (%)", y="Subject")
    label(right, style, x="Test clips", y="")
    for ax in (left, right):
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.tick_params(axis="y", length=0)
    legend_above(left, style)
    legend_above(right, style)
    return figure


def _draw_rates(ax: Axes, style: Style, counted: list[Counts]) -> None:
    """Draw the two rates of a subject as circles on one line, joined."""
    y = np.arange(len(counted))
    specificity = [np.nan if c.specificity is None else 100 * c.specificity for c in counted]
    sensitivity = [np.nan if c.sensitivity is None else 100 * c.sensitivity for c in counted]
    ax.hlines(y, specificity, sensitivity, color=style.soft, linewidth=2, zorder=2)
    ax.scatter(specificity, y, s=46, color=style.main, label="Specificity", zorder=3)
    # Smaller and on top, so that two equal rates both show.
    ax.scatter(sensitivity, y, s=20, color=style.second, label="Sensitivity", zorder=4)
    ax.set_xlim(-4, 104)
    ax.set_xticks(range(0, 101, 20))


def _draw_clips(ax: Axes, style: Style, counted: list[Counts]) -> None:
    """Draw the clips of a subject as a bar, normal ones first."""
    y = np.arange(len(counted))
    negatives = [c.negatives for c in counted]
    positives = [c.positives for c in counted]
    ax.barh(y, negatives, 0.62, color=style.main, label="normal")
    ax.barh(y, positives, 0.62, left=negatives, color=style.second, label="seizure")
    ax.grid(visible=False, axis="y")
    ax.set_xlim(0, 1.05 * max(c.negatives + c.positives for c in counted))
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
