"""A frame made to fit a network's input whole, and boxes brought back.

H W pixels, N boxes
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.region.found import Boxes

GREY = 114
"""What YOLO's networks are trained to see around a frame."""


class Letterbox(NamedTuple):
    """How a frame lies in an input: pixels of it for one of the frame's, and where it starts."""

    scale: float
    left: int
    top: int


def fit(
    frame: npt.NDArray[np.uint8], size_px: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], Letterbox]:
    """Scale a frame to fit whole in the middle of grey.

    Parameters
    ----------
    frame
        (H, W, 3) uint8.
    size_px
        Width and height of the input.

    Returns
    -------
    tuple
        The input (height, width, 3) uint8, and where the frame lies in it.
    """
    height, width = frame.shape[:2]
    scale = min(size_px[0] / width, size_px[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size_px[0] - inner[0]) // 2, (size_px[1] - inner[1]) // 2
    canvas = np.full((size_px[1], size_px[0], 3), GREY, np.uint8)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        frame, inner, interpolation=way
    )
    return canvas, Letterbox(scale, left, top)


def bring_back(boxes: Boxes, how: Letterbox, size_px: tuple[int, int]) -> Boxes:
    """Return boxes (N, 4) of an input as those of its frame of `size_px`, clipped to it.

    All are left, top, right, bottom in pixels.
    """
    shift = np.array([how.left, how.top] * 2, np.float32)
    room = np.array([*size_px, *size_px], np.float32)
    return np.asarray(np.clip((boxes - shift) / how.scale, 0, room), np.float32)
