"""What is drawn for a clip: numbers that hang on its seed alone.

Shapes: B clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import NamedTuple

import torch
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.io.files import short_hash

SEED_HEX_DIGITS = 15  # 60 bits: fits int64 and every generator
NUMBERS = 10
"""Numbers drawn for a clip. A new change takes new ones at the end, so that the others stay."""


class Draws(NamedTuple):
    """What was drawn for each clip, on the CPU.

    Attributes
    ----------
    flip
        (B,) bool, mirror left and right.
    angle_deg
        (B,) float32, turn about the frame's centre; positive is clockwise.
    shift_share
        (B, 2) float32, move right and down, as a share of width and height.
    brightness
        (B,) float32, added to values in [0, 1].
    contrast
        (B,) float32, multiplies values in [0, 1].
    crop
        (B, 4) float32, the box that is shown in the whole frame's place: left, top, width and
        height, as shares of the frame's; ``0, 0, 1, 1`` is the whole frame.
    """

    flip: Tensor
    angle_deg: Tensor
    shift_share: Tensor
    brightness: Tensor
    contrast: Tensor
    crop: Tensor


def clip_seed(seed: int, epoch: int, clip_id: str) -> int:
    """Return the seed of one clip in one epoch, in [0, 2^60), the same on every machine."""
    return int(short_hash(seed, epoch, clip_id, digits=SEED_HEX_DIGITS), 16)


def draw(settings: AugmentSettings, seeds: Sequence[int] | Tensor) -> Draws:
    """Draw the changes of every clip from its own seed.

    Parameters
    ----------
    settings
        The ranges; every draw is uniform in them, a crop's aspect in its logarithm.
    seeds
        One whole number of at least 0 for each clip, from `clip_seed`.
    """
    units = torch.stack([uniform(int(seed), NUMBERS) for seed in seeds])  # (B, 10)
    signed = 2 * units - 1
    return Draws(
        flip=units[:, 0] < settings.flip_probability,
        angle_deg=signed[:, 1] * settings.rotate_deg,
        shift_share=signed[:, 2:4] * settings.translate_share,
        brightness=signed[:, 4] * settings.brightness,
        contrast=1 + signed[:, 5] * settings.contrast,
        crop=_crop(units[:, 6:10], settings.crop_area_min, settings.crop_aspect_max),
    )


def uniform(seed: int, count: int) -> Tensor:
    """Return (count,) float32 in [0, 1), from a generator of this seed alone, on the CPU."""
    return torch.rand(count, generator=torch.Generator().manual_seed(seed))


def _crop(units: Tensor, area_min: float, aspect_max: float) -> Tensor:
    """Return boxes (B, 4) of four numbers each.

    A box of a large area has no room for a slender shape: its aspect is drawn between the bounds
    that let it lie within the frame, so that the area is uniform and never below its bound.
    """
    area = 1 - (1 - area_min) * units[:, 0]
    reach = (-area.log()).clamp(max=log(aspect_max))
    aspect = (reach * (2 * units[:, 1] - 1)).exp()
    size = torch.stack([area * aspect, area / aspect], dim=1).sqrt().clamp(max=1)
    return torch.cat([units[:, 2:] * (1 - size), size], dim=1)
