"""A heuristic for identification tags: strokes of text that stay still in a cage's box.

It looks for a row of small shapes alike in height, of one contrast against a plain ground, with
sharp strokes, in a median of frames from all over the recording. It can miss a tag (blurred,
handwritten, at a slant) and can take other rows of marks for one; it reads no text.

H W pixels
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]

CONTRAST = 35
"""Grey levels between strokes and ground, at least."""

_STILL = 12  # grey levels that half of the frames may differ from the median by
_TALL_PX = (7, 90)
_STROKES_PX = (3, 5, 9, 17)
_SLIMMEST, _WIDEST = 0.12, 1.4  # width to height of a letter
_FILLED = (0.12, 0.9)
_ALIKE = 1.35
_FEWEST = 3


@dataclass(frozen=True)
class Mark:
    """A shape that may be a letter: left, top, width, height, area in pixels."""

    x: int
    y: int
    width: int
    height: int
    area: int

    @property
    def right(self) -> int:
        """The first column behind it."""
        return self.x + self.width

    @property
    def middle(self) -> float:
        """The row in the middle of it."""
        return self.y + self.height / 2


def still_picture(frames: Sequence[Grey]) -> tuple[Grey, npt.NDArray[np.bool_]]:
    """Return the median of frames, (H, W) uint8, and where they stay near it, (H, W) bool."""
    stack = np.stack(frames)
    middle = np.median(stack, axis=0).astype(np.uint8)
    spread = np.median(cv2.absdiff(stack, np.broadcast_to(middle, stack.shape).copy()), axis=0)
    return middle, spread <= _STILL


def find_text(picture: Grey, still: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Return places with text-like contrast: left, top, width and height in pixels.

    Parameters
    ----------
    picture
        (H, W) uint8, what stays in a recording.
    still
        (H, W) bool, where it does.
    """
    found: list[tuple[int, int, int, int]] = []
    for stroke in _STROKES_PX:
        for way in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT):
            strokes = _strokes(picture, still, stroke, way)
            found += [
                _around(row)
                for row in _rows(_marks(strokes))
                if _on_plain_ground(picture, strokes, row)
            ]
    return _joined(found)


def _strokes(
    picture: Grey, still: npt.NDArray[np.bool_], width_px: int, way: int
) -> npt.NDArray[np.uint8]:
    """Return where lines thinner than a kernel stand out from what is around them, 0 or 1."""
    side = 2 * width_px + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    out = np.asarray(cv2.morphologyEx(picture, way, kernel))
    reach = np.asarray(cv2.dilate(out, np.ones((3 * side, 3 * side), np.uint8)))
    strong = out >= np.maximum(CONTRAST, reach // 2)  # half of the strongest nearby: no halo
    return (strong & still).astype(np.uint8)


def _marks(strokes: npt.NDArray[np.uint8]) -> list[Mark]:
    """Return the connected shapes that may be letters."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    height, width = strokes.shape
    marks = [Mark(*map(int, stats[number])) for number in range(1, count)]
    return [
        mark
        for mark in marks
        if _TALL_PX[0] <= mark.height <= min(_TALL_PX[1], height // 2)
        and _SLIMMEST <= mark.width / mark.height <= _WIDEST
        and _FILLED[0] <= mark.area / (mark.width * mark.height) <= _FILLED[1]
        and mark.x > 0
        and mark.y > 0
        and mark.right < width
        and mark.y + mark.height < height
    ]


def _rows(marks: Sequence[Mark]) -> Iterable[list[Mark]]:
    """Return the rows of at least three marks alike in height and close to each other."""
    left = sorted(marks, key=lambda mark: mark.x)
    while left:
        row = [left.pop(0)]
        for mark in list(left):
            if _follows(row[-1], mark):
                row.append(mark)
                left.remove(mark)
        if len(row) >= _FEWEST:
            yield row


def _follows(one: Mark, other: Mark) -> bool:
    high, low = max(one.height, other.height), min(one.height, other.height)
    gap = other.x - one.right
    return (
        high <= _ALIKE * low
        and abs(one.middle - other.middle) <= high / 4
        and -high / 4 <= gap <= 1.3 * high
    )


def _on_plain_ground(picture: Grey, strokes: npt.NDArray[np.uint8], row: Sequence[Mark]) -> bool:
    """Say whether what is around a row's strokes is one grey, and the strokes another."""
    x, y, width, height = _around(row)
    part, ink = picture[y : y + height, x : x + width], strokes[y : y + height, x : x + width]
    near = np.asarray(cv2.dilate(ink, np.ones((3, 3), np.uint8)))
    ground, letters = part[near == 0], part[ink == 1]
    if ground.size < letters.size // 2:
        return False
    low, high = np.percentile(ground, (10, 90))
    contrast = abs(float(np.median(letters)) - float(np.median(ground)))
    return bool(contrast >= CONTRAST and high - low <= contrast / 2)


def _around(row: Sequence[Mark]) -> tuple[int, int, int, int]:
    left, top = min(mark.x for mark in row), min(mark.y for mark in row)
    right = max(mark.right for mark in row)
    bottom = max(mark.y + mark.height for mark in row)
    return left, top, right - left, bottom - top


def _joined(
    places: Sequence[tuple[int, int, int, int]],
) -> list[tuple[int, int, int, int]]:
    """Return places joined where they overlap."""
    joined: list[tuple[int, int, int, int]] = []
    for place in sorted(places):
        x, y, width, height = place
        for other in list(joined):
            a, b, wide, high = other
            if x < a + wide and a < x + width and y < b + high and b < y + height:
                joined.remove(other)
                right, bottom = max(x + width, a + wide), max(y + height, b + high)
                x, y = min(x, a), min(y, b)
                width, height = right - x, bottom - y
        joined.append((x, y, width, height))
    return joined
