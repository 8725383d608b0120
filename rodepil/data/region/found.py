"""What a detector is, what it finds, and the simplest one: a fixed box.

T frames, H W pixels, N boxes of a frame
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from rodepil.errors import CageError

Frames = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.float32]
XYWH = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the upright frame."""


class Found(NamedTuple):
    """What a detector found in one frame, the best first.

    Parameters
    ----------
    boxes
        (N, 4) float32: left, top, right, bottom in pixels, half-open.
    scores
        (N,) float32 in [0, 1].
    others
        (M, 4) float32: what else may be an animal, but is not taken for the one that is sought.
    """

    boxes: Boxes
    scores: npt.NDArray[np.float32]
    others: Boxes = np.zeros((0, 4), np.float32)


NOTHING = Found(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


class Detector(Protocol):
    """Finds the animal in frames of one recording.

    It gets frames of the whole recording at once, so that it can learn what stands still.
    """

    def find(self, frames: Frames) -> Sequence[Found]:
        """Return what is found in each of the frames, (T, H, W, 3) uint8 RGB, range [0, 255]."""


@dataclass(frozen=True)
class FixedBox:
    """Finds always the same box.

    Parameters
    ----------
    box
        Left, top, width, height in pixels of what is searched.
    """

    box: XYWH

    def find(self, frames: Frames) -> Sequence[Found]:
        """Return the box for each frame.

        Raises
        ------
        CageError
            The box lies not whole in the frame.
        """
        check_within(self.box, (frames.shape[2], frames.shape[1]))
        left, top, width, height = self.box
        boxes = np.array([[left, top, left + width, top + height]], np.float32)
        return [Found(boxes, np.ones(1, np.float32))] * len(frames)


def check_within(box: XYWH, size_px: tuple[int, int]) -> None:
    """Check that a box lies whole in a frame of `size_px` (width, height).

    Raises
    ------
    CageError
        It does not, or it is empty.
    """
    left, top, width, height = box
    inside = left >= 0 and top >= 0 and left + width <= size_px[0] and top + height <= size_px[1]
    if not inside or min(width, height) < 1:
        raise CageError(
            f"the box x={left} y={top} {width}x{height} px lies not whole in the frame of "
            f"{size_px[0]}x{size_px[1]} px; give x,y,width,height within it"
        )


def overlap(boxes: Boxes, box: Sequence[float]) -> npt.NDArray[np.float32]:
    """Return the intersection over union of boxes (N, 4) with one box, (N,) float32.

    All are left, top, right, bottom.
    """
    one = np.asarray(box, np.float32)
    sides = np.minimum(boxes[:, 2:], one[2:]) - np.maximum(boxes[:, :2], one[:2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return np.asarray(shared / np.maximum(areas - shared, 1e-9), np.float32)
