"""How sure the result's numbers are: intervals over subjects, and what needs no threshold."""

from __future__ import annotations

from rodepil.report.inputs import ReportInputs
from rodepil.report.numbers import caution, interval_text
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.words import METRICS, data_note
from rodepil.statistics.intervals import Estimate

WORDS = (
    "An interval says where the number would lie for other subjects and the same models: subjects "
    "are drawn again within their folds, since the clips of one animal are alike."
)


def certainty(inputs: ReportInputs) -> Sheet:
    """Return the result's numbers with their intervals over subjects."""
    numbers = inputs.result.numbers
    ranking, calibration = numbers.ranking, numbers.calibration
    rows: list[tuple[Cell, ...]] = [
        (title, *_cells(spread.mean, 100), _text(spread.deviation, 100), "%, mean of the folds")
        for name, title in METRICS.items()
        for spread in (numbers.summary.metrics[name],)
    ]
    rows += [
        ("AUROC", *_cells(ranking.auroc), None, "all clips together"),
        ("AUROC by fold", *_cells(ranking.auroc_by_fold), None, "mean of the folds"),
        ("AUPRC", *_cells(ranking.average_precision), None, "all clips together"),
        ("Brier score", *_cells(calibration.brier), None, "all clips; 0 is perfect"),
        ("Calibration error", f"{calibration.error:.3f}", None, None, "expected, over ten bins"),
    ]
    rows += [
        (
            f"Sensitivity at {100 * one.limit:g}% FPR",
            *_cells(one.sensitivity, 100),
            None,
            _threshold(one.threshold),
        )
        for one in ranking.at_rates
    ]
    return Sheet(
        name="certainty",
        title="How sure the numbers are",
        note=f"{data_note(inputs.data)} 95 % intervals by bootstrap over "
        f"{numbers.summary.subjects} subjects. FPR: share of normal clips that are called. "
        f"{caution([numbers])}",
        data=inputs.data,
        columns=(
            Column("Number"),
            Column("Value", "percent"),
            Column("95 % interval", "percent"),
            Column("SD over folds", "percent"),
            Column("Of"),
        ),
        rows=tuple(rows),
    )


def _cells(estimate: Estimate, scale: float = 1) -> tuple[str | None, str | None]:
    """Return a value and its interval as printed: percent with two digits, else three."""
    digits = 2 if scale > 1 else 3
    return _text(estimate.value, scale), interval_text(estimate.interval, scale, digits)


def _text(value: float | None, scale: float) -> str | None:
    return None if value is None else f"{scale * value:.{2 if scale > 1 else 3}f}"


def _threshold(threshold: float | None) -> str:
    if threshold is None:
        return "%, no score keeps to that rate"
    return f"%, all clips, at scores from {threshold:.3f}"
