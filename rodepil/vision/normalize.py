"""Pixels to the numbers that a network expects.

Shapes: B clips, T frames, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Triple = tuple[float, float, float]
"""A number for each channel."""

MEAN: Triple = (0.45, 0.45, 0.45)
STD: Triple = (0.225, 0.225, 0.225)
WHITE = 255.0


def to_unit(frames: Tensor) -> Tensor:
    """Return frames as floats in [0, 1].

    Parameters
    ----------
    frames
        Any shape; uint8 in [0, 255], or float in [0, 1], which is passed on as it is.
    """
    return frames if frames.is_floating_point() else frames.to(torch.float32).div_(WHITE)


def normalize(frames: Tensor, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> Tensor:
    """Return ``(frames - mean) / std`` by channel.

    Parameters
    ----------
    frames
        (B, T, 3, H, W) uint8 in [0, 255], or float in [0, 1].
    mean, std
        One number a channel, for frames in [0, 1]. The defaults are those of the published
        TimeSformer weights.

    Returns
    -------
    Tensor
        (B, T, 3, H, W) float32 for uint8, else the dtype of `frames`.

    Raises
    ------
    ValueError
        When `mean` or `std` is not one number a channel, or a `std` is not above 0.
    """
    channels = frames.shape[-3]
    if len(mean) != channels or len(std) != channels or min(std) <= 0:
        raise ValueError(
            f"mean {tuple(mean)} and std {tuple(std)} must be {channels} numbers each, std above 0"
        )
    if frames.is_floating_point():
        dtype, scale = frames.dtype, 1.0
    else:
        dtype, scale = torch.float32, WHITE
    shape = (channels, 1, 1)
    gain = torch.tensor([1 / (scale * s) for s in std], dtype=dtype)
    shift = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)], dtype=dtype)
    gain, shift = (  # the host goes on while a GPU computes
        each.to(frames.device, non_blocking=frames.is_cuda) for each in (gain, shift)
    )
    return torch.addcmul(shift.view(shape), frames.to(dtype), gain.view(shape))
