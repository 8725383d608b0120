"""How well an attribute tells the label by itself: AUROC, its interval, and chance.

N clips, V values in rising order, S strata, R repeats.

References
----------
.. [1] Mann and Whitney (1947): the AUROC is the share of pairs, one clip of either label, whose
   values stand in the right order; a tie is half a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REPEATS: Final = 199
"""Draws for an interval and for chance; the smallest p is 1 / 200."""

SURE_P: Final = 0.01
FEWEST_SUBJECTS: Final = 3
_PERCENTILES: Final = (2.5, 97.5)
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Telling:
    """How well something tells the label.

    Parameters
    ----------
    auroc
        0.5 is chance, 1 tells it always; as telling in either direction.
    low, high
        95 % interval over subjects drawn anew; None with fewer than three.
    p
        How often chance tells as well: values dealt to labels anew, see `Cohort.dealt`.
    rises
        Whether higher values mean a seizure (for a name: whether having it does).
    value
        The name that tells best; None for numbers.
    """

    auroc: float
    low: float | None
    high: float | None
    p: float
    rises: bool
    value: str | None = None


@dataclass(frozen=True)
class Cohort:
    """Labelled clips and their subjects.

    Parameters
    ----------
    labels
        (N,) int64 in {0, 1}, both present.
    subjects
        (N,) names.
    """

    labels: Ints
    subjects: npt.NDArray[np.str_]

    def part(self, mask: npt.NDArray[np.bool_]) -> Cohort:
        """Return the clips where `mask` holds."""
        return self if mask.all() else Cohort(self.labels[mask], self.subjects[mask])

    @property
    def both(self) -> bool:
        """Whether either label is there."""
        return bool(0 < self.labels.sum() < len(self.labels))

    @cached_property
    def owner(self) -> Ints:
        """Each clip's subject as a number, (N,)."""
        return np.unique(self.subjects, return_inverse=True)[1].astype(np.int64)

    @property
    def size(self) -> int:
        """Subjects."""
        return int(self.owner.max()) + 1

    @cached_property
    def weights(self) -> npt.NDArray[np.int32]:
        """How often each clip stands in every draw of subjects with replacement, (R, N)."""
        random = np.random.default_rng(0)
        drawn = random.multinomial(self.size, np.full(self.size, 1 / self.size), size=REPEATS)
        return drawn[:, self.owner].astype(np.int32)

    @cached_property
    def dealt(self) -> npt.NDArray[np.int32]:
        """Whose value each clip gets where chance rules, (R, N) places of clips.

        Every subject gets the values of another (or its own), drawn at random: clips of a subject
        stay as alike as they are, so that a few subjects that differ are not taken for a rule,
        and values say nothing of labels.
        """
        random = np.random.default_rng(1)
        order = np.argsort(self.owner, kind="stable")
        counts = np.bincount(self.owner)
        starts = np.cumsum(counts) - counts
        made = np.empty((REPEATS, len(self.owner)), np.int32)
        for row in made:
            giver = random.permutation(self.size)[self.owner]
            row[:] = order[starts[giver] + (random.random(len(row)) * counts[giver]).astype(int)]
        return made


def auroc(values: Floats, labels: Ints, strata: Ints | None = None) -> float:
    """Return the AUROC of values, (N,), for labels, (N,); ties count half.

    With `strata`, (N,), only clips of one stratum are compared. NaN without a pair.
    """
    codes = np.unique(values, return_inverse=True)[1]
    return _area(codes, labels, None, _zeros(labels) if strata is None else strata)


def judge_number(
    values: Floats, cohort: Cohort, *, strata: Ints | None = None, either: bool = True
) -> Telling:
    """Return how well numbers tell the label.

    Parameters
    ----------
    values
        (N,), one a clip.
    cohort
        The clips.
    strata
        (N,): only clips of one stratum are compared, as scores of one model can be.
    either
        Whether low values may mean a seizure as well; not so for scores of a model.
    """
    layers = _zeros(cohort.labels) if strata is None else strata
    codes = np.unique(values, return_inverse=True)[1].astype(np.int64)
    plain = _area(codes, cohort.labels, None, layers)
    if np.isnan(plain):
        plain = 0.5
    rises = bool(plain >= 0.5) or not either  # noqa: PLR2004 - chance
    drawn = np.array([_area(codes, cohort.labels, row, layers) for row in cohort.weights])
    chance = np.array([_area(codes[row], cohort.labels, None, layers) for row in cohort.dealt])
    if either:
        chance = np.maximum(chance, 1 - chance)
    told = plain if rises else 1 - plain
    low, high = _interval(drawn if rises else 1 - drawn, cohort.size)
    return Telling(told, low, high, _p(chance, told), rises)


def judge_name(values: Sequence[str], cohort: Cohort) -> Telling:
    """Return how well the most telling of several names tells the label, against all others.

    Chance may choose its most telling name as well.
    """
    names, codes = np.unique(np.asarray(values), return_inverse=True)
    codes = codes.astype(np.int64)
    apart = _apart(codes, cohort.labels, None, len(names))
    best = int(np.argmax(np.abs(apart)))
    rises = bool(apart[best] >= 0)
    sign = 1 if rises else -1
    drawn = np.array(
        [sign * _apart(codes, cohort.labels, row, len(names))[best] for row in cohort.weights]
    )
    chance = np.array(
        [np.abs(_apart(codes[row], cohort.labels, None, len(names))).max() for row in cohort.dealt]
    )
    told = 0.5 + abs(float(apart[best])) / 2
    low, high = _interval(0.5 + drawn / 2, cohort.size)
    return Telling(told, low, high, _p(0.5 + chance / 2, told), rises, str(names[best]))


def _area(codes: Ints, labels: Ints, weights: npt.NDArray[np.int32] | None, strata: Ints) -> float:
    """Return the share of pairs in order; codes are the ranks of values, ties alike."""
    size, layers = int(codes.max()) + 1, int(strata.max()) + 1
    place = (strata * 2 + labels) * size + codes
    counts = np.bincount(place, weights, minlength=layers * 2 * size).reshape(layers, 2, size)
    negatives, positives = counts[:, 0], counts[:, 1]
    below = np.cumsum(negatives, axis=1) - negatives / 2
    pairs = float((negatives.sum(1) * positives.sum(1)).sum())
    return float((positives * below).sum()) / pairs if pairs else float("nan")


def _apart(codes: Ints, labels: Ints, weights: npt.NDArray[np.int32] | None, size: int) -> Floats:
    """Return, for each name, its share of seizure clips less its share of normal ones."""
    counts = np.bincount(labels * size + codes, weights, minlength=2 * size).reshape(2, size)
    totals = counts.sum(1)
    if not totals.all():
        return np.full(size, np.nan)
    shares = counts / totals[:, None]
    return np.asarray(shares[1] - shares[0], np.float64)


def _interval(drawn: Floats, subjects: int) -> tuple[float | None, float | None]:
    known = drawn[~np.isnan(drawn)]
    if subjects < FEWEST_SUBJECTS or not len(known):
        return None, None
    low, high = np.percentile(known, _PERCENTILES)
    return float(low), float(high)


def _p(chance: Floats, told: float) -> float:
    known = chance[~np.isnan(chance)]
    return float((1 + np.sum(known >= told - _ROUNDING)) / (1 + len(known)))


def _zeros(labels: Ints) -> Ints:
    return np.zeros(len(labels), np.int64)
