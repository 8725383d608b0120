"""Quantiles of Student's t for whole degrees of freedom, without SciPy.

References
----------
.. [1] Abramowitz, M. & Stegun, I. A. (1964). Handbook of Mathematical Functions, formulas
   26.7.3 and 26.7.4. National Bureau of Standards.
"""

from __future__ import annotations

import math
from typing import Final

STEPS: Final = 200


def within(t: float, freedom: int) -> float:
    """Return the probability that |T| is at most `t`.

    Parameters
    ----------
    t
        At least 0.
    freedom
        Degrees of freedom, at least 1.
    """
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(2 + odd, freedom - 1, 2):
        term *= cosine**2 * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def two_sided(level: float, freedom: int) -> float:
    """Return the t with |T| at most t in a share `level` of cases.

    Parameters
    ----------
    level
        In (0, 1), as 0.95.
    freedom
        Degrees of freedom, at least 1.

    Raises
    ------
    ValueError
        Either is out of range.
    """
    if not 0 < level < 1 or freedom < 1:
        raise ValueError(f"level {level} must be in (0, 1), freedom {freedom} at least 1")
    low, high = 0.0, 1.0
    while within(high, freedom) < level:
        high *= 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle, freedom) < level else (low, middle)
    return high
