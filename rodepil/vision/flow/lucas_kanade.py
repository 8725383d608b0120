"""Dense flow by least squares over windows, iterated on a pyramid.

Cheaper than Farneback's; it takes brightness to stay as it is. Shapes: N pairs, H W pixels.

References
----------
.. [1] Lucas, Kanade: An Iterative Image Registration Technique with an Application to Stereo
   Vision. IJCAI 1981.
.. [2] Bouguet: Pyramidal Implementation of the Lucas Kanade Feature Tracker. Intel, 2000.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.vision.flow.filters import gradients
from rodepil.vision.flow.pyramid import at_level, centred, grown, levels_of
from rodepil.vision.flow.registry import register
from rodepil.vision.flow.warp import filled_up, sample
from rodepil.vision.flow.window import window_sum

GRADIENT_FLOOR = 0.5
"""Grey levels a pixel, squared, that a window must have on average to move freely."""


@register("lucas_kanade")
def lucas_kanade(before: Tensor, after: Tensor, settings: FlowSettings) -> Tensor:
    """Return the flow (N, 2, H, W) float32 between images (N, H, W) float32."""
    (before, dark), (after, light) = centred(before), centred(after)
    levels = levels_of(before.shape[1], before.shape[2], settings.levels, settings.pyr_scale)
    flow = before.new_zeros(2, len(before), levels[0].height, levels[0].width)
    for place, level in enumerate(levels):
        if place:
            flow = grown(flow, level, settings.pyr_scale)
        first = at_level(before, level)
        second = filled_up((at_level(after, level) + (light - dark))[:, None])
        flow = _at_one_level(first, second, flow, settings)
    return flow.transpose(0, 1)


def _at_one_level(first: Tensor, second: Tensor, flow: Tensor, settings: FlowSettings) -> Tensor:
    right, down = gradients(first)
    products, weight = window_sum(torch.stack([right * right, right * down, down * down]), settings)
    floor = GRADIENT_FLOOR * weight
    xx, xy, yy = products[0] + floor, products[1], products[2] + floor
    determinant = xx * yy - xy * xy
    for _ in range(settings.iterations):
        found, inside = sample(second, flow.transpose(0, 1))
        change = (found[:, 0] - first) * inside
        # What the window's pixels move already counts as well, so that neighbours agree.
        moved = right * flow[0] + down * flow[1] - change
        (by_x, by_y), _ = window_sum(torch.stack([right * moved, down * moved]), settings)
        flow = torch.stack([yy * by_x - xy * by_y, xx * by_y - xy * by_x]) / determinant
    return flow
