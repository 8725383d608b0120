"""Colour to grey, as OpenCV does it. Shapes: C channels, H W pixels."""

from __future__ import annotations

import torch
from torch import Tensor

BITS = 15
SHARES = (9798, 19235, 3735)  # of 2^15: 0.299, 0.587, 0.114 of red, green, blue


def to_grey(frames: Tensor) -> Tensor:
    """Return the luma of colour frames, for uint8 to the bit what OpenCV's RGB2GRAY gives.

    Parameters
    ----------
    frames
        (..., 3, H, W) RGB, uint8 in [0, 255] or floating point; or (..., 1, H, W), which is grey.

    Returns
    -------
    Tensor
        (..., H, W), the type of `frames`.

    Raises
    ------
    ValueError
        There are neither 1 nor 3 channels.
    """
    channels = frames.shape[-3] if frames.ndim > 2 else 0  # noqa: PLR2004 - C, H, W
    if channels == 1:
        return frames.squeeze(-3)
    if channels != len(SHARES):
        raise ValueError(f"frames of shape {tuple(frames.shape)}; wanted (..., 3 or 1, H, W)")
    red, green, blue = frames.unbind(-3)
    if frames.is_floating_point():
        whole = 1 << BITS
        shares = [share / whole for share in SHARES]
        return red * shares[0] + green * shares[1] + blue * shares[2]
    total = red.to(torch.int32) * SHARES[0]
    total.add_(green, alpha=SHARES[1]).add_(blue, alpha=SHARES[2]).add_(1 << (BITS - 1))
    return (total >> BITS).to(frames.dtype)
