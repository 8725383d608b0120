"""How numbers become pictures that a person can see something in.

Shapes: C channels, H W pixels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.vision.modality.flow import as_hues, as_vectors
from rodepil.vision.normalize import WHITE

FACTORS = (20, 10, 5, 2)
SHARE_IN_SCALE = 0.95
"""Of the numbers that tell a change, so many stay within the scale when they are amplified."""
TELLING = 0.5 / WHITE
"""Less than that of the scale is no level of a byte."""
BORDER_PX = 5
MAX_BORDER_SHARE = 0.25
WHEEL_PX = 96


def round_factor(values: Tensor) -> int:
    """Return the round number by which values in units of their scale can be multiplied.

    Of those that tell a change nearly all then stay within the scale, however few they are; where
    nothing changes it is 1.
    """
    flat = values.flatten()
    telling = flat[flat > TELLING]
    if not len(telling):
        telling = flat[flat > 0]
    if not len(telling):
        return 1
    high = float(telling.kthvalue(math.ceil(SHARE_IN_SCALE * len(telling))).values)
    return next((factor for factor in FACTORS if high * factor <= 1), 1)


def inner(numbers: Tensor, winsize: int) -> Tensor:
    """Return numbers (..., H, W) away from the borders, where flow's windows end.

    At least the middle half of each side is left.
    """
    band = max(BORDER_PX, winsize)
    down, right = (min(band, int(side * MAX_BORDER_SHARE)) for side in numbers.shape[-2:])
    return numbers[..., down : numbers.shape[-2] - down, right : numbers.shape[-1] - right]


def to_bytes(pictures: Tensor) -> Tensor:
    """Return pictures, uint8 or float in [0, 1], as uint8 in [0, 255]."""
    if pictures.dtype == torch.uint8:
        return pictures
    return (pictures.clamp(0, 1) * WHITE).round().to(torch.uint8)


def wheel(settings: FlowInputSettings, side_px: int = WHEEL_PX) -> Tensor:
    """Return what colours of flow mean, (3, side, side) uint8: motion from the middle outwards.

    The scale ends at the rim; beyond it all is white.
    """
    places = (torch.arange(side_px) + 0.5) / side_px * 2 - 1
    flow = torch.stack([places.expand(side_px, side_px), places[:, None].expand(side_px, side_px)])
    picture = as_hues(flow[None])[0] if settings.picture == "hsv" else as_vectors(flow)
    return to_bytes(torch.where(flow.norm(dim=0) <= 1, picture, torch.ones(())))
