"""Separable filters over whole stacks of images, as sums of shifted images.

A stack is padded once, on all sides, and then taken as one long row of numbers: a shift by a
column is a shift by 1, one by a row a shift by the padded width. Every sum runs over unbroken
memory, and what wraps around lands in the padding. Shifted sums are also the same whatever the
batch and whatever a device does to its matrix products (TF32). Shapes: ... leading dimensions,
H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as fn
from torch import Tensor

Padding = Literal["replicate", "reflect"]


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

    def times(self, factor: float) -> Half:
        """Return the kernel times a number."""
        return Half(tuple(factor * value for value in self.values), self.odd)


@dataclass(frozen=True)
class Wide:
    """Padded images as one row of numbers.

    Parameters
    ----------
    flat
        (numbers,) of all padded images.
    shape
        (..., H, W) of the images without padding.
    reach
        The padding on each side, px.
    """

    flat: Tensor
    shape: torch.Size
    reach: int

    @property
    def row(self) -> int:
        """How far apart two rows are."""
        return self.shape[-1] + 2 * self.reach

    def image(self, flat: Tensor) -> Tensor:
        """Return filtered numbers (fewer than `flat`) as images (..., H, W), a view."""
        strides = [1, self.row]
        step = self.row * (self.shape[-2] + 2 * self.reach)
        for length in reversed(self.shape[:-2]):
            strides.append(step)
            step *= length
        return flat.as_strided(self.shape, strides[::-1])


def widen(images: Tensor, reach: int, mode: Padding = "replicate") -> Wide:
    """Pad images by `reach` px on all sides.

    Parameters
    ----------
    images
        (..., H, W) floating point, with at least one leading dimension.
    reach
        For ``reflect`` fewer than H and W.
    mode
        ``replicate`` repeats the edge, ``reflect`` mirrors about the edge's centre.
    """
    stacked = images.reshape(-1, 1, *images.shape[-2:])
    padded = fn.pad(stacked, (reach,) * 4, mode=mode)
    return Wide(padded.reshape(-1), images.shape, reach)


def filtered(flat: Tensor, unit: int, halves: Sequence[Half]) -> list[Tensor]:
    """Filter numbers with several kernels of one length.

    Parameters
    ----------
    flat
        (numbers,) floating point.
    unit
        How far apart neighbours are: 1 along columns, `Wide.row` along rows.
    halves
        The kernels.

    Returns
    -------
    list of Tensor
        One for each kernel, ``2 * reach * unit`` fewer numbers than `flat`.
    """
    reach = len(halves[0].values) - 1
    kept = len(flat) - 2 * reach * unit
    parities = {half.odd for half in halves}
    middle = flat.narrow(0, reach * unit, kept)
    totals = [middle * half.values[0] for half in halves]
    part = torch.empty_like(middle)
    for step in range(1, reach + 1):
        before = flat.narrow(0, (reach - step) * unit, kept)
        after = flat.narrow(0, (reach + step) * unit, kept)
        for odd in parities:
            torch.add(after, before, alpha=-1 if odd else 1, out=part)
            for total, half in zip(totals, halves, strict=True):
                if half.odd == odd:
                    total.add_(part, alpha=half.values[step])
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
        How images go on at their edges; see `widen`.
    """
    wide = widen(images, len(half) - 1, mode)
    kernels = [Half(tuple(half))]
    (flat,) = filtered(wide.flat, wide.row, kernels)
    (flat,) = filtered(flat, 1, kernels)
    return wide.image(flat)


def box_sum(images: Tensor, reach: int) -> Tensor:
    """Return the sum of each pixel's square of ``2 reach + 1`` px; edges repeat.

    A window is put together of windows of 1, 2, 4, ... px, so that what it costs grows with the
    logarithm of its width, and rounding stays that of a short sum.

    Parameters
    ----------
    images
        (..., H, W) floating point.
    reach
        Half the window, 1 px or more.
    """
    wide = widen(images, reach)
    width = 2 * reach + 1
    return wide.image(_window_sum(_window_sum(wide.flat, wide.row, width), 1, width))


def _window_sum(flat: Tensor, unit: int, width: int) -> Tensor:
    """Return sums of `width` neighbours, an odd number of 3 or more."""
    kept = len(flat) - (width - 1) * unit
    spare = [torch.empty_like(flat), torch.empty_like(flat)]
    sums, power, start = flat, 1, 1
    total = flat.narrow(0, 0, kept)
    while 2 * power <= width:
        length = len(sums) - power * unit
        spare.append(spare.pop(0))
        sums = torch.add(
            sums.narrow(0, 0, length), sums.narrow(0, power * unit, length),
            out=spare[1].narrow(0, 0, length),
        )  # fmt: skip
        power *= 2
        if width & power:
            part = sums.narrow(0, start * unit, kept)
            total = torch.add(total, part) if start == 1 else total.add_(part)
            start += power
    return total


def gradients(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the change of images (..., H, W) a pixel to the right, and a pixel down.

    Half the difference of both neighbours; edges repeat.
    """
    wide = widen(images, 1)
    slope = [Half((0.0, 0.5), odd=True)]
    (right,) = filtered(wide.flat[wide.row : -wide.row], 1, slope)
    (down,) = filtered(wide.flat[1:-1], wide.row, slope)
    return wide.image(right), wide.image(down)
