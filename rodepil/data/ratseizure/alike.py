"""Clips whose features are nearly the same: copies that were brightened, cropped or re-encoded.

A clip's sequence is averaged in `BINS` parts of its time. From that the mean of all clips is
taken, for clips of one camera have most in common, and the cosine of what is left is compared. The
least likeness that is told is a choice, not measured on published features: a pair is a hint to
look at, and no clip is moved for it.

N clips, B bins of time, C width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from rodepil.data.audit.likeness import Pair

Floats = npt.NDArray[np.float32]

BINS: Final = 8
LIKENESS_MIN: Final = 0.98
FEWEST: Final = 8
"""With fewer clips their mean is no background, and nothing is said."""

_BLOCK: Final = 1024
_NOTHING: Final = 1e-12


def pooled(sequence: Floats) -> Floats:
    """Return what is compared of a clip.

    Parameters
    ----------
    sequence
        (T, C) float32.

    Returns
    -------
    numpy.ndarray
        (B * C,) float32: means over parts of the clip; a part that holds no window takes the one
        nearest to it.
    """
    edges = np.linspace(0, len(sequence), BINS + 1)
    parts = [
        sequence[int(start) : max(int(start) + 1, int(end))].mean(0)
        for start, end in pairwise(edges.tolist())
    ]
    return np.concatenate(parts).astype(np.float32, copy=False)


def alike(
    vectors: Sequence[Floats], sides: Sequence[object], likeness_min: float = LIKENESS_MIN
) -> list[Pair]:
    """Return the pairs of clips of two sides that are nearly the same.

    Parameters
    ----------
    vectors
        N of (B * C,), as `pooled` makes them.
    sides
        N: where each clip stands; pairs of one side are none.
    likeness_min
        Least cosine, in [-1, 1].

    Returns
    -------
    list of Pair
        The most alike first; their places are those of the vectors.
    """
    if len(vectors) < FEWEST:
        return []
    stacked = np.stack(vectors)
    units = stacked - stacked.mean(0)
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), _NOTHING)
    codes = np.unique(np.array([str(side) for side in sides]), return_inverse=True)[1]
    pairs = list(_across(units, codes, likeness_min))
    return sorted(pairs, key=lambda pair: (-pair.likeness, pair.first, pair.second))


def _across(units: Floats, codes: npt.NDArray[np.int64], likeness_min: float) -> Iterable[Pair]:
    """Yield pairs, block by block, so that memory stays small."""
    for top in range(0, len(units), _BLOCK):
        cosines = units[top : top + _BLOCK] @ units[top:].T
        apart = codes[top : top + _BLOCK, None] != codes[None, top:]
        found = np.nonzero(np.triu(apart & (cosines >= likeness_min), 1))
        for row, column in zip(*found, strict=True):
            yield Pair(int(row) + top, int(column) + top, float(min(1.0, cosines[row, column])))
