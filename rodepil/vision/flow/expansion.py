"""Polynomial expansion: each pixel's neighbourhood as a quadratic polynomial.

Shapes: N images, H W pixels.

References
----------
.. [1] Farnebäck: Two-Frame Motion Estimation Based on Polynomial Expansion. SCIA 2003.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rodepil.vision.flow.filters import Half, filtered, widen


class Kernels(NamedTuple):
    """What fits a polynomial along one axis.

    Attributes
    ----------
    weight
        The Gaussian weight of a pixel.
    slope
        Weight times offset.
    bend
        Gives the coefficient of the square, by itself.
    second
        The mean square offset under the weight, px².
    """

    weight: Half
    slope: Half
    bend: Half
    second: float


@lru_cache(maxsize=16)
def kernels(reach: int, sigma: float) -> Kernels:
    """Return the kernels of a neighbourhood of ``2 reach + 1`` px under a Gaussian of `sigma` px.

    The normal equations of the fit [1]_ part into the two slopes, the product, and the squares
    with the constant; without the constant the squares part as well.
    """
    offsets = np.arange(-reach, reach + 1, dtype=np.float64)
    weight = np.exp(-(offsets**2) / (2 * sigma**2))
    weight /= weight.sum()
    second, fourth = float(weight @ offsets**2), float(weight @ offsets**4)
    bend = weight * (offsets**2 - second) / (fourth - second**2)
    return Kernels(
        Half(tuple(weight[reach:].tolist())),
        Half(tuple((weight * offsets)[reach:].tolist()), odd=True),
        Half(tuple(bend[reach:].tolist())),
        second,
    )


def expand(images: Tensor, reach: int, sigma: float) -> Tensor:
    """Return halved coefficients of each pixel's polynomial; edges repeat.

    Parameters
    ----------
    images
        (N, H, W) float32.
    reach
        Half the neighbourhood, px.
    sigma
        Of the Gaussian that weighs it, px.

    Returns
    -------
    Tensor
        (5, N, H, W) float32: half the coefficients of y, x, y² and x², a quarter of that of xy,
        which is what the displacement is solved from. A constant image gives 0.
    """
    weight, slope, bend, second = kernels(reach, sigma)
    wide = widen(images, reach)
    level, slanted, bent = filtered(wide.flat, wide.row, [weight, slope, bend])
    by_x, by_xx = filtered(level, 1, [slope.times(0.5 / second), bend.times(0.5)])
    by_y, by_xy = filtered(slanted, 1, [weight.times(0.5 / second), slope.times(0.25 / second**2)])
    (by_yy,) = filtered(bent, 1, [weight.times(0.5)])
    return torch.stack([wide.image(plane) for plane in (by_y, by_x, by_yy, by_xx, by_xy)])
