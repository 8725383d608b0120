"""mAP of found segments, with its interval over subjects.

R resamples, S subjects, C classes, K thresholds of tIoU, P predictions.

All is matched once, and a resample only counts. Copies of a prediction stand side by side in the
order of scores. Precision after the last copy of a hit is at least that after the others, and
precision is made falling from the right, so that the area is that of the copied videos exactly.

A class that a resample leaves without truths is no part of that resample's mean.

References
----------
.. [1] `rodepil.scoring.average_precision` has the rules of mAP, `rodepil.statistics.intervals`
   those of intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rodepil.statistics.intervals import Estimate, difference, rate
from rodepil.statistics.matched import Matched
from rodepil.statistics.resample import Chance, draw, once, over_folds
from rodepil.statistics.scored import Bools, Floats, Ints

CHANCE: Final = Chance(resamples=1000)
BLOCK: Final = 2_000_000
"""So many weights of predictions are held at once."""


@dataclass(frozen=True)
class Localized:
    """mAP at each threshold, and their mean, with intervals over subjects."""

    by_threshold: tuple[Estimate, ...]
    mean: Estimate


@dataclass(frozen=True)
class Replicates:
    """mAP at each threshold, and last their mean, as it is and in every resample of subjects.

    Parameters
    ----------
    values, drawn
        (K + 1,) and (R, K + 1) float64, in [0, 1].
    subjects, fold
        Who was drawn: S names, and (S,) int64.
    level
        What an interval is to hold.
    """

    values: Floats
    drawn: Floats
    subjects: tuple[str, ...]
    fold: Ints
    level: float

    @classmethod
    def of(cls, matched: Matched, chance: Chance = CHANCE) -> Replicates:
        """Draw subjects again; the same chance draws the same for everything that they tested."""
        values, drawn = _replicates(matched, chance)
        return cls(values, drawn, matched.subjects, matched.fold, chance.level)

    def sure(self) -> Localized:
        """Return mAP with its intervals."""
        found = [
            rate(float(value), self.drawn[:, at], self.fold, self.level)
            for at, value in enumerate(self.values)
        ]
        return Localized(tuple(found[:-1]), found[-1])

    def less(self, other: Replicates) -> Estimate:
        """Return the mean mAP less that of another, of the same subjects in each resample.

        Raises
        ------
        ValueError
            They were tested on different subjects.
        """
        if self.subjects != other.subjects or self.fold.tolist() != other.fold.tolist():
            raise ValueError("a difference wants the same subjects on both sides; test both so")
        lost = self.drawn[:, -1] - other.drawn[:, -1]
        return difference(float(self.values[-1] - other.values[-1]), lost, self.fold, self.level)


def by_class(matched: Matched) -> Floats:
    """Return AP of every class at every threshold, (C, K): the mean over folds that have it.

    NaN for a class without truths.
    """

    def measure(members: Ints, weights: Floats) -> Floats:
        return weighted_ap(matched, members, weights).reshape(len(weights), -1)

    values = _plain_mean(matched, measure)
    shape = (len(matched.classes), len(matched.thresholds))
    return np.asarray(values.reshape(shape), dtype=np.float64)


def by_fold(matched: Matched) -> Mapping[int, Floats]:
    """Return mAP at each threshold, (K,), of every fold by itself."""
    everyone = np.arange(len(matched.fold))
    found = {}
    for fold in np.unique(matched.fold).tolist():
        members = everyone[matched.fold == fold]
        found[fold] = _over_classes(weighted_ap(matched, members, np.ones((1, len(members)))))[0]
    return found


def weighted_ap(matched: Matched, members: Ints, weights: Floats) -> Floats:
    """Return AP where subjects are drawn several times or not at all.

    Parameters
    ----------
    matched
        Predictions and truths.
    members
        (s,) int64, places of the subjects that are scored.
    weights
        (R, s), whole numbers: how often each was drawn.

    Returns
    -------
    array of float64, shape (R, C, K)
        In [0, 1]; NaN where a resample has no truth of the class.
    """
    column = np.full(len(matched.subjects), -1, dtype=np.int64)
    column[members] = np.arange(len(members))
    wanted = weights @ matched.truths[members]
    found = np.full((len(weights), len(matched.classes), len(matched.thresholds)), np.nan)
    for at in range(len(matched.classes)):
        kept = (matched.label == at) & (column[matched.owner] >= 0)
        hit = matched.hit[kept]
        last = int(np.flatnonzero(hit.any(axis=1)).max(initial=-1)) + 1
        owners = column[matched.owner[kept]][:last]
        step = max(1, BLOCK // max(last, 1))
        for first in range(0, len(weights), step):
            some = slice(first, first + step)
            found[some, at] = _areas(weights[some][:, owners], hit[:last], wanted[some, at])
    return found


def _areas(weights: Floats, hit: Bools, wanted: Floats) -> Floats:
    """Return the areas under precision over recall, (R, K), of predictions by falling score.

    Parameters
    ----------
    weights
        (R, P), how often each prediction is there.
    hit
        (P, K); later ones that hit nothing may be left out, for they change no area.
    wanted
        (R,), true segments.
    """
    found = np.full((len(weights), hit.shape[1]), np.nan)
    there = wanted > 0
    before = np.maximum(np.cumsum(weights[there], axis=1), 1)
    for at in range(hit.shape[1]):
        right = weights[there] * hit[:, at]
        precision = np.cumsum(right, axis=1) / before
        falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        found[there, at] = (falling * right).sum(axis=1) / wanted[there]
    return found


def _over_classes(ap: Floats) -> Floats:
    """Return the mean over classes that have truths, (R, K), of AP (R, C, K)."""
    there = ~np.isnan(ap)
    total, classes = np.where(there, ap, 0).sum(axis=1), there.sum(axis=1)
    return np.asarray(
        np.divide(total, classes, out=np.full(total.shape, np.nan), where=classes > 0)
    )


def _replicates(matched: Matched, chance: Chance) -> tuple[Floats, Floats]:
    """Return mAP at each threshold and their mean, (K + 1,) as it is and (R, K + 1) drawn."""

    def measure(members: Ints, weights: Floats) -> Floats:
        return _over_classes(weighted_ap(matched, members, weights))

    drawn = over_folds(matched.fold, draw(matched.fold, chance), measure)
    both = np.concatenate([_plain_mean(matched, measure)[None], drawn])
    with_mean = np.concatenate([both, both.mean(axis=1, keepdims=True)], axis=1)
    return with_mean[0], with_mean[1:]


def _plain_mean(matched: Matched, measure: Callable[[Ints, Floats], Floats]) -> Floats:
    """Return the mean over folds, each subject taken once."""
    return np.asarray(over_folds(matched.fold, once(matched.fold), measure)[0], dtype=np.float64)
