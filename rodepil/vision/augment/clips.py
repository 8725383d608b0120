"""Drawn changes, applied to the clips of a batch.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.vision.augment.draws import Draws, draw
from rodepil.vision.augment.geometry import mirror, moved, warp
from rodepil.vision.augment.light import relight_
from rodepil.vision.normalize import to_unit

LEADING_AND_PIXELS = 5
HALVES = (torch.float16, torch.bfloat16)


def apply(frames: Tensor, draws: Draws) -> Tensor:
    """Mirror, crop, turn, move, brighten and stretch clips as drawn, in this order.

    Pixels are interpolated once, whatever moves them. A NaN stays NaN where it goes, and makes
    those NaN that are interpolated with it; other frames and clips know nothing of it. Gradients
    flow to float frames.

    Parameters
    ----------
    frames
        (B, T, C, H, W) uint8 in [0, 255], or float in [0, 1]; any T and C, and any dimensions
        in T's place, such as those of pairs of frames.
    draws
        One for each clip. What the frame does not show is filled with its nearest edge.

    Returns
    -------
    Tensor
        The same shape; float in [0, 1], float32 for uint8, else the dtype of `frames`. Halves
        are computed in float32, since half a grid's numbers are pixels off.

    Raises
    ------
    ValueError
        There are not as many draws as clips, or the frames have no T and C.
    """
    if frames.ndim < LEADING_AND_PIXELS:
        raise ValueError(f"frames of shape {tuple(frames.shape)} came; give (B, T, C, H, W)")
    if len(frames) != len(draws.flip):
        raise ValueError(f"{len(frames)} clips came with {len(draws.flip)} draws; give one each")
    unit = to_unit(mirror(frames, draws.flip))
    exact = unit.float() if unit.dtype in HALVES else unit
    # All frames of a clip stand as channels of one image, so that one grid serves them.
    images = exact.flatten(1, -3)
    if moved(draws).any():
        images = warp(images, draws)
    elif exact is frames:
        images = images.clone()
    return relight_(images, draws.brightness, draws.contrast).view(frames.shape).to(unit.dtype)


class Augment:
    """Draw and apply in one call.

    Parameters
    ----------
    settings
        The ranges of the changes.
    """

    def __init__(self, settings: AugmentSettings) -> None:
        self.settings = settings

    def __call__(self, frames: Tensor, seeds: Sequence[int] | Tensor) -> Tensor:
        """Return changed clips.

        Parameters
        ----------
        frames
            (B, T, C, H, W) uint8 in [0, 255], or float in [0, 1].
        seeds
            One for each clip, from `clip_seed`.

        Returns
        -------
        Tensor
            (B, T, C, H, W) float in [0, 1].
        """
        return apply(frames, draw(self.settings, seeds))
