"""Images at falling sizes, as OpenCV's Farneback flow takes them.

Every level is made from the whole image: a Gaussian blur, then a bilinear resize. Shapes: N
pairs, H W pixels.

References
----------
OpenCV, documentation of ``calcOpticalFlowFarneback``; rules of sizes and blurs as OpenCV 5 has
them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch.nn.functional as fn
from torch import Tensor

from rodepil.vision.flow.filters import smooth

SMALLEST_PX = 32  # a level with a shorter side is left out
FINEST_HALF = (0.5, 0.25)  # the finest level's kernel of 3 px
SIGMAS_WIDE = 5


class Level(NamedTuple):
    """One size of the images.

    Attributes
    ----------
    height, width
        px.
    half_kernel
        The blur before the resize: its middle and what follows.
    """

    height: int
    width: int
    half_kernel: tuple[float, ...]


def levels_of(height: int, width: int, count: int, scale: float) -> list[Level]:
    """Return the levels of an image, the coarsest first; the last is the image's own size.

    Parameters
    ----------
    height, width
        Of the image, px.
    count
        Levels beside the finest, as many of them as keep both sides at 32 px or more.
    scale
        A level's size over that of the next finer one, in (0, 1).
    """
    scales = [1.0]
    while len(scales) <= count and min(height, width) * scales[-1] * scale >= SMALLEST_PX:
        scales.append(scales[-1] * scale)
    return [
        Level(round(height * share), round(width * share), _half_kernel(share))
        for share in reversed(scales)
    ]


def centred(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return images about 0, and what was taken off.

    A constant image becomes exactly 0, and no filter's rounding makes motion of it.

    Parameters
    ----------
    images
        (N, H, W) float32.

    Returns
    -------
    tuple of Tensor
        (N, H, W) and (N, 1, 1) float32.
    """
    low, high = images.amin((-2, -1), keepdim=True), images.amax((-2, -1), keepdim=True)
    middle = (low + high) / 2
    return images - middle, middle


def at_level(images: Tensor, level: Level) -> Tensor:
    """Return images (N, H, W) float32, blurred, in the level's size."""
    return resize(smooth(images, level.half_kernel, "reflect"), level)


def resize(images: Tensor, level: Level) -> Tensor:
    """Return images (N, H, W) float32 in the level's size, bilinear between pixel centres."""
    size = (level.height, level.width)
    if images.shape[-2:] == size:
        return images
    return fn.interpolate(images[None], size=size, mode="bilinear", align_corners=False)[0]


def grown(flow: Tensor, level: Level, scale: float) -> Tensor:
    """Return the flow (2, N, H, W) of the next coarser level for this one, px."""
    larger = resize(flow.flatten(0, 1), level) / scale
    return larger.view(*flow.shape[:2], level.height, level.width)


def gaussian_half(reach: int, sigma: float) -> tuple[float, ...]:
    """Return a Gaussian's middle and what follows; the whole kernel sums to 1."""
    raw = [math.exp(-(step**2) / (2 * sigma**2)) if step else 1.0 for step in range(reach + 1)]
    total = raw[0] + 2 * sum(raw[1:])
    return tuple(value / total for value in raw)


def _half_kernel(share: float) -> tuple[float, ...]:
    sigma = (1 / share - 1) / 2
    if sigma == 0:
        return FINEST_HALF
    return gaussian_half(max(round(sigma * SIGMAS_WIDE) | 1, 3) // 2, sigma)
