"""Convolutions and pools of I3D, padded as TensorFlow pads 'same'.

Shapes: B clips, C channels, T frames, H W pixels.

Networks run channels-last in memory, where PyTorch's pools on a CPU are ten times as fast.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

Three = tuple[int, int, int]

BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.01


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after `length` numbers: ceil(length / stride) come out.

    Where they can't be even, the one more stands at the end.
    """
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def pad_same(clips: Tensor, kernel: Three, stride: Three) -> Tensor:
    """Return `clips` (B, C, T, H, W) with zeros around T, H and W, as `same_padding` says."""
    sizes = clips.shape[2:]
    sides = [same_padding(*each) for each in zip(sizes, kernel, stride, strict=True)]
    around = [zeros for side in reversed(sides) for zeros in side]  # PyTorch begins with W
    return functional.pad(clips, around) if any(around) else clips


class Unit(nn.Module):
    """A convolution without a bias, batch norm and ReLU.

    Parameters
    ----------
    before, after
        Channels.
    kernel, stride
        In frames, rows and columns.
    """

    def __init__(
        self, before: int, after: int, kernel: Three = (1, 1, 1), stride: Three = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv3d = nn.Conv3d(before, after, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(after, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM)

    def forward(self, clips: Tensor) -> Tensor:
        """Return (B, after, T', H', W') of `clips` (B, before, T, H, W)."""
        products: Tensor = self.conv3d(pad_same(clips, self.kernel, self.stride))
        return functional.relu(self.bn(products), inplace=True)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the one convolution that equals this and its batch norm."""
        spread = torch.sqrt(self.bn.get_buffer("running_var") + self.bn.eps)
        gain = self.bn.weight / spread
        bias = self.bn.bias - self.bn.get_buffer("running_mean") * gain
        return self.conv3d.weight * gain[:, None, None, None, None], bias


class Pool(nn.Module):
    """The greatest of each neighbourhood. What comes in is never below 0, the padding's value."""

    def __init__(self, kernel: Three, stride: Three) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, clips: Tensor) -> Tensor:
        """Return (B, C, T', H', W') of `clips` (B, C, T, H, W), range [0, inf)."""
        padded = pad_same(clips, self.kernel, self.stride)
        return functional.max_pool3d(padded, self.kernel, self.stride)


class Mixed(nn.Module):
    """An inception module: four branches side by side.

    Parameters
    ----------
    before
        Channels that come in.
    widths
        Channels of b0, b1a, b1b, b2a, b2b and b3b; b0, b1b, b2b and b3b come out, in this order.
    """

    def __init__(self, before: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        b0, b1a, b1b, b2a, b2b, b3b = widths
        cube = (3, 3, 3)
        self.b0 = Unit(before, b0)
        self.b1a, self.b1b = Unit(before, b1a), Unit(b1a, b1b, cube)
        self.b2a, self.b2b = Unit(before, b2a), Unit(b2a, b2b, cube)
        self.b3a, self.b3b = Pool(cube, (1, 1, 1)), Unit(before, b3b)

    def forward(self, clips: Tensor) -> Tensor:
        """Return (B, b0 + b1b + b2b + b3b, T, H, W) of `clips` (B, before, T, H, W)."""
        near = self.b1b(self.b1a(clips))
        other = self.b2b(self.b2a(clips))
        return torch.cat((self.b0(clips), near, other, self.b3b(self.b3a(clips))), dim=1)
