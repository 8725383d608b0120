"""Numbers for DVC: metrics.json for ``dvc metrics show``, CSV series for ``dvc plots show``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa

from rodepil.report.counts import CLASSES, groups, has_both_classes, labels_and_scores
from rodepil.report.figures.learning import mean_series, series
from rodepil.report.inputs import ReportInputs
from rodepil.report.records import Result
from rodepil.report.words import METRICS
from rodepil.train.metrics import Curve, positive, precision_recall, roc

Row = Sequence[str | int | float]
CURVES: Final[tuple[tuple[str, Callable[..., Curve], tuple[str, str]], ...]] = (
    ("roc", roc, ("false_positive_rate", "sensitivity")),
    ("precision_recall", precision_recall, ("recall", "precision")),
)


def metrics(inputs: ReportInputs) -> dict[str, float]:
    """Return the numbers that DVC compares, flat: of the result, and means of what is beside."""
    result = inputs.result
    flat = dict(result.mean.as_dict())
    mean = result.numbers.summary.metrics["f1"].mean
    if mean.interval is not None:
        flat |= {"f1_low": mean.interval.low, "f1_high": mean.interval.high}
    if result.numbers.calibration.brier.value is not None:
        flat["brier"] = result.numbers.calibration.brier.value
    for one in result.numbers.ranking.at_rates:
        if one.sensitivity.value is not None:
            flat[f"sensitivity_at_fpr_{one.limit:.2f}"] = one.sensitivity.value
    flat["f1_lowest_fold"] = min(fold.f1 for fold in result.folds.values())
    if has_both_classes(result.predictions):
        scored = labels_and_scores(result.predictions)
        flat["auroc"] = roc(*scored).area
        flat["average_precision"] = precision_recall(*scored).area
    for fold, measured in result.folds.items():
        flat |= {f"fold_{fold}_{name}": value for name, value in measured.as_dict().items()}
    beside = {f"control_{name}": run for name, run in inputs.controls.items()}
    beside |= {f"modality_{name}": run for name, run in inputs.modalities.items()}
    for prefix, run in beside.items():
        flat |= {f"{prefix}_{name}": value for name, value in run.mean.as_dict().items()}
    return flat


def plots(result: Result) -> Mapping[str, str]:
    """Return the CSV series by file name.

    ``dvc plots`` tells series apart by column, not by row, so that ``roc.csv`` and
    ``precision_recall.csv`` hold all test clips together, ``learning_curves.csv`` the means
    over folds; the folds stand in files of their own.
    """
    tested = result.predictions
    names = list(METRICS)
    made = {
        "confusion.csv": csv_text(("actual", "predicted"), _confusion(tested)),
        "metrics_by_fold.csv": csv_text(
            ("fold", *names),
            (
                (f"fold {fold}", *(getattr(measured, name) for name in names))
                for fold, measured in result.folds.items()
            ),
        ),
        "learning_curves.csv": csv_text(*_learning(result)),
        "calibration.csv": csv_text(
            ("score", "rate", "rate_low", "rate_high", "clips"),
            (
                (one.score, one.rate, one.interval.low, one.interval.high, one.clips)
                for one in result.numbers.calibration.bins
            ),
        ),
    }
    for name, measure, head in CURVES:
        whole = [("all", tested)] if has_both_classes(tested) else []
        made[f"{name}.csv"] = csv_text(head, _curve(whole, measure))
        made[f"{name}_by_fold.csv"] = csv_text(
            ("fold", *head), _curve(groups(tested, "fold"), measure, named=True)
        )
    return made


def _confusion(predictions: pa.Table) -> Iterator[Row]:
    """Yield the true and the predicted class of every clip."""
    labels, scores = labels_and_scores(predictions)
    for label, called in zip(labels.tolist(), positive(scores).tolist(), strict=True):
        yield CLASSES[label], CLASSES[int(called)]


def _learning(result: Result) -> tuple[Row, Iterator[Row]]:
    """Return the head and the rows of the means over folds, one row an epoch, from 1."""
    named = {name for trial in result.record.trials for epoch in trial.history for name in epoch}
    columns = {name: mean_series(series(result, name)[1]) for name in sorted(named - {"epoch"})}
    length = min((len(values) for values in columns.values()), default=0)
    rows = (
        (epoch + 1, *(float(values[epoch]) for values in columns.values()))
        for epoch in range(length)
    )
    return ("epoch", *columns), rows


def _curve(
    parts: Iterable[tuple[str | int, pa.Table]],
    measure: Callable[..., Curve],
    *,
    named: bool = False,
) -> Iterator[Row]:
    """Yield the points of every part's curve; a part of one class has none."""
    for part, rows in parts:
        if has_both_classes(rows):
            curve = measure(*labels_and_scores(rows))
            for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True):
                yield (f"fold {part}", x, y) if named else (x, y)


def csv_text(head: Row, rows: Iterable[Row]) -> str:
    """Return rows under their heads as CSV, numbers as they are."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
