"""The lightness of decoded frames, to the last bit as FFmpeg's swscale makes it, and faster.

In a frame of luma and chroma the lightness of a pixel hangs on its luma alone, in the usual colour
matrix. So swscale is asked once for each of the 256 levels. Shapes: H W pixels.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import av
import cv2
import numpy as np
import numpy.typing as npt

LUMA_FORMATS = frozenset({"yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p"})
BT601 = frozenset({2, 5, 6})
"""Colour matrices, by FFmpeg's numbers: unspecified, and the two names of BT.601, in which swscale
thinks; from others it comes by way of colours, and lightness hangs on chroma as well."""

SIDE_PX = 16
BLACK = 16
STRETCH = 255 / 219
"""In the limited range black is luma 16 and white 235."""

Plane = npt.NDArray[np.uint8]


def has_luma(picture: av.VideoFrame) -> bool:
    """Say whether a frame's lightness is in a plane of its own, a byte a pixel."""
    return picture.format.name in LUMA_FORMATS and int(picture.colorspace) in BT601


def lightness(picture: av.VideoFrame) -> Plane:
    """Return the lightness (H, W) uint8, range [0, 255], of a frame that `has_luma`."""
    levels = _levels(picture.format.name, int(picture.color_range), int(picture.colorspace))
    luma = _plane(picture)[:, : picture.width]
    if levels.straight:
        return _stretched(luma)
    return np.asarray(cv2.LUT(luma, levels.table), dtype=np.uint8)


class _Levels(NamedTuple):
    """The lightness (256,) of each level of luma, and whether `_stretched` gives the same."""

    table: Plane
    straight: bool


def _stretched(luma: Plane) -> Plane:
    """Return luma of the limited range, 16 to 235, drawn out to 0 to 255.

    OpenCV does this in half the time of a table.
    """
    return np.asarray(cv2.addWeighted(luma, STRETCH, luma, 0, -BLACK * STRETCH), dtype=np.uint8)


@cache
def _levels(name: str, color_range: int, colorspace: int) -> _Levels:
    """Return the lightness of each level of luma, by swscale."""
    made = av.VideoFrame(SIDE_PX, SIDE_PX, name)
    made.color_range, made.colorspace = color_range, colorspace
    every = np.arange(256, dtype=np.uint8).reshape(SIDE_PX, SIDE_PX)
    _plane(made)[:, :SIDE_PX] = every
    for chroma in made.planes[1:]:
        chroma.update(bytes([128]) * chroma.buffer_size)
    table = _plane(made.reformat(format="gray"))[:, :SIDE_PX].copy()
    return _Levels(table.reshape(256), bool((_stretched(every) == table).all()))


def _plane(picture: av.VideoFrame) -> Plane:
    """Return the first plane (H, line) over the frame's own memory."""
    plane = picture.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(picture.height, plane.line_size)
