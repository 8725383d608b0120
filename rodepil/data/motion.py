"""How much moves in a cage: a classical measure that works in home cages.

CLAHE (clip limit 3, 8 x 8 tiles) on lightness, absolute difference, median of 3 x 3, a threshold,
and the share of the box's pixels that exceed it. It is measured on the box as the clip shows it,
so that a camera's resolution does not change it, and between pictures about a sixth of a second
apart: slow walking adds up between them, noise does not, and it costs a fifth.

T pictures, H W pixels
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]

COMPARED_PER_S = 6
_CLIP_LIMIT = 3.0
_TILES = (8, 8)
_MEDIAN_PX = 3


def moving_share(pictures: npt.NDArray[np.uint8], threshold: int, fps: int) -> float:
    """Return the mean share of a clip's pixels that move, range [0, 1].

    Parameters
    ----------
    pictures
        The clip's lightness without bars, (T, H, W) uint8, range [0, 255].
    threshold
        Difference in lightness, range [1, 255], above which a pixel has moved.
    fps
        Frames a second of the clip.
    """
    clahe = cv2.createCLAHE(_CLIP_LIMIT, _TILES)
    compared = pictures[:: max(1, round(fps / COMPARED_PER_S))]
    even = (clahe.apply(picture).astype(np.uint8, copy=False) for picture in compared)
    moved = sum(_moved(before, after, threshold) for before, after in pairwise(even))
    pairs = len(compared) - 1
    return moved / (pairs * compared[0].size) if pairs else 0.0


def _moved(before: Plane, after: Plane, threshold: int) -> int:
    """Return how many pixels differ."""
    difference = cv2.medianBlur(cv2.absdiff(before, after), _MEDIAN_PX)
    return int(np.count_nonzero(difference > threshold))
