"""Images sampled where a flow points. Shapes: N pairs, C planes, H W pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as fn
from torch import Tensor


def filled_up(images: Tensor) -> Tensor:
    """Return images with 0 to the right and below, so that both sides are powers of two.

    Only then does a whole-numbered position stay one when `sample` turns it into a share of the
    image's size and torch turns it back: what rests is compared with itself.

    Parameters
    ----------
    images
        (N, C, H, W) float32.
    """
    height, width = images.shape[-2:]
    return fn.pad(images, (0, _power_of_two(width) - width, 0, _power_of_two(height) - height))


def sample(images: Tensor, flow: Tensor, *, closed: bool = True) -> tuple[Tensor, Tensor]:
    """Return images where the flow points, bilinear, and where that is inside of them.

    Parameters
    ----------
    images
        (N, C, at least H, at least W) float32, from `filled_up`.
    flow
        (N, 2, H, W) float32, right and down, px.
    closed
        The last row and column are inside as well. With OpenCV they are not, since two of the
        four pixels about a position there are missing.

    Returns
    -------
    tuple of Tensor
        (N, C, H, W) float32, of no meaning but finite outside, and (N, H, W) bool.
    """
    full_height, full_width = images.shape[-2:]
    height, width = flow.shape[-2:]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    x, y = flow[:, 0] + columns, flow[:, 1] + rows
    ends = torch.le if closed else torch.lt
    inside = (x >= 0) & ends(x, width - 1) & (y >= 0) & ends(y, height - 1)
    grid = torch.empty_like(flow, memory_format=torch.contiguous_format)
    torch.add(x, 0.5, out=grid[:, 0]).mul_(2 / full_width).sub_(1)
    torch.add(y, 0.5, out=grid[:, 1]).mul_(2 / full_height).sub_(1)
    # 0 outside, since MPS knows no repeated edge before torch 2.13.
    found = fn.grid_sample(
        images, grid.permute(0, 2, 3, 1), padding_mode="zeros", align_corners=False
    )
    return found, inside


def _power_of_two(length: int) -> int:
    return 1 << (length - 1).bit_length()
