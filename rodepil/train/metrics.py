"""How good scores are: the five numbers of Table II, and the curves behind them.

The positive class is 'seizure', label 1. A ratio whose denominator is 0 is 0, as with
scikit-learn's ``zero_division=0``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rodepil.errors import TrainingError

THRESHOLD = 0.5


@dataclass(frozen=True)
class Metrics:
    """The numbers of one row of Table II, each in [0, 1]."""

    accuracy: float
    sensitivity: float
    specificity: float
    precision: float
    f1: float

    def as_dict(self) -> dict[str, float]:
        """Return the numbers by name, in [0, 1]."""
        return asdict(self)

    def as_percent(self) -> dict[str, float]:
        """Return the numbers by name, in [0, 100]."""
        return {name: 100.0 * value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Curve:
    """A curve over all thresholds, ready to be drawn.

    Parameters
    ----------
    x, y
        (n,) float64 in [0, 1]: false and true positive rate, or recall and precision.
    area
        Area under a ROC curve; average precision of a precision-recall curve.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    area: float


def positive(scores: ArrayLike, threshold: float = THRESHOLD) -> NDArray[np.bool_]:
    """Return which scores count as a seizure: those at or above `threshold`."""
    return np.asarray(scores, dtype=np.float64) >= threshold


def measure(labels: ArrayLike, scores: ArrayLike, threshold: float = THRESHOLD) -> Metrics:
    """Measure scores against labels.

    Parameters
    ----------
    labels
        (n,) of 0 and 1, n at least 1.
    scores
        (n,) real, usually probabilities in [0, 1].
    threshold
        Scores at or above it count as a seizure.

    Raises
    ------
    TrainingError
        The two differ in length, hold nothing, a label is neither 0 nor 1, or a score is NaN.
    """
    truth, values = _checked(labels, scores)
    found = positive(values, threshold)
    hits = int(np.sum(found & truth))
    rejections = int(np.sum(~found & ~truth))
    alarms = int(np.sum(found & ~truth))
    misses = int(np.sum(~found & truth))
    return Metrics(
        accuracy=_ratio(hits + rejections, len(truth)),
        sensitivity=_ratio(hits, hits + misses),
        specificity=_ratio(rejections, rejections + alarms),
        precision=_ratio(hits, hits + alarms),
        f1=_ratio(2 * hits, 2 * hits + alarms + misses),
    )


def average(folds: Sequence[Metrics]) -> Metrics:
    """Return the 'Average' row of Table II: the plain mean of the folds, number by number.

    Raises
    ------
    TrainingError
        There is no fold.
    """
    if not folds:
        raise TrainingError("the average of no folds was asked for; run at least one fold")
    return Metrics(
        **{f.name: fmean(getattr(fold, f.name) for fold in folds) for f in fields(Metrics)}
    )


def roc(labels: ArrayLike, scores: ArrayLike) -> Curve:
    """Return the ROC curve: false positive rate against true positive rate.

    Raises
    ------
    TrainingError
        As `measure`, or only one label occurs, so that one of the rates does not exist.
    """
    from sklearn import metrics as sk  # noqa: PLC0415 - takes as long as torch; trials need no curves

    truth, values = _checked(labels, scores)
    _check_both(truth, "ROC")
    false_rate, true_rate, _ = sk.roc_curve(truth, values)
    return Curve(false_rate, true_rate, float(sk.roc_auc_score(truth, values)))


def precision_recall(labels: ArrayLike, scores: ArrayLike) -> Curve:
    """Return recall against precision, recall falling from 1 to 0.

    Raises
    ------
    TrainingError
        As `measure`, or only one label occurs.
    """
    from sklearn import metrics as sk  # noqa: PLC0415 - takes as long as torch; trials need no curves

    truth, values = _checked(labels, scores)
    _check_both(truth, "precision-recall")
    precision, recall, _ = sk.precision_recall_curve(truth, values)
    return Curve(recall, precision, float(sk.average_precision_score(truth, values)))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    truth = np.asarray(labels)
    values = np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != values.shape or not len(truth):
        raise TrainingError(
            f"labels of shape {truth.shape} and scores of shape {values.shape} can't be measured; "
            "both must be (n,) with n at least 1"
        )
    odd = sorted(set(np.unique(truth).tolist()) - {0, 1})
    if odd:
        raise TrainingError(f"labels hold {odd}; each must be 0 (normal) or 1 (seizure)")
    if np.isnan(values).any():
        raise TrainingError(
            f"{int(np.isnan(values).sum())} of {len(values)} scores are NaN; "
            "the model's weights are broken, train it again"
        )
    return truth.astype(np.bool_), values


def _check_both(truth: NDArray[np.bool_], curve: str) -> None:
    if truth.all() or not truth.any():
        raise TrainingError(
            f"a {curve} curve wants both labels, but all {len(truth)} are {int(truth[0])}; "
            "draw it over several folds together"
        )
