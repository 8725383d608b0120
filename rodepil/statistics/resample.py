"""Subjects drawn again with replacement, within their folds.

R resamples, S subjects, M metrics. A resample is a row of weights: how often each subject was
drawn. Every fold keeps its number of subjects; folds of one subject are drawn again among each
other, with all they hold, since within such a fold there is nothing to draw.

References
----------
.. [1] Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application,
   chapters 3.2 (several samples) and 3.8 (hierarchical data). Cambridge University Press.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from rodepil.statistics.scored import Bools, Floats, Ints

LONE: Final = -1
"""The stratum of all subjects that are a fold of their own."""


@dataclass(frozen=True)
class Chance:
    """How often chance is asked, and what an interval is to hold.

    Parameters
    ----------
    resamples
        Of subjects, for intervals; at least 2.
    swaps
        Of the permutation test, where there are too many to try each.
    level
        Share of studies whose interval holds the true value, in (0, 1).
    seed
        The same gives the same numbers.
    """

    resamples: int = 10_000
    swaps: int = 10_000
    level: float = 0.95
    seed: int = 0


CHANCE: Final = Chance()


def strata(fold: Ints) -> Ints:
    """Return the stratum within which each subject is drawn: its fold, or `LONE`.

    Parameters
    ----------
    fold
        (S,), each subject's fold, at least 0.
    """
    _, at, sizes = np.unique(fold, return_inverse=True, return_counts=True)
    return np.where(sizes[at] > 1, fold, LONE)


def draw(fold: Ints, chance: Chance = CHANCE) -> Floats:
    """Draw subjects again.

    Parameters
    ----------
    fold
        (S,), each subject's fold.
    chance
        Its resamples, R, and its seed.

    Returns
    -------
    array of float64, shape (R, S)
        Whole numbers; the sum over a stratum is its number of subjects.

    Raises
    ------
    ValueError
        Fewer than two resamples are asked for.
    """
    resamples = chance.resamples
    if resamples < 2:  # noqa: PLR2004 - a spread wants two
        raise ValueError(f"{resamples} resamples have no spread; ask for at least 2")
    generator = np.random.default_rng(chance.seed)
    stratum = strata(fold)
    weights = np.empty((resamples, len(fold)))
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        even = np.full(len(members), 1 / len(members))
        weights[:, members] = generator.multinomial(len(members), even, size=resamples)
    return weights


def once(fold: Ints) -> Floats:
    """Return (1, S) float64 of ones: every subject once, as in the data themselves."""
    return np.ones((1, len(fold)))


def over_folds(fold: Ints, weights: Floats, measure: Callable[[Ints, Floats], Floats]) -> Floats:
    """Return the plain mean over folds of what is measured in each, by resample.

    Parameters
    ----------
    fold
        (S,), each subject's fold.
    weights
        (R, S), of `draw` or `once`.
    measure
        Called with the subjects of a fold, (s,) int64, and their weights, (R, s); returns
        (R, M), NaN where it is not defined.

    Returns
    -------
    array of float64, shape (R, M)
        Over the folds where it is defined; NaN where it is in none. A fold of one subject
        counts as often as it was drawn.
    """
    stratum = strata(fold)
    total: Floats | float = 0.0
    share: Floats | float = 0.0
    for one in np.unique(fold):
        members = np.flatnonzero(fold == one)
        weighted = weights[:, members]
        values = measure(members, weighted)
        known: Bools = ~np.isnan(values)
        times = weighted if stratum[members[0]] == LONE else np.ones((len(weights), 1))
        total = total + times * np.where(known, values, 0.0)
        share = share + times * known
    return ratio(np.asarray(total), np.asarray(share), np.nan)


def ratio(above: Floats, below: Floats, otherwise: float) -> Floats:
    """Return `above` over `below`, and `otherwise` where that is not above 0."""
    return np.asarray(np.divide(above, below, out=np.full(below.shape, otherwise), where=below > 0))
