"""The one door to dense flow: checks, types, devices and chunks are the same for all methods.

Shapes: N pairs, H W pixels.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.vision.flow.chunks import in_chunks
from rodepil.vision.flow.registry import method_of

MIN_SIDE_PX = 10  # two of Farneback's border bands


def dense_flow(before: Tensor, after: Tensor, settings: FlowSettings) -> Tensor:
    """Return where each point of `before` goes in `after`.

    Computed in float32, whatever the type of the images and under autocast as well; nothing is
    kept for gradients.

    Parameters
    ----------
    before, after
        (N, H, W) uint8 or floating point in [0, 255], grey, on one device; sides of 10 px or more.
    settings
        The method and its parameters.

    Returns
    -------
    Tensor
        (N, 2, H, W) float32, right and down, px. A pair with NaN or infinity in it has NaN
        throughout, the other pairs of its batch are as without it. Constant images give 0.

    Raises
    ------
    ValueError
        The images are no two stacks of one shape and device, their numbers are of another type,
        or they are too small.
    """
    _check(before, after)
    method = partial(method_of(settings.method), settings=settings)
    if not (before.is_floating_point() or after.is_floating_point()):
        return in_chunks(method, before, after)
    finite = (torch.isfinite(before) & torch.isfinite(after)).all(-1).all(-1)[:, None, None]
    flow = in_chunks(method, before.where(finite, 0), after.where(finite, 0))
    return flow.where(finite[:, None], math.nan)


def _check(before: Tensor, after: Tensor) -> None:
    for name, images in (("before", before), ("after", after)):
        if images.ndim != 3:  # noqa: PLR2004 - N, H, W
            raise ValueError(
                f"{name} has shape {tuple(images.shape)}, wanted grey images (N, H, W)"
            )
        if not images.is_floating_point() and images.dtype != torch.uint8:
            raise ValueError(f"{name} holds {images.dtype}; give uint8 or floats in [0, 255]")
    if before.shape != after.shape or before.device != after.device:
        raise ValueError(
            f"before has shape {tuple(before.shape)} on {before.device}, after "
            f"{tuple(after.shape)} on {after.device}; give two stacks of one shape and device"
        )
    if min(before.shape[1:]) < MIN_SIDE_PX:
        height, width = before.shape[1:]
        raise ValueError(
            f"images of {width}x{height} px are too small for flow; both sides must have "
            f"{MIN_SIDE_PX} px or more"
        )
