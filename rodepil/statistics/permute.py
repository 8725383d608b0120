"""The permutation test of two rows: does it matter whose prediction is whose.

If two recipes are equally good, a subject's predictions could have come from either: they are
swapped, subject by subject, and the difference of the means over folds is taken again.

References
----------
.. [1] Phipson, B. & Smyth, G. K. (2010). Permutation p-values should never be zero.
   Statistical Applications in Genetics and Molecular Biology, 9(1), article 39.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rodepil.statistics.rates import five
from rodepil.statistics.scored import Floats, Ints

EXACT_SUBJECTS: Final = 14
EQUAL: Final = 1e-12
"""Differences closer than this are the same: sums in another order differ by rounding."""


@dataclass(frozen=True)
class Permuted:
    """What the test gives.

    Parameters
    ----------
    p_values
        (5,) float64 in (0, 1], two-sided, of the five metrics in their order.
    swaps
        Swaps that were tried.
    exact
        Whether these are all there are.
    """

    p_values: Floats
    swaps: int
    exact: bool


def permute(
    one: Floats, other: Floats, fold: Ints, *, draws: int = 10_000, seed: int = 0
) -> Permuted:
    """Test whether two rows differ in their means over folds.

    Parameters
    ----------
    one, other
        (S, 4), the confusion counts of both rows by subject.
    fold
        (S,), each subject's fold.
    draws
        Swaps drawn where there are too many to try each: above ``2**14``. Subjects whose
        counts are the same in both rows need no swap.
    seed
        The same gives the same draws.
    """
    differing = np.flatnonzero((one != other).any(axis=1))
    exact = len(differing) <= EXACT_SUBJECTS
    if exact:
        bits = np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing))
        swapped = (bits & 1).astype(np.float64)
    else:
        generator = np.random.default_rng(seed)
        swapped = generator.integers(0, 2, (draws, len(differing))).astype(np.float64)
    swaps = np.zeros((len(swapped), len(one)))
    swaps[:, differing] = swapped
    seen = np.abs(_differences(one, other, fold, np.zeros((1, len(one)))))
    hits = (np.abs(_differences(one, other, fold, swaps)) >= seen - EQUAL).sum(axis=0)
    p_values = hits / len(swaps) if exact else (1 + hits) / (1 + len(swaps))
    return Permuted(p_values, len(swaps), exact)


def _differences(one: Floats, other: Floats, fold: Ints, swaps: Floats) -> Floats:
    """Return the five differences of the means over folds, (P, 5), of swaps (P, S)."""
    folds = np.unique(fold)
    total = np.zeros((len(swaps), 5))
    for each in folds:
        members = fold == each
        moved = swaps[:, members] @ (other - one)[members]
        total += five(one[members].sum(axis=0) + moved) - five(other[members].sum(axis=0) - moved)
    return total / len(folds)
