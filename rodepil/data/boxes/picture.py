"""Boxes, positions and names drawn on a frame, legible at any size.

H W pixels
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.boxes.editor import Box

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

# Okabe and Ito's colours, which colour-blind people tell apart, as blue, green, red.
COLOURS: tuple[Colour, ...] = (
    (233, 180, 86), (0, 159, 230), (115, 158, 0), (66, 228, 240), (167, 121, 204), (0, 94, 213),
)  # fmt: skip
INK: Colour = (24, 24, 24)
PAPER: Colour = (245, 245, 245)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LEGIBLE_PX = 900
_LETTER_PX = 22  # a line of text at scale 1


def magnify(frame: Image) -> tuple[Image, int]:
    """Enlarge a small frame by a whole number so that names stay legible; return that as well."""
    times = ceil(_LEGIBLE_PX / max(frame.shape[:2]))
    if times == 1:
        return frame, 1
    size = frame.shape[1] * times, frame.shape[0] * times
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST), np.uint8), times


def draw_boxes(
    frame: Image,
    boxes: Sequence[Box],
    *,
    scale: float = 1.0,
    selected: int | None = None,
    typing: str | None = None,
) -> Image:
    """Return a copy of a frame with the boxes' borders, positions and names.

    Parameters
    ----------
    frame
        (H, W, 3) uint8 BGR, the upright frame resized by `scale`.
    boxes
        In pixels of the frame before it was resized. A box's border is its outermost pixels.
    scale
        Pixels of `frame` for one of the boxes'.
    selected
        The box with handles, whose label is that of `typing` where it is given.
    typing
        What is being typed as its label.
    """
    shown = frame.copy()
    text = text_scale(frame)
    thick = max(2, round(2 * text))
    for index, box in enumerate(boxes):
        colour = COLOURS[index % len(COLOURS)]
        corners = _corners(box, scale)
        cv2.rectangle(shown, *corners, INK, thick + 2)
        cv2.rectangle(shown, *corners, colour, thick)
        if index == selected:
            _handles(shown, corners, colour, 3 * thick)
    for index, box in enumerate(boxes):
        label = f"{box.position}  {box.subject or '(no name)'}"
        if index == selected and typing is not None:
            label = typing
        _label(shown, label, _corners(box, scale), COLOURS[index % len(COLOURS)], text)
    return shown


def text_scale(frame: Image) -> float:
    """Return OpenCV's scale for text that is legible on a frame of this size."""
    return max(0.6, float(max(frame.shape[:2])) / 1250)


def write(image: Image, text: str, at: tuple[int, int], scale: float, colour: Colour) -> None:
    """Write a line whose left end of the base line stands at `at`."""
    cv2.putText(image, text, at, _FONT, scale, colour, max(1, round(scale)), cv2.LINE_AA)


def width_of(text: str, scale: float) -> int:
    """Return how many pixels wide a line is."""
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, max(1, round(scale)))
    return int(width)


def _corners(box: Box, scale: float) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top = int(box.x * scale), int(box.y * scale)
    right, bottom = ceil(box.right * scale) - 1, ceil(box.bottom * scale) - 1
    return (left, top), (right, bottom)


def _handles(
    image: Image, corners: tuple[tuple[int, int], tuple[int, int]], colour: Colour, size: int
) -> None:
    (left, top), (right, bottom) = corners
    for x in (left, (left + right) // 2, right):
        for y in (top, (top + bottom) // 2, bottom):
            if (x, y) != ((left + right) // 2, (top + bottom) // 2):
                near, far = (x - size, y - size), (x + size, y + size)
                cv2.rectangle(image, near, far, colour, cv2.FILLED)
                cv2.rectangle(image, near, far, INK, 1)


def _label(
    image: Image,
    text: str,
    corners: tuple[tuple[int, int], tuple[int, int]],
    colour: Colour,
    scale: float,
) -> None:
    """Write a box's label on a plate: over the box, or within it where there is no room."""
    (left, top), (right, _) = corners
    room = max(right - left, 1)
    while width_of(text, scale) + 8 > room and scale > 0.45:  # noqa: PLR2004 - the smallest legible
        scale *= 0.9
    width, height = width_of(text, scale) + 8, round(_LETTER_PX * scale) + 8
    left = max(0, min(left, image.shape[1] - width))
    top = top - height if top >= height else top
    cv2.rectangle(image, (left, top), (left + width, top + height), colour, cv2.FILLED)
    write(image, text, (left + 4, top + height - 4 - round(4 * scale)), scale, INK)
