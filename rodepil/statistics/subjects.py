"""Results of every subject by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rodepil.statistics.curves import Standing
from rodepil.statistics.rates import NAMES, five
from rodepil.statistics.resample import once
from rodepil.statistics.scored import Floats, Scored
from rodepil.train.metrics import THRESHOLD


@dataclass(frozen=True)
class SubjectResult:
    """One subject's clips, tested by a model that never saw it.

    Parameters
    ----------
    subject, fold
        Who, and the fold that tests it.
    negatives, positives
        Its clips by label.
    accuracy, sensitivity, specificity, precision, f1, auroc
        In [0, 1]; None where it has no clip that it could be counted on. F1 of a subject
        without a seizure is None even where false alarms would make it 0.
    """

    subject: str
    fold: int
    negatives: int
    positives: int
    accuracy: float
    sensitivity: float | None
    specificity: float | None
    precision: float | None
    f1: float | None
    auroc: float | None


def by_subject(scored: Scored, threshold: float = THRESHOLD) -> tuple[SubjectResult, ...]:
    """Return every subject's result, by fold and subject."""
    counts = scored.confusion(threshold)
    standing = Standing.of(scored)
    return tuple(
        _result(scored, at, counts[at], standing.auroc(once(scored.fold)[:, :1], np.array([at])))
        for at in range(len(scored.subjects))
    )


def _result(scored: Scored, at: int, counts: Floats, auroc: Floats) -> SubjectResult:
    rates = dict(zip(NAMES, five(counts).tolist(), strict=True))
    tn, fp, fn, tp = counts.astype(int).tolist()
    return SubjectResult(
        subject=scored.subjects[at],
        fold=int(scored.fold[at]),
        negatives=tn + fp,
        positives=fn + tp,
        accuracy=rates["accuracy"],
        sensitivity=rates["sensitivity"] if fn + tp else None,
        specificity=rates["specificity"] if tn + fp else None,
        precision=rates["precision"] if tp + fp else None,
        f1=rates["f1"] if fn + tp else None,
        auroc=None if np.isnan(auroc[0]) else float(auroc[0]),
    )
