"""Brightness and contrast.

Shapes: B clips, N channels, H W pixels.
"""

from __future__ import annotations

from torch import Tensor


def relight_(images: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """Add the brightness, multiply by the contrast, and clip to [0, 1] after each, in place.

    The numbers are those of kornia's ``adjust_brightness`` and ``adjust_contrast``, which take a
    new tensor each: on a CPU fresh memory costs several times what the arithmetic does.

    Parameters
    ----------
    images
        (B, N, H, W) float in [0, 1], written over; no leaf of a graph of gradients.
    brightness, contrast
        (B,) float32, on the CPU.

    Returns
    -------
    Tensor
        The same tensor.
    """
    if brightness.any():
        images.add_(_beside(images, brightness)).clamp_(0, 1)
    if (contrast != 1).any():
        images.mul_(_beside(images, contrast)).clamp_(0, 1)
    return images


def _beside(images: Tensor, factors: Tensor) -> Tensor:
    factors = factors.to(images.dtype)[:, None, None, None]
    return factors.to(images.device, non_blocking=images.is_cuda)
