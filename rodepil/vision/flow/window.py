"""Sums over the window in which motion is taken to be one."""

from __future__ import annotations

from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.vision.flow.filters import box_sum, smooth
from rodepil.vision.flow.pyramid import gaussian_half

SIGMA_OF_REACH = 0.3


def window_sum(images: Tensor, settings: FlowSettings) -> tuple[Tensor, float]:
    """Return weighted sums over each pixel's window, and what divides them into OpenCV's means.

    A box of an even ``winsize`` is a pixel wider, but divided as if it were not, as with OpenCV.

    Parameters
    ----------
    images
        (..., H, W) floating point.
    settings
        ``winsize`` px, and whether a Gaussian weighs the window.
    """
    reach = settings.winsize // 2
    if settings.gaussian:
        return smooth(images, gaussian_half(reach, reach * SIGMA_OF_REACH)), 1.0
    return box_sum(images, reach), float(settings.winsize**2)
