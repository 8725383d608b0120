"""Areas under curves and points on them, exact and for many resamples at once.

S subjects, R resamples, K thresholds. A resample only weights subjects, so the areas need no
clips: the AUROC is a quadratic form of the weights over the pairs of positives and negatives
that stand in the right order, and average precision needs, at each score of a positive clip,
each subject's clips at or above it. The results are those of ``roc_auc_score`` and
``average_precision_score`` of scikit-learn with these weights, ties included.

References
----------
.. [1] Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data.
   Biometrics, 53(2), 567-578.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rodepil.statistics.resample import ratio
from rodepil.statistics.scored import Floats, Ints, Scored

CELLS: Final = 2_000_000
"""Resamples times thresholds that are looked at in one go."""

ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Standing:
    """How the clips of subjects stand to each other.

    Parameters
    ----------
    positives, negatives
        (S,) clips by label.
    ordered
        (S, S), pairs of a positive of one subject that scores above a negative of another;
        a tie counts half.
    thresholds
        (K,) falling, the scores that positives have.
    found, alarms
        (S, K), positives and negatives at or above each threshold.
    """

    positives: Floats
    negatives: Floats
    ordered: Floats
    thresholds: Floats
    found: Floats
    alarms: Floats

    @classmethod
    def of(cls, scored: Scored) -> Standing:
        """Count a row's clips."""
        thresholds = np.unique(scored.score[scored.label])[::-1]
        return cls(
            positives=scored.total(scored.label),
            negatives=scored.total(~scored.label),
            ordered=_ordered(scored),
            thresholds=thresholds,
            found=_at_or_above(scored, thresholds, label=True),
            alarms=_at_or_above(scored, thresholds, label=False),
        )

    def auroc(self, weights: Floats, members: Ints) -> Floats:
        """Return the area under the ROC curve of each resample.

        Parameters
        ----------
        weights
            (R, s), how often each of the members is there.
        members
            (s,), subjects.

        Returns
        -------
        array of float64, shape (R,)
            In [0, 1]; NaN, where a class is missing.
        """
        right = ((weights @ self.ordered[np.ix_(members, members)]) * weights).sum(axis=1)
        pairs = (weights @ self.positives[members]) * (weights @ self.negatives[members])
        return ratio(right, pairs, np.nan)

    def average_precision(self, weights: Floats, members: Ints) -> Floats:
        """Return the average precision of each resample, (R,) in [0, 1]; as `auroc`."""
        rising = np.diff(self.found[members].sum(axis=0), prepend=0.0) > 0
        hits = self.found[np.ix_(members, rising)]
        alarms = self.alarms[np.ix_(members, rising)]
        made = np.empty(len(weights))
        for part in _parts(len(weights), hits.shape[1]):
            found = weights[part] @ hits
            called = found + weights[part] @ alarms
            precision = ratio(found, called, 0.0)
            gained = np.diff(found, axis=1, prepend=0.0)
            made[part] = ratio((gained * precision).sum(axis=1), _last(found), np.nan)
        made[weights @ self.negatives[members] == 0] = np.nan
        return made

    def sensitivity(self, weights: Floats, limit: float) -> Floats:
        """Return the most positives found with no more false positives than allowed.

        Parameters
        ----------
        weights
            (R, S), how often each subject is there.
        limit
            False positives allowed for each negative clip, in [0, 1].

        Returns
        -------
        array of float64, shape (R,)
            In [0, 1]; NaN without positives. Only scores of positives need be looked at: a
            threshold between two of them finds no more, and raises no fewer false alarms, than
            the higher of the two.
        """
        made = np.empty(len(weights))
        for part in _parts(len(weights), len(self.thresholds)):
            found = weights[part] @ self.found
            allowed = limit * (weights[part] @ self.negatives) + ROUNDING
            kept = weights[part] @ self.alarms <= allowed[:, None]
            best = np.where(kept, found, 0.0).max(axis=1, initial=0.0)
            made[part] = ratio(best, _last(found), np.nan)
        return made

    def threshold(self, limit: float) -> float | None:
        """Return the lowest score of a positive that keeps to the limit; None if none does."""
        kept = self.alarms.sum(axis=0) <= limit * self.negatives.sum() + ROUNDING
        return float(self.thresholds[kept][-1]) if kept.any() else None


def _ordered(scored: Scored) -> Floats:
    """Count the pairs of every two subjects that stand in the right order, (S, S)."""
    size = len(scored.subjects)
    made = np.zeros((size, size))
    values, owner = scored.score[scored.label], scored.subject[scored.label]
    for at in range(size):
        others = np.sort(scored.score[~scored.label & (scored.subject == at)])
        below = np.searchsorted(others, values, "left") + np.searchsorted(others, values, "right")
        made[:, at] = np.bincount(owner, below / 2, size)
    return made


def _at_or_above(scored: Scored, thresholds: Floats, *, label: bool) -> Floats:
    """Count each subject's clips of a label at or above each threshold, (S, K)."""
    made = np.empty((len(scored.subjects), len(thresholds)))
    for at in range(len(made)):
        values = np.sort(scored.score[(scored.label == label) & (scored.subject == at)])
        made[at] = len(values) - np.searchsorted(values, thresholds, "left")
    return made


def _parts(resamples: int, thresholds: int) -> list[slice]:
    size = max(1, CELLS // max(1, thresholds))
    return [slice(start, start + size) for start in range(0, resamples, size)]


def _last(found: Floats) -> Floats:
    """Return the positives of each resample, (R,): all are at or above the last threshold."""
    return found[:, -1] if found.shape[1] else np.zeros(len(found))
