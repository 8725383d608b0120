"""Random changes of training clips, computed on the clips' device for a whole batch.

Shapes: B clips, T frames, C channels, H W pixels.

A clip gets one draw, the same for all its frames, and the draw hangs on the clip's seed
alone: not on the batch it is in, nor on the number of workers or the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from kornia.enhance import adjust_brightness, adjust_contrast
from kornia.geometry.transform import get_affine_matrix2d, hflip, warp_affine
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.io.files import short_hash
from rodepil.vision.normalize import to_unit

SEED_HEX_DIGITS = 15  # 60 bits: fits int64 and every generator


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
    """

    flip: Tensor
    angle_deg: Tensor
    shift_share: Tensor
    brightness: Tensor
    contrast: Tensor


def clip_seed(seed: int, epoch: int, clip_id: str) -> int:
    """Return the seed of one clip in one epoch, in [0, 2^60), the same on every machine."""
    return int(short_hash(seed, epoch, clip_id, digits=SEED_HEX_DIGITS), 16)


def draw(settings: AugmentSettings, seeds: Sequence[int] | Tensor) -> Draws:
    """Draw the changes of every clip from its own seed.

    Parameters
    ----------
    settings
        The ranges; every draw is uniform in them.
    seeds
        One whole number of at least 0 for each clip, from `clip_seed`.
    """
    units = torch.stack([_six_numbers(int(seed)) for seed in seeds])  # (B, 6) in [0, 1)
    signed = 2 * units - 1
    return Draws(
        flip=units[:, 0] < settings.flip_probability,
        angle_deg=signed[:, 1] * settings.rotate_deg,
        shift_share=signed[:, 2:4] * settings.translate_share,
        brightness=signed[:, 4] * settings.brightness,
        contrast=1 + signed[:, 5] * settings.contrast,
    )


def apply(frames: Tensor, draws: Draws) -> Tensor:
    """Mirror, turn, move, brighten and stretch clips as drawn, in this order.

    Parameters
    ----------
    frames
        (B, T, C, H, W) uint8 in [0, 255], or float in [0, 1].
    draws
        One for each clip. What the frame does not show is filled with its nearest edge.

    Returns
    -------
    Tensor
        (B, T, C, H, W) float in [0, 1], float32 for uint8.

    Raises
    ------
    ValueError
        When there are not as many draws as clips.
    """
    if len(frames) != len(draws.flip):
        raise ValueError(f"{len(frames)} clips came with {len(draws.flip)} draws; give one each")
    # All frames of a clip stand as channels of one image, so that one grid serves them.
    images = to_unit(_mirror(frames, draws.flip)).flatten(1, 2)
    if draws.angle_deg.any() or draws.shift_share.any():
        images = _warp(images, draws.angle_deg, draws.shift_share)
    if draws.brightness.any():
        images = adjust_brightness(images, draws.brightness)
    if (draws.contrast != 1).any():
        images = adjust_contrast(images, draws.contrast)
    return images.view(frames.shape)


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


def _six_numbers(seed: int) -> Tensor:
    return torch.rand(6, generator=torch.Generator().manual_seed(seed))


def _mirror(frames: Tensor, flip: Tensor) -> Tensor:
    if not flip.any():
        return frames
    # A stack of clips is 8 to 20 times as fast as where, index_copy or gather on bytes.
    pairs = zip(frames, flip.tolist(), strict=True)
    return torch.stack([hflip(clip) if mirrored else clip for clip, mirrored in pairs])


def _warp(images: Tensor, angle_deg: Tensor, shift_share: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    size = torch.tensor([width, height], dtype=torch.float32)
    centre = ((size - 1) / 2).expand(len(images), 2)
    scale = torch.ones(len(images), 2)
    matrices = get_affine_matrix2d(shift_share * size, centre, scale, angle_deg)[:, :2]
    matrices = matrices.to(images.device, images.dtype)
    return warp_affine(images, matrices, (height, width), padding_mode="border")


def mixup(frames: Tensor, targets: Tensor, alpha: float, seed: int) -> tuple[Tensor, Tensor]:
    """Blend every clip of a batch with another one, and their targets alike.

    Parameters
    ----------
    frames
        (B, T, C, H, W) float.
    targets
        (B, classes) float, a share for each class.
    alpha
        The blend is drawn from Beta(alpha, alpha), once for the batch; 0 changes nothing.
    seed
        Gives the blend and the partners.

    Returns
    -------
    tuple of Tensor
        Frames and targets of the same shapes.

    References
    ----------
    Zhang et al.: mixup, Beyond Empirical Risk Minimization. ICLR 2018, arXiv:1710.09412.
    """
    if alpha <= 0:
        return frames, targets
    generator = np.random.default_rng(seed)
    share = float(generator.beta(alpha, alpha))
    partners = torch.from_numpy(generator.permutation(len(frames))).to(frames.device)
    mixed = torch.lerp(frames[partners], frames, share)
    return mixed, torch.lerp(targets[partners], targets, share)
