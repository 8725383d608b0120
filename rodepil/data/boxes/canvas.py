"""What the window shows: the frame with its boxes, scaled to fit, over two lines of text."""

from __future__ import annotations

import cv2
import numpy as np

from rodepil.data.boxes.picture import (
    PAPER,
    Colour,
    Image,
    draw_boxes,
    width_of,
    write,
)
from rodepil.data.boxes.session import HELP, LINES, Session

FIRST_SIZE_PX = 1280, 720
"""The largest frame that the window opens with; it can be made larger by hand."""

BAR_PX = 56
_SMALLEST_PX = 200
_NARROWEST_PX = 800  # the window opens with room for a line of help
_TEXT = 0.6
_GROUND = 40
_WARNING: Colour = (90, 170, 255)


class Canvas:
    """Where frame and text stand in the window.

    Parameters
    ----------
    width_px, height_px
        Of the frame.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._frame_px = width_px, height_px
        shrink = min(1.0, FIRST_SIZE_PX[0] / width_px, FIRST_SIZE_PX[1] / height_px)
        self.size_px = (
            max(_NARROWEST_PX, round(width_px * shrink)),
            round(height_px * shrink) + BAR_PX,
        )

    @property
    def scale(self) -> float:
        """Pixels of the window for one of the frame's."""
        width, height = self.size_px
        return min(width / self._frame_px[0], (height - BAR_PX) / self._frame_px[1])

    def resize(self, width: int, height: int) -> bool:
        """Follow the window's size; say whether it has changed."""
        size = max(width, _SMALLEST_PX), max(height, _SMALLEST_PX)
        if width < 1 or size == self.size_px:
            return False
        self.size_px = size
        return True

    def to_frame(self, x: int, y: int) -> tuple[int, int]:
        """Return the frame's pixel under a pixel of the window."""
        return int(x / self.scale), int(y / self.scale)

    def paint(self, frame: Image, session: Session, where: str) -> Image:
        """Return the window's picture, (H, W, 3) uint8 BGR."""
        width, height = self.size_px
        image = np.full((height, width, 3), _GROUND, np.uint8)
        shown = self._scaled(frame)
        typing = f"{session.text}|" if session.mode in ("name", "position") else None
        editor = session.editor
        boxed = draw_boxes(
            shown, editor.boxes, scale=self.scale, selected=editor.selected, typing=typing
        )
        image[: boxed.shape[0], : boxed.shape[1]] = boxed
        if session.mode == "help":
            _help(image)
        self._bar(image, session, where)
        return image

    def _scaled(self, frame: Image) -> Image:
        size = tuple(max(1, round(side * self.scale)) for side in self._frame_px)
        if size == self._frame_px:
            return frame
        way = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(frame, size, interpolation=way), np.uint8)

    def _bar(self, image: Image, session: Session, where: str) -> None:
        width, height = self.size_px
        state = session.message or ("changed, not saved" if session.editor.changed else "")
        if session.mode == "jump":
            state = f"go to: {session.text}|"
        if session.mode == "name" and session.capitals:
            state = state or "CAPITALS"
        colour = _WARNING if session.message or session.mode == "leave" else PAPER
        image[height - BAR_PX :] = _GROUND
        _line(image, f"{where}   {state}", height - 34, colour, width)
        _line(image, LINES[session.mode], height - 12, PAPER, width)


def _line(image: Image, text: str, base: int, colour: Colour, width: int) -> None:
    """Write a line as large as it fits, and cut its end off where it does not fit at all."""
    scale = _TEXT
    while width_of(text, scale) > width - 16 and scale > 0.45:  # noqa: PLR2004 - the smallest legible
        scale *= 0.95
    while width_of(text, scale) > width - 16 and len(text) > 1:
        text = text[:-2] + "…"
    write(image, text, (8, base), scale, colour)


def _help(image: Image) -> None:
    image[:] = image // 5
    scale = min(_TEXT, image.shape[1] / 1300, image.shape[0] / 700)
    scale = max(scale, 0.4)
    step = min(round(50 * scale), (image.shape[0] - BAR_PX) // (len(HELP) + 1))
    for number, (key, what) in enumerate(HELP, start=1):
        write(image, key, (16, number * step), scale, _WARNING)
        write(image, what, (16 + round(230 * scale), number * step), scale, PAPER)
