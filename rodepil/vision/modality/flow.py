"""How everything moves from frame to frame."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from kornia.color import hsv_to_rgb
from torch import Tensor

from rodepil.config.modality import BOUND_AT_PX
from rodepil.vision.flow import dense_flow, to_grey
from rodepil.vision.flow.dense import MIN_SIDE_PX
from rodepil.vision.modality.registry import Modality, register
from rodepil.vision.normalize import WHITE


@register
class Flow(Modality):
    """Dense optical flow between the lightness of two frames, shown as a picture."""

    name: ClassVar[str] = "flow"
    of_motion: ClassVar[bool] = True
    min_side_px: ClassVar[int] = MIN_SIDE_PX

    def unfit_for(self, size_px: int) -> str:
        """Return what speaks against frames of that size: also a window that is wider."""
        found, winsize = super().unfit_for(size_px), self.settings.winsize
        if not found and winsize > size_px:
            found = (
                f"averages over train.flow.winsize {winsize} px, and frames have features.size_px "
                f"{size_px}; lower winsize (5 suits 32 px, 15 suits 224 px)"
            )
        return found

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        """Return float32 in [0, 1]; in ``vectors`` 0.5, 0.5, 0 is rest."""
        flow = self.vectors(before, after) / self.bound_px(before.shape[-1], before.shape[-2])
        if self.settings.picture == "hsv":
            return as_hues(flow)
        return as_vectors(flow)

    def bound_px(self, width_px: int, height_px: int) -> float:
        """Return the motion that the end of the scale stands for in frames of that size."""
        return self.settings.bound_px * max(width_px, height_px) / BOUND_AT_PX

    def vectors(self, before: Tensor, after: Tensor) -> Tensor:
        """Return the flow (B, T, 2, H, W) float32 in px: right and down."""
        grey = [_grey(frames).flatten(0, 1) for frames in (before, after)]
        with torch.no_grad():
            flow = dense_flow(grey[0], grey[1], self.settings)
        return flow.view(*before.shape[:2], *flow.shape[1:])


def as_vectors(flow: Tensor) -> Tensor:
    """Return flow (..., 2, H, W), in units of the bound, as right, down and speed in [0, 1]."""
    speed = flow.norm(dim=-3, keepdim=True)
    return torch.cat([(flow + 1) / 2, speed], dim=-3).clamp(0, 1)


def as_hues(flow: Tensor) -> Tensor:
    """Return flow (N, ..., 2, H, W), in units of the bound, as colours (N, ..., 3, H, W) in [0, 1].

    Direction is hue, clockwise from red, which is right; speed is brightness.
    """
    right, down = flow.unbind(-3)
    hue = torch.atan2(down, right).remainder(2 * math.pi)
    speed = flow.norm(dim=-3).clamp(0, 1)
    hsv = torch.stack([hue, torch.ones_like(speed), speed], dim=-3)
    return hsv_to_rgb(hsv.flatten(0, -4)).view(hsv.shape)


def _grey(frames: Tensor) -> Tensor:
    """Return the lightness (B, T, H, W) in [0, 255]."""
    grey = to_grey(frames)
    return grey * WHITE if frames.is_floating_point() else grey
