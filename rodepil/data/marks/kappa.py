"""Cohen's kappa of two annotators over time bins.

References
----------
.. [1] Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and
   Psychological Measurement, 20(1), 37-46.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bins = npt.NDArray[np.bool_]
_EPSILON = 1e-9


def bins_of(spans: Sequence[tuple[float, float]], duration_s: float, bin_s: float) -> Bins:
    """Say of each bin of a recording whether marked intervals cover at least half of it.

    Parameters
    ----------
    spans
        Start and end of intervals in seconds; what overlaps counts once.
    duration_s
        The recording's length; the last bin is shorter where it does not divide.
    bin_s
        A bin's length in seconds.

    Returns
    -------
    array of bool, shape (bins,)
    """
    count = max(1, math.ceil(duration_s / bin_s - _EPSILON))
    edges = np.minimum(np.arange(count + 1) * bin_s, duration_s)
    return np.asarray(np.diff(_covered(edges, spans)) >= np.diff(edges) / 2 - _EPSILON)


def kappa(one: Bins, other: Bins) -> float | None:
    """Return Cohen's kappa of two annotators' bins.

    Parameters
    ----------
    one, other
        Shape (bins,), the same bins.

    Returns
    -------
    float or None
        In [-1, 1]; None where chance alone would agree in every bin (no bin at all, or both say
        the same of all), for which it is not defined.
    """
    if not len(one):
        return None
    observed = float(np.mean(one == other))
    first, second = float(np.mean(one)), float(np.mean(other))
    chance = first * second + (1 - first) * (1 - second)
    return None if chance >= 1 else (observed - chance) / (1 - chance)


def _covered(
    edges: npt.NDArray[np.float64], spans: Sequence[tuple[float, float]]
) -> npt.NDArray[np.float64]:
    """Return the seconds that intervals cover up to each edge, shape of `edges`."""
    joined: list[list[float]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    if not joined:
        return np.zeros_like(edges)
    times = np.array(joined).ravel()  # start, end, start, end, ... rising
    covered = np.zeros(len(times))
    covered[1::2] = np.diff(np.array(joined)).ravel()
    return np.asarray(np.interp(edges, times, np.cumsum(covered), left=0.0))
