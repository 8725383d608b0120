"""Walls that mirror the animal: found by motion that is the same on both sides of the wall's foot.

T frames, H W pixels of a cage, D pixels of a wall's depth

A wall is a strip along one side of the cage's box, and its foot is where it meets the floor. In
a mirroring wall, what moves on the floor moves at the same distance on the other side of the
foot, in the same frame. An animal that only walks there does not: the fine structure of its
picture is at one place. So the fine part of what differs from the background is compared with
its own reflection in each possible foot; it must agree best at one foot, clearly better than at
the others, and better than with the frames before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.region.motion import background

Side = Literal["left", "right", "top", "bottom"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)
Signal = npt.NDArray[np.float32]
TURNS: Final[dict[Side, int]] = {"left": 0, "top": 1, "right": 2, "bottom": 3}
"""Quarter turns, counterclockwise, that bring a side to the left."""
_LAGS = (-2, -1, 1, 2)


@dataclass(frozen=True)
class MirrorRule:
    """When a strip is taken for a mirroring wall.

    Parameters
    ----------
    least_px, deepest_share
        The range of depths: pixels, and share of the cage's side.
    least_agreement
        Correlation of the strip with its reflection, at least.
    least_lead
        By how much it is above the median of other feet's, at least.
    fine_px
        Structure that is wider than this does not count.
    beside_px
        Pixels so near to the foot do not count: they are alike in any picture.
    """

    least_px: int = 6
    deepest_share: float = 0.35
    least_agreement: float = 0.4
    least_lead: float = 0.3
    fine_px: float = 4.0
    beside_px: int = 3


@dataclass(frozen=True)
class Wall:
    """A mirroring wall.

    Parameters
    ----------
    side
        Of the cage's box.
    depth_px
        From the box's side to the wall's foot.
    agreement
        Correlation with its reflection, at most 1.
    """

    side: Side
    depth_px: int
    agreement: float


def find_walls(frames: npt.NDArray[np.uint8], rule: MirrorRule | None = None) -> list[Wall]:
    """Find the walls of a cage that mirror its animal.

    Parameters
    ----------
    frames
        (T, H, W) uint8 brightness of the cage, from all over a recording, in order.
    rule
        When a wall is one; by default `MirrorRule()`.

    Returns
    -------
    list
        At most one wall for each side.
    """
    rule = rule or MirrorRule()
    fine = fine_motion(frames, rule.fine_px)
    walls = (_wall(np.rot90(fine, -TURNS[side], (2, 1)), side, rule) for side in SIDES)
    return [wall for wall in walls if wall is not None]


def fine_motion(frames: npt.NDArray[np.uint8], fine_px: float) -> Signal:
    """Return what differs from the background, (T, H, W) float32, without its coarse part."""
    moved = frames.astype(np.float32) - background(frames)
    noise = 3 * float(np.median(np.abs(moved)))
    fine = np.empty_like(moved)
    for one, out in zip(moved, fine, strict=True):
        shrunk = np.sign(one) * np.maximum(np.abs(one) - noise, 0)
        soft = cv2.GaussianBlur(shrunk, (0, 0), 1)
        out[:] = soft - cv2.GaussianBlur(soft, (0, 0), fine_px)
    return fine


def agreement(fine: Signal, depth: int, beside: int, lag: int = 0) -> float:
    """Return the correlation of a strip at the left with what lies beyond its foot, reflected.

    Parameters
    ----------
    fine
        (T, H, W) float32.
    depth
        Columns of the strip.
    beside
        Columns next to the foot, on each side of it, that are left out.
    lag
        Frames by which the floor is ahead.

    Returns
    -------
    float
        In [-1, 1]; 0 where nothing moves.
    """
    strip = fine[:, :, : depth - beside]
    floor = fine[:, :, 2 * depth - 1 : depth + beside - 1 : -1]
    first, last = max(0, lag), len(fine) + min(0, lag)
    strip, floor = strip[first - lag : last - lag], floor[first:last]
    shared = float(np.vdot(strip, floor))
    size = float(np.sqrt(np.vdot(strip, strip) * np.vdot(floor, floor)))
    return shared / size if size > 0 else 0.0


def agreements(fine: Signal, depths: Sequence[int], beside: int) -> npt.NDArray[np.float64]:
    """Return `agreement` at lag 0 for several depths, from one product of all columns.

    Parameters
    ----------
    fine
        (T, H, W) float32, with W of twice the greatest depth or more.
    depths
        Columns of each strip, more than `beside`.
    beside
        As in `agreement`.
    """
    columns = fine.reshape(-1, fine.shape[2])
    products = (columns.T @ columns).astype(np.float64)
    scores = np.zeros(len(depths))
    for place, depth in enumerate(depths):
        strip = np.arange(depth - beside)
        floor = 2 * depth - 1 - strip
        own = products[strip, strip].sum() * products[floor, floor].sum()
        scores[place] = products[strip, floor].sum() / np.sqrt(own) if own > 0 else 0.0
    return scores


def _wall(fine: Signal, side: Side, rule: MirrorRule) -> Wall | None:
    """Return the wall at the left of `fine`, called `side`, if there is one."""
    deepest = int(rule.deepest_share * fine.shape[2])
    depths = range(max(rule.least_px, rule.beside_px + 2), deepest + 1)
    if len(depths) < 3:  # noqa: PLR2004 - nothing to compare with
        return None
    scores = agreements(fine[:, :, : 2 * deepest], depths, rule.beside_px)
    best = int(scores.argmax())
    depth, score = depths[best], float(scores[best])
    if score < rule.least_agreement or score - float(np.median(scores)) < rule.least_lead:
        return None
    later = (agreement(fine, depth, rule.beside_px, lag) for lag in _LAGS if abs(lag) < len(fine))
    return Wall(side, depth, score) if score > max(later, default=0.0) else None
