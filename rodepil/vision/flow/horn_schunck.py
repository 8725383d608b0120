"""Dense flow that is smooth everywhere, by relaxation on a pyramid.

It takes brightness to stay as it is. Shapes: N pairs, H W pixels.

References
----------
.. [1] Horn, Schunck: Determining Optical Flow. Artificial Intelligence 17, 1981.
.. [2] Meinhardt-Llopis, Sánchez Pérez, Kondermann: Horn-Schunck Optical Flow with a Multi-Scale
   Strategy. IPOL 2013.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.vision.flow.filters import Half, filtered, gradients, widen
from rodepil.vision.flow.pyramid import at_level, centred, grown, levels_of
from rodepil.vision.flow.registry import register
from rodepil.vision.flow.warp import filled_up, sample

NEAR = Half((0.5, 0.25))


@register("horn_schunck")
def horn_schunck(before: Tensor, after: Tensor, settings: FlowSettings) -> Tensor:
    """Return the flow (N, 2, H, W) float32 between images (N, H, W) float32."""
    (before, dark), (after, light) = centred(before), centred(after)
    levels = levels_of(before.shape[1], before.shape[2], settings.levels, settings.pyr_scale)
    flow = before.new_zeros(2, len(before), levels[0].height, levels[0].width)
    for place, level in enumerate(levels):
        if place:
            flow = grown(flow, level, settings.pyr_scale)
        first, second = at_level(before, level), at_level(after, level) + (light - dark)
        planes = filled_up(torch.stack([second, *gradients(second)], dim=1))
        for _ in range(settings.iterations):
            flow = _relaxed(first, planes, flow, settings)
    return flow.transpose(0, 1)


def _relaxed(first: Tensor, planes: Tensor, flow: Tensor, settings: FlowSettings) -> Tensor:
    """Return the flow (2, N, H, W) after Jacobi's steps on the second image warped by `flow`.

    Parameters
    ----------
    first
        (N, H, W) float32.
    planes
        (N, 3, at least H, at least W) float32: the second image and its gradients.
    flow
        (2, N, H, W) float32, px.
    settings
        ``smoothness`` and ``relaxations``.
    """
    found, inside = sample(planes, flow.transpose(0, 1))
    warped, right, down = found.unbind(1)
    right, down = right * inside, down * inside
    # The constraint is right * u + down * v + rest = 0, under a weight that steps divide by.
    rest = (warped - first) * inside - right * flow[0] - down * flow[1]
    weight = torch.rsqrt(right * right + down * down + settings.smoothness**2)
    slopes, rest = torch.stack([right, down]) * weight, rest * weight
    for _ in range(settings.relaxations):
        mean = _neighbours(flow)
        gap = torch.addcmul(rest, slopes[0], mean[0]).addcmul_(slopes[1], mean[1])
        flow = mean.addcmul_(slopes, gap, value=-1)
    return flow


def _neighbours(flow: Tensor) -> Tensor:
    """Return the mean of the eight neighbours, the near ones counting twice [1]_."""
    wide = widen(flow, 1)
    (flat,) = filtered(wide.flat, wide.row, [NEAR.times(4 / 3)])
    (flat,) = filtered(flat, 1, [NEAR])
    return wide.image(flat).sub(flow, alpha=1 / 3)  # the pixel itself had a weight of 1/4
