"""Fit a cage's box into a square clip: letterbox it whole, or take its centre.

S side of the clip in pixels; a canvas holds Y, U and V one behind the other: (S * 3 / 2, S).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane | int, Plane | int]
"""Y, U and V; a chroma plane that is constant, as of any infrared camera, may be its value."""

BLACK_Y, GREY_UV = 16, 128


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int

    def of(self, plane: Plane) -> Plane:
        """Return the part of a plane that lies in the rectangle, as a view."""
        rows = slice(self.y_px, self.y_px + self.height_px)
        return plane[rows, self.x_px : self.x_px + self.width_px]

    def halved(self) -> Rect:
        """Return the rectangle on chroma planes, of half the size, that covers this one."""
        left, top = self.x_px // 2, self.y_px // 2
        right, bottom = self.x_px + self.width_px + 1, self.y_px + self.height_px + 1
        return Rect(left, top, right // 2 - left, bottom // 2 - top)


@dataclass(frozen=True)
class Fit:
    """How a box comes into a square: what is taken of the frame, and where it is drawn.

    Parameters
    ----------
    source
        Part of the recording's frame.
    target
        Where it stands in the square; even, so that chroma has no half pixels.
    size_px
        Side of the square, even.
    """

    source: Rect
    target: Rect
    size_px: int

    @cached_property
    def _halves(self) -> tuple[Rect, Rect]:
        """Source and target on chroma planes."""
        return self.source.halved(), self.target.halved()

    def canvas(self, count: int) -> npt.NDArray[np.uint8]:
        """Return `count` black canvases, (count, S * 3 / 2, S) uint8."""
        made = np.full((count, self.size_px * 3 // 2, self.size_px), GREY_UV, np.uint8)
        made[:, : self.size_px] = BLACK_Y
        return made

    def pictures(self, canvases: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the brightness of what is drawn on canvases, without bars, (count, H, W) views."""
        rows = slice(self.target.y_px, self.target.y_px + self.target.height_px)
        columns = slice(self.target.x_px, self.target.x_px + self.target.width_px)
        return canvases[:, rows, columns]

    def draw(self, planes: Planes, canvas: npt.NDArray[np.uint8], *, chroma: bool = True) -> None:
        """Draw a frame's part on one canvas, (S * 3 / 2, S) uint8; `chroma` says whether all."""
        side, half = self.size_px, self.size_px // 2
        _scale(self.source.of(planes[0]), self.target.of(canvas[:side]))
        if not chroma:
            return
        flat = canvas.reshape(-1)
        u, v = flat[side * side :].reshape(2, half, half)
        source, target = self._halves
        for plane, drawn in ((planes[1], u), (planes[2], v)):
            if isinstance(plane, int):
                target.of(drawn)[:] = plane
            else:
                _scale(source.of(plane), target.of(drawn))


def fit_box(
    box: tuple[int, int, int, int], size_px: int, mode: Literal["letterbox", "center_crop"]
) -> Fit:
    """Return how a box comes into a square of `size_px`.

    ``letterbox`` keeps the whole box, with black bars beside it; ``center_crop`` fills the square
    with the box's central square.
    """
    x, y, width, height = box
    if mode == "center_crop":
        side = min(width, height)
        source = Rect(x + (width - side) // 2, y + (height - side) // 2, side, side)
        return Fit(source, Rect(0, 0, size_px, size_px), size_px)
    longest = max(width, height)
    inner_width, inner_height = (
        max(2, round(side * size_px / longest / 2) * 2) for side in (width, height)
    )
    left, top = ((size_px - inner) // 4 * 2 for inner in (inner_width, inner_height))
    return Fit(Rect(x, y, width, height), Rect(left, top, inner_width, inner_height), size_px)


def flat_chroma(planes: tuple[Plane, Plane, Plane]) -> Planes:
    """Return planes with constant chroma as its value, so that no cage need scale it."""
    y, *chroma = planes
    u, v = (_flat(plane) for plane in chroma)
    return y, u, v


def _flat(plane: Plane) -> Plane | int:
    lowest, highest, _, _ = cv2.minMaxLoc(plane)
    return int(lowest) if lowest == highest else plane


def _scale(source: Plane, target: Plane) -> None:
    """Scale a plane onto another: halve it while that leaves enough, then bilinearly.

    At most two pixels become one in the last step, so bilinear weights leave none out. An odd
    last row or column falls away at a halving. Measured 4 times as fast as area weights.
    """
    height, width = target.shape
    while source.shape[0] >= 2 * height and source.shape[1] >= 2 * width:
        half = source.shape[1] // 2, source.shape[0] // 2
        source = cv2.resize(
            source[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA
        ).astype(np.uint8, copy=False)
    cv2.resize(source, (width, height), dst=target, interpolation=cv2.INTER_LINEAR)
