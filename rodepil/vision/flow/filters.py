"""Separable filters over whole stacks of images, as sums of shifted images.

Shifted sums give the same bits whatever the batch and the device's matrix settings, which a
convolution with TF32 would not. Shapes: ... leading dimensions, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch.nn.functional as fn
from torch import Tensor

Padding = Literal["replicate", "reflect"]

ROWS, COLUMNS = -2, -1


class Half(NamedTuple):
    """A kernel that is even or odd about its middle.

    Attributes
    ----------
    values
        Its middle and what follows.
    odd
        What stands before the middle has the opposite sign; the middle is 0.
    """

    values: tuple[float, ...]
    odd: bool = False


def pad(images: Tensor, dim: int, by: int, mode: Padding = "replicate") -> Tensor:
    """Return images that go on by `by` px before and after, along one of their axes.

    Parameters
    ----------
    images
        (..., H, W) floating point, with at least one leading dimension.
    dim
        `ROWS` or `COLUMNS`.
    by
        Pixels on each side; for ``reflect`` fewer than the axis has.
    mode
        ``replicate`` repeats the edge, ``reflect`` mirrors about the edge's centre.
    """
    if by == 0:
        return images
    amounts = (by, by, 0, 0) if dim == COLUMNS else (0, 0, by, by)
    stacked = images.reshape(-1, 1, *images.shape[-2:])
    padded = fn.pad(stacked, amounts, mode=mode)
    return padded.reshape(*images.shape[:-2], *padded.shape[-2:])


def filter_axis(
    images: Tensor, dim: int, halves: Sequence[Half], mode: Padding = "replicate"
) -> list[Tensor]:
    """Filter images along one axis with several kernels of one length.

    Parameters
    ----------
    images
        (..., H, W) floating point.
    dim
        `ROWS` or `COLUMNS`.
    halves
        The kernels.
    mode
        How images go on at their edges; see `pad`.

    Returns
    -------
    list of Tensor
        (..., H, W), one for each kernel.
    """
    reach = len(halves[0].values) - 1
    padded = pad(images, dim, reach, mode)
    parities = {half.odd for half in halves}
    totals = [images * half.values[0] for half in halves]
    for step in range(1, reach + 1):
        before = padded.narrow(dim, reach - step, images.shape[dim])
        after = padded.narrow(dim, reach + step, images.shape[dim])
        parts = {odd: after - before if odd else after + before for odd in parities}
        for total, half in zip(totals, halves, strict=True):
            total.add_(parts[half.odd], alpha=half.values[step])
    return totals


def smooth(images: Tensor, half: Sequence[float], mode: Padding = "replicate") -> Tensor:
    """Filter both axes with an even kernel.

    Parameters
    ----------
    images
        (..., H, W) floating point.
    half
        The kernel's middle and what follows it.
    mode
        How images go on at their edges.
    """
    for dim in (ROWS, COLUMNS):
        (images,) = filter_axis(images, dim, [Half(tuple(half))], mode)
    return images


def box_sum(images: Tensor, reach: int) -> Tensor:
    """Return the sum of each pixel's square of ``2 reach + 1`` px; edges repeat.

    A window is put together of windows of 1, 2, 4, ... px, so that what it costs grows with the
    logarithm of its width, and rounding stays that of a short sum.

    Parameters
    ----------
    images
        (..., H, W) floating point.
    reach
        Half the window, px.
    """
    for dim in (ROWS, COLUMNS):
        images = _window_sum(pad(images, dim, reach), dim, 2 * reach + 1)
    return images


def _window_sum(padded: Tensor, dim: int, width: int) -> Tensor:
    """Return sums of `width` neighbours, ``width - 1`` fewer along `dim`."""
    kept = padded.shape[dim] - width + 1
    total, sums, power = padded.narrow(dim, 0, kept), padded, 1  # the width is odd
    start = 1
    while 2 * power <= width:
        length = sums.shape[dim] - power
        sums = sums.narrow(dim, 0, length) + sums.narrow(dim, power, length)
        power *= 2
        if width & power:
            total = total + sums.narrow(dim, start, kept)
            start += power
    return total
