"""How much moves in a cage: a classical measure that works in home cages.

CLAHE (clip limit 3, 8 x 8 tiles) on lightness, absolute difference, median of 3 x 3, a threshold,
and the share of the box's pixels that exceed it. It is measured on the box as the clip shows it,
so that a camera's resolution does not change it, and between pictures about a sixth of a second
apart: slow walking adds up between them, noise does not, and it costs a fifth.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]

COMPARED_PER_S = 6
_CLIP_LIMIT = 3.0
_TILES = (8, 8)
_MEDIAN_PX = 3


class Motion:
    """Measures one clip at a time.

    Parameters
    ----------
    threshold
        Difference in lightness, range [1, 255], above which a pixel has moved.
    fps
        Frames a second of the clip.
    """

    def __init__(self, threshold: int, fps: int) -> None:
        self._threshold = threshold
        self._stride = max(1, round(fps / COMPARED_PER_S))
        self._clahe = cv2.createCLAHE(_CLIP_LIMIT, _TILES)
        self.start()

    def start(self) -> None:
        """Begin a new clip."""
        self._last: Plane | None = None
        self._sum = 0.0
        self._compared = 0

    def wants(self, slot: int, count: int) -> bool:
        """Say whether one of the clip's frames [slot, slot + count) is compared."""
        return -(-slot // self._stride) * self._stride < slot + count

    def add(self, lightness: Plane, slot: int, count: int) -> None:
        """Take a picture that the clip shows `count` times from frame `slot` on.

        Parameters
        ----------
        lightness
            The picture without bars, (H, W) uint8, range [0, 255], of one size.
        slot, count
            Which of the clip's frames show it.
        """
        if not self.wants(slot, count):
            return
        even = self._clahe.apply(lightness).astype(np.uint8, copy=False)
        if self._last is not None:
            difference = cv2.medianBlur(cv2.absdiff(self._last, even), _MEDIAN_PX)
            self._sum += np.count_nonzero(difference > self._threshold) / difference.size
        self._compared = (slot + count - 1) // self._stride
        self._last = even

    def share(self) -> float:
        """Return the mean share of pixels that moved, range [0, 1], over the frames compared."""
        return float(self._sum / self._compared) if self._compared else 0.0
