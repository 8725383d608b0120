"""One box for a whole clip: the crop must not move with every frame's box.

T frames
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rodepil.data.region.found import XYWH, Boxes, Found
from rodepil.errors import CageError


@dataclass(frozen=True)
class Steadying:
    """How boxes of frames become one.

    Parameters
    ----------
    quantile
        Share of the frames whose boxes lie whole in the square, before the margin is added; the
        rest may be mistakes of the detector.
    margin
        Added to each side of the square, as a share of it.
    least_px
        The smallest side.
    """

    quantile: float = 0.95
    margin: float = 0.1
    least_px: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.quantile <= 1 or self.margin < 0 or self.least_px < 1:
            raise CageError(
                f"a quantile of {self.quantile}, a margin of {self.margin} and a least side of "
                f"{self.least_px} px make no box; give a quantile in (0, 1], a margin of 0 or "
                "more and a side of 1 px or more"
            )


def best_boxes(found: Sequence[Found]) -> Boxes:
    """Return the box of highest score of every frame that has one, (T, 4) float32."""
    best = [one.boxes[int(one.scores.argmax())] for one in found if len(one.boxes)]
    return np.asarray(best, np.float32).reshape(-1, 4)


def steady_box(boxes: Boxes, size_px: tuple[int, int], rule: Steadying | None = None) -> XYWH:
    """Return one square that the animal stays in.

    Its middle is the median of the boxes' middles, and its side the smallest one that holds
    the boxes of a share of frames whole: for an animal that stays, that is its size; for one
    that roams, all of its way. The square is moved into the frame, and where it is larger than
    the frame, it ends at the frame's sides.

    Parameters
    ----------
    boxes
        (T, 4) float32: left, top, right, bottom in pixels; at least one.
    size_px
        The frame's width and height.
    rule
        How much is held; by default `Steadying()`.

    Raises
    ------
    CageError
        There is no box.
    """
    if not len(boxes):
        raise CageError("no frame has a box, so that there is none to steady; take the whole frame")
    rule = rule or Steadying()
    middle = np.median((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0)
    reach = np.maximum(middle - boxes[:, :2], boxes[:, 2:] - middle).max(axis=1)
    half = float(np.quantile(reach, rule.quantile, method="higher"))
    side = max(rule.least_px, round(2 * half * (1 + 2 * rule.margin)))
    (left, width), (top, height) = (
        _fit(float(at), side, room) for at, room in zip(middle, size_px, strict=True)
    )
    return left, top, width, height


def _fit(middle: float, side: int, room: int) -> tuple[int, int]:
    """Place a side around `middle` within `room`; return where it starts and how long it is."""
    length = min(side, room)
    start = round(middle - length / 2)
    return min(max(0, start), room - length), length
