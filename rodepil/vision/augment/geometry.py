"""Mirroring and warping: where the pixels of a clip go.

Shapes: B clips, T frames, C channels, H W pixels, N = T C channels of one image.

A pixel's centre has a whole number as its place, as in OpenCV; the frame reaches from -1/2 to
W - 1/2.
"""

from __future__ import annotations

import torch
from kornia.geometry.transform import get_affine_matrix2d, hflip, warp_affine
from torch import Tensor

from rodepil.vision.augment.draws import Draws

WHOLE = (0.0, 0.0, 1.0, 1.0)


def mirror(frames: Tensor, flip: Tensor) -> Tensor:
    """Mirror left and right the clips that are marked, exactly; without a mark nothing is copied.

    Parameters
    ----------
    frames
        (B, ..., W), any dtype.
    flip
        (B,) bool, on the CPU.
    """
    if not flip.any():
        return frames
    # A stack of clips is 8 to 20 times as fast as where, index_copy or gather on bytes.
    pairs = zip(frames, flip.tolist(), strict=True)
    return torch.stack([hflip(clip) if mirrored else clip for clip, mirrored in pairs])


def moved(draws: Draws) -> Tensor:
    """Return (B,) bool: whether a clip is cropped, turned or moved."""
    cropped = (draws.crop != torch.tensor(WHOLE)).any(dim=1)
    return cropped | (draws.angle_deg != 0) | (draws.shift_share != 0).any(dim=1)


def matrices(draws: Draws, height_px: int, width_px: int) -> Tensor:
    """Return where pixels go: (B, 2, 3) float32, from their places in the frame to those shown.

    A crop comes first, then the turn about the centre, then the move. Computed on the CPU, so
    that it is the same for every device.
    """
    size = torch.tensor([width_px, height_px], dtype=torch.float32)
    n_clips = len(draws.flip)
    centre = ((size - 1) / 2).expand(n_clips, 2)
    scale = torch.ones(n_clips, 2)
    turned = get_affine_matrix2d(draws.shift_share * size, centre, scale, draws.angle_deg)
    linear, offset = turned[:, :2, :2], turned[:, :2, 2:]
    corner, part = draws.crop[:, :2], draws.crop[:, 2:]
    # x goes to (x + 1/2 - left) / part - 1/2: edges to edges, and none of it where all is kept.
    moves = (0.5 - corner * size) / part - 0.5
    # By elements: a product of matrices may round otherwise in another batch.
    offset = offset + (linear * moves[:, None]).sum(dim=2, keepdim=True)
    return torch.cat([linear / part[:, None], offset], dim=2)


def warp(images: Tensor, draws: Draws) -> Tensor:
    """Crop, turn and move images as drawn, by one bilinear interpolation.

    Parameters
    ----------
    images
        (B, N, H, W) float32 or float64.
    draws
        One for each image; those that do not move are left bit by bit as they are.
    """
    height_px, width_px = images.shape[-2:]
    places = matrices(draws, height_px, width_px).to(images.dtype)
    # Only CUDA stages pageable memory before it returns; a copy that waits would drain its queue.
    places = places.to(images.device, non_blocking=images.is_cuda)
    warped = warp_affine(images, places, (height_px, width_px), padding_mode="border")
    moving = moved(draws)
    if moving.all():
        return warped
    moving = moving.to(images.device, non_blocking=images.is_cuda)
    return torch.where(moving[:, None, None, None], warped, images)
