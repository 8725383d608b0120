"""The five metrics of many confusion counts at once, and their mean over folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import numpy as np

from rodepil.statistics.resample import over_folds, ratio
from rodepil.statistics.scored import Floats, Ints
from rodepil.train.metrics import Metrics

NAMES: Final[Sequence[str]] = tuple(field.name for field in fields(Metrics))
POSITIVES_NEEDED: Final = np.array([name in {"sensitivity", "precision", "f1"} for name in NAMES])
NEGATIVES_NEEDED: Final = np.array([name == "specificity" for name in NAMES])


def five(counts: Floats) -> Floats:
    """Return accuracy, sensitivity, specificity, precision and F1, (..., 5) in [0, 1].

    Parameters
    ----------
    counts
        (..., 4), at least 0: TN, FP, FN and TP. A ratio without a denominator is 0, as in
        `rodepil.train.metrics.measure`.
    """
    tn, fp, fn, tp = np.moveaxis(counts, -1, 0)
    above = np.stack([tn + tp, tp, tn, tp, 2 * tp], axis=-1)
    below = np.stack([tn + fp + fn + tp, tp + fn, tn + fp, tp + fp, 2 * tp + fp + fn], axis=-1)
    return ratio(above, below, 0.0)


def mean_rates(counts: Floats, fold: Ints, weights: Floats) -> Floats:
    """Return the five metrics' plain means over folds, of each resample.

    Parameters
    ----------
    counts
        (S, 4), by subject.
    fold
        (S,), each subject's fold.
    weights
        (R, S), how often each resample holds each subject.

    Returns
    -------
    array of float64, shape (R, 5)
        In a resample that has lost all clips of a class that a fold has, the fold is left out
        of the means that need them: it says nothing there, which is not 0. NaN, if no fold is
        left.
    """

    def measured(members: Ints, weighted: Floats) -> Floats:
        drawn = weighted @ counts[members]
        whole = counts[members].sum(axis=0)
        lost_positives = (drawn[:, 2:].sum(axis=1) == 0) & (whole[2:].sum() > 0)
        lost_negatives = (drawn[:, :2].sum(axis=1) == 0) & (whole[:2].sum() > 0)
        lost = np.outer(lost_positives, POSITIVES_NEEDED)
        lost |= np.outer(lost_negatives, NEGATIVES_NEEDED)
        return np.where(lost, np.nan, five(drawn))

    return over_folds(fold, weights, measured)
