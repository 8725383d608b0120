"""The layers ahead of I3D's inception modules, for windows that overlap; `slide` says why.

Shapes: W windows, N frames, G pairs of frames and so outputs of a first convolution over all of
them, L outputs of it in a window, M pictures, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.models.i3d.units import Unit, same_padding

TIME_STRIDE = 2
"""Frames from an output of the first convolution to the next one's."""

PAIRS = 4
"""Pairs of taps in the first convolution's seven; the last has a tap that is 0."""

SHORTEST = 10
"""Frames of the shortest window whose two ends don't meet."""

TAPS = 3
"""Of the second convolution over time."""


class SharedStem:
    """Makes what the stem gives for each of several windows.

    Parameters
    ----------
    parts
        The two convolutions over time, the one between, and the two pools, in their order.
    frames, stride_frames
        Frames of a window, and from its start to the next one's: both even.
    """

    def __init__(self, parts: Sequence[nn.Module], frames: int, stride_frames: int) -> None:
        first, self._pool, self._point, cube, self._last_pool = parts
        self._length, self._hop = frames // TIME_STRIDE, stride_frames // TIME_STRIDE
        self._first = _first_kernel(cast("Unit", first))
        self._cube = _cube_kernel(cast("Unit", cube))

    def __call__(self, clip: Tensor) -> Tensor:
        """Return (W, C, L, H/8, W/8) of the frames (N, 3, H, W) that W windows span."""
        pairs = clip.reshape(len(clip) // TIME_STRIDE, -1, *clip.shape[2:])
        starts = torch.arange(0, len(pairs) - self._length + 1, self._hop, device=clip.device)
        products = _convolve(pairs, *self._first, TIME_STRIDE)
        shared = len(pairs) - PAIRS + 1
        # ReLU is as well done after a pool, of fewer numbers.
        pictures = self._pool(self._sums_of_pairs(products, starts)[:, :, None]).relu_()
        products = _convolve(self._point(pictures)[:, :, 0], *self._cube)
        volumes = self._sums_of_taps(products[:shared], products[shared:], starts)
        volumes = self._last_pool(volumes[:, :, None])[:, :, 0].relu_()
        windows: Tensor = volumes[self._places(starts, shared - 2)].transpose(1, 2)
        return windows.contiguous(memory_format=torch.channels_last_3d)

    def _sums_of_pairs(self, products: Tensor, starts: Tensor) -> Tensor:
        """Return outputs that see no zeros, 1 to G - 3, then all windows' 0, L - 2 and L - 1."""
        one, two, three, four = products.chunk(PAIRS, dim=1)
        last = starts + self._length - 1
        full = (one[:-3] + two[1:-2]).add_(three[2:-1]).add_(four[3:])
        begun = two[starts].add_(three[starts + 1]).add_(four[starts + 2])
        ending = one[last - 2].add_(two[last - 1]).add_(three[last])
        ended = one[last - 1].add_(two[last])
        return torch.cat((full, begun, ending, ended))

    def _sums_of_taps(self, full: Tensor, ends: Tensor, starts: Tensor) -> Tensor:
        """Return outputs 2 to G - 4 of shared inputs, then windows' 0, 1, L - 3, L - 2, L - 1.

        `full` begins with input 1; `ends` are inputs 0, L - 2 and L - 1 of the windows.
        """
        before, here, after = full.chunk(TAPS, dim=1)
        begun, ending, ended = ([*of.chunk(TAPS, dim=1)] for of in ends.chunk(3))
        first, last = starts, starts + self._length - 4  # places of inputs 1 and L - 3 in `full`
        sums = (
            (before[:-2] + here[1:-1]).add_(after[2:]),
            begun[1] + after[first],
            (begun[0] + here[first]).add_(after[first + 1]),
            (before[last - 1] + here[last]).add_(ending[2]),
            (before[last] + ending[1]).add_(ended[2]),
            ending[0] + ended[1],
        )
        return torch.cat(sums)

    def _places(self, starts: Tensor, shared: int) -> Tensor:
        """Return (W, L): where each output of each window stands among `_sums_of_taps`."""
        windows = len(starts)
        own = shared + torch.arange(windows, device=starts.device)
        middle = starts[:, None] + torch.arange(self._length - 5, device=starts.device)
        ends = [own + windows * kind for kind in range(5)]
        return torch.cat((torch.stack(ends[:2], 1), middle, torch.stack(ends[2:], 1)), dim=1)


def _first_kernel(unit: Unit) -> tuple[Tensor, Tensor]:
    """Return weights (4C, 6, 7, 7) that make of a pair of frames what each pair of taps does."""
    weight, bias = unit.folded()
    taps = functional.pad(weight, (0, 0, 0, 0, 0, 1))
    taps = taps.reshape(*taps.shape[:2], PAIRS, TIME_STRIDE, *taps.shape[3:])
    zeros = torch.zeros_like(bias)
    # Each output takes the second pair of taps once, and with it the bias.
    biases = torch.cat((zeros, bias, zeros, zeros))
    return taps.permute(2, 0, 3, 1, 4, 5).flatten(2, 3).flatten(0, 1), biases


def _cube_kernel(unit: Unit) -> tuple[Tensor, Tensor]:
    """Return weights (3C, C', 3, 3), one tap after the other."""
    weight, bias = unit.folded()
    zeros = torch.zeros_like(bias)
    # Each output takes the middle tap once, and with it the bias.
    return weight.permute(2, 0, 1, 3, 4).flatten(0, 1), torch.cat((zeros, bias, zeros))


def _convolve(pictures: Tensor, weight: Tensor, bias: Tensor, stride: int = 1) -> Tensor:
    """Return (M, C', H', W') of `pictures` (M, C, H, W), padded in the plane as 'same' is."""
    rows, columns = (same_padding(n, weight.shape[-1], stride) for n in pictures.shape[2:])
    padded = functional.pad(pictures, (*columns, *rows))
    padded = padded.contiguous(memory_format=torch.channels_last)
    return functional.conv2d(padded, weight, bias, stride=stride)
