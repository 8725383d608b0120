"""Embeddings of place and time for another number of patches or frames.

Shapes: T frames, N patches of a frame, C width.

``official`` takes the nearest, as the published loader does: over frames, and over the patches
of a frame laid out in one row, which for places mixes up rows. ``bicubic`` interpolates over
frames, and over the grid of patches, with a wider filter where it shrinks.
"""

from __future__ import annotations

from math import isqrt
from typing import Literal

from torch import Tensor, cat
from torch.nn import functional

Method = Literal["official", "bicubic"]


def resize_time(time_embed: Tensor, frames: int, method: Method) -> Tensor:
    """Return the embedding of time for `frames` frames.

    Parameters
    ----------
    time_embed
        (1, T, C) float.
    frames
        The number wanted.
    method
        ``official``: frame ``t`` takes that of ``floor(t * T / frames)``; ``bicubic``.

    Returns
    -------
    Tensor
        (1, frames, C); the very same tensor where the number stays.
    """
    if time_embed.shape[1] == frames:
        return time_embed
    if method == "official":
        return _nearest(time_embed, frames)
    # A row and not a column: PyTorch 2.14 interpolates a picture that is 1 wide wrongly.
    row = time_embed.transpose(1, 2)[:, :, None]  # (1, C, 1, T)
    return _cubic(row, (1, frames))[:, :, 0].transpose(1, 2).contiguous()


def resize_place(pos_embed: Tensor, patches: int, method: Method) -> Tensor:
    """Return the embedding of place for frames of `patches` patches.

    Parameters
    ----------
    pos_embed
        (1, 1 + N, C) float: CLS, which is kept as it is, and a square grid row by row.
    patches
        The number wanted, a square.
    method
        ``official``: patch ``n`` takes that of ``floor(n * N / patches)``; ``bicubic``.

    Returns
    -------
    Tensor
        (1, 1 + patches, C); the very same tensor where the number stays.
    """
    cls, places = pos_embed[:, :1], pos_embed[:, 1:]
    if places.shape[1] == patches:
        return pos_embed
    if method == "official":
        return cat((cls, _nearest(places, patches)), dim=1)
    side, wanted = isqrt(places.shape[1]), isqrt(patches)
    grid = places.transpose(1, 2).reshape(1, -1, side, side)  # (1, C, side, side)
    return cat((cls, _cubic(grid, (wanted, wanted)).flatten(2).transpose(1, 2)), dim=1)


def _nearest(rows: Tensor, count: int) -> Tensor:
    """Return `rows` (1, R, C) as (1, count, C)."""
    nearest = functional.interpolate(rows.transpose(1, 2), size=count, mode="nearest")
    return nearest.transpose(1, 2).contiguous()


def _cubic(grid: Tensor, size: tuple[int, int]) -> Tensor:
    """Return `grid` (1, C, rows, columns) as (1, C, *size)."""
    return functional.interpolate(
        grid, size=size, mode="bicubic", align_corners=False, antialias=True
    )
