"""The figures of a report, each a function of its inputs and a theme."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import pyarrow as pa
from matplotlib.figure import Figure

from rodepil.errors import ReportError
from rodepil.report.counts import has_both_classes
from rodepil.report.figures.audit import audit_figure
from rodepil.report.figures.calibration import calibration_figure
from rodepil.report.figures.confusion import confusion_matrix
from rodepil.report.figures.controls import controls
from rodepil.report.figures.curves import (
    precision_recall_figure,
    roc_and_precision_recall,
    roc_figure,
)
from rodepil.report.figures.learning import learning_curves
from rodepil.report.figures.means import mean_metrics
from rodepil.report.figures.modalities import modalities
from rodepil.report.figures.subjects import by_subject
from rodepil.report.inputs import ReportInputs
from rodepil.report.style import LIGHT, Style

Shown = TypeVar("Shown")


@dataclass(frozen=True)
class Plate(Generic[Shown]):
    """A figure of a report.

    Parameters
    ----------
    name
        The stem of its file, with folders below results/ where it lies in some.
    alt
        What it shows, for who can't see it.
    draw
        Draws what the report shows in a theme.
    """

    name: str
    alt: str
    draw: Callable[[Shown, Style], Figure]


def _confusion(inputs: ReportInputs, style: Style) -> Figure:
    return confusion_matrix(inputs.result.predictions, inputs.data, style)


def _curves(inputs: ReportInputs, style: Style) -> Figure:
    return roc_and_precision_recall(inputs.result.predictions, inputs.data, style)


def _calibration(inputs: ReportInputs, style: Style) -> Figure:
    return calibration_figure({"": inputs.result.numbers.calibration}, inputs.data, style)


PLATES: Final[tuple[Plate[ReportInputs], ...]] = (
    Plate("fig3_mean_metrics", "Bars of the five mean metrics, the paper's beside.", mean_metrics),
    Plate("confusion_matrix", "Clips by true and predicted class.", _confusion),
    Plate("roc_pr", "ROC and precision-recall curves of every fold.", _curves),
    Plate("calibration", "Share of clips with a seizure by score.", _calibration),
    Plate("by_subject", "Sensitivity and specificity of every subject.", by_subject),
    Plate("controls", "F1-score of every fold, as recorded and under controls.", controls),
    Plate("learning_curves", "Loss and F1-score by epoch.", learning_curves),
)


def _audit(inputs: ReportInputs, style: Style) -> Figure:
    if inputs.audit is None:
        raise ReportError("there is no audit to draw; run 'rodepil audit'")
    return audit_figure(inputs.audit, style)


AUDIT_PLATE: Final = Plate("audit", "AUROC with which each attribute tells the label.", _audit)


MODALITY_PLATE: Final = Plate(
    "fig2_modalities", "Bars of the mean F1-score of each modality, the paper's beside.", modalities
)


def plates_of(inputs: ReportInputs) -> tuple[Plate[ReportInputs], ...]:
    """Return the figures that a report of `inputs` holds."""
    compared = (MODALITY_PLATE,) if inputs.modalities else ()
    audited = () if inputs.audit is None else (AUDIT_PLATE,)
    return (*PLATES, *compared, *audited)


def fold_figures(predictions: pa.Table, data: str | None = None) -> Mapping[str, Figure]:
    """Return the figures that a run shows of its test clips, by name.

    Parameters
    ----------
    predictions
        Table ``predictions`` of one fold or more.
    data
        The data that the clips come from, in words; without it, the runs that scored them.

    Returns
    -------
    Mapping
        ``confusion_matrix``, and where both classes occur ``roc`` and ``precision_recall``.
    """
    source = data or "clips scored by trial " + ", ".join(
        predictions.column("run_id").unique().to_pylist()
    )
    figures = {"confusion_matrix": confusion_matrix(predictions, source, LIGHT)}
    if has_both_classes(predictions):
        figures["roc"] = roc_figure(predictions, source, LIGHT)
        figures["precision_recall"] = precision_recall_figure(predictions, source, LIGHT)
    return figures
