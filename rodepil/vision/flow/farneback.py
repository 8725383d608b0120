"""Dense flow from polynomial expansions, as OpenCV computes it, for a whole batch.

Both images are locally quadratic polynomials; where the second one is the first one moved, their
coefficients give the displacement, averaged over a window. Shapes: N pairs, H W pixels.

References
----------
.. [1] Farnebäck: Two-Frame Motion Estimation Based on Polynomial Expansion. SCIA 2003.
.. [2] OpenCV, ``calcOpticalFlowFarneback``: the parameters, and the rules at the border.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.vision.flow.expansion import expand
from rodepil.vision.flow.pyramid import at_level, centred, grown, levels_of
from rodepil.vision.flow.registry import register
from rodepil.vision.flow.warp import filled_up, sample
from rodepil.vision.flow.window import window_sum

BORDER_WEIGHTS = (0.14, 0.14, 0.4472, 0.4472, 0.4472)
"""What pixels count from the edge inwards [2]_."""
DETERMINANT_FLOOR = 1e-3
"""Brings places without texture to rest [2]_."""


@register("farneback")
def farneback(before: Tensor, after: Tensor, settings: FlowSettings) -> Tensor:
    """Return the flow (N, 2, H, W) float32 between images (N, H, W) float32."""
    count = len(before)
    # Equations are squares of coefficients.
    border = torch.tensor(BORDER_WEIGHTS).square_()
    border = border.to(before.device, non_blocking=before.is_cuda)
    both, _ = centred(torch.cat([before, after]))
    levels = levels_of(before.shape[1], before.shape[2], settings.levels, settings.pyr_scale)
    flow = both.new_zeros(2, count, levels[0].height, levels[0].width)
    for place, level in enumerate(levels):
        if place:
            flow = grown(flow, level, settings.pyr_scale)
        planes = expand(at_level(both, level), settings.poly_n, settings.poly_sigma)
        first, second = planes[:, :count], filled_up(planes[:, count:].transpose(0, 1))
        for _ in range(settings.iterations):
            flow = _solved(_equations(first, second, flow, border), settings)
    return flow.transpose(0, 1)


def _equations(first: Tensor, second: Tensor, flow: Tensor, border: Tensor) -> Tensor:
    """Return the normal equations of each pixel's displacement.

    Parameters
    ----------
    first
        (5, N, H, W) float32, of the first image, from `expand`.
    second
        (N, 5, at least H, at least W) float32, of the second one, from `filled_up`.
    flow
        (2, N, H, W) float32, the displacement so far, px.
    border
        (5,) float32, what equations near an edge count, from the edge inwards.

    Returns
    -------
    Tensor
        (5, N, H, W) float32: the matrix's numbers (yy, yx, xx), then the right side's (y, x).
    """
    found, inside = sample(second, flow.transpose(0, 1), closed=False)
    share = inside.to(flow.dtype)
    u, v = flow
    # Outside the second image's slopes count as 0, and its curvature as the first one's [2].
    gaps = torch.addcmul(first[:2], found.transpose(0, 1)[:2], share, value=-1)
    curves = torch.lerp(first[2:], found.transpose(0, 1)[2:], share).add_(first[2:])
    yy, xx, xy = curves
    down = gaps[0].addcmul_(yy, v).addcmul_(xy, u)
    right = gaps[1].addcmul_(xy, v).addcmul_(xx, u)
    made = torch.empty_like(first)
    cross = xy * xy
    torch.addcmul(cross, yy, yy, out=made[0])
    torch.mul(torch.add(yy, xx), xy, out=made[1])
    torch.addcmul(cross, xx, xx, out=made[2])
    torch.mul(yy, down, out=made[3]).addcmul_(xy, right)
    torch.mul(xy, down, out=made[4]).addcmul_(xx, right)
    return _faded(made, border)


def _faded(made: Tensor, weights: Tensor) -> Tensor:
    """Weigh down the border of equations in place, by weights (5,) from the edge inwards."""
    band = len(weights)
    ends = weights.flip(0)
    made[..., :band, :].mul_(weights[:, None])
    made[..., -band:, :].mul_(ends[:, None])
    made[..., :band].mul_(weights)
    made[..., -band:].mul_(ends)
    return made


def _solved(made: Tensor, settings: FlowSettings) -> Tensor:
    """Return the flow (2, N, H, W) that solves equations (5, N, H, W) averaged over the window."""
    # Sums instead of means make the determinant weight^2 times as large.
    (yy, yx, xx, down, right), weight = window_sum(made, settings)
    determinant = torch.mul(yy, xx).addcmul_(yx, yx, value=-1).add_(DETERMINANT_FLOOR * weight**2)
    flow = made.new_empty(2, *determinant.shape)
    torch.mul(yy, right, out=flow[0]).addcmul_(yx, down, value=-1)
    torch.mul(xx, down, out=flow[1]).addcmul_(yx, right, value=-1)
    return flow.div_(determinant)
