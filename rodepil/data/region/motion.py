"""A detector without weights: what differs from the background, the median of the recording.

T frames, H W pixels
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.region.found import NOTHING, Found, Frames

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Motion:
    """Finds the largest thing that was not there for most of the time.

    An animal that lies in one place for more than half of the recording is background, and
    nothing is found while it lies there.

    Parameters
    ----------
    least_grey
        Grey levels that a pixel differs from the background by, at least; where the picture is
        noisy, more is wanted: `noise` times the median difference.
    noise
        See above.
    least_share
        Share of the picture that an animal covers, at least.
    """

    least_grey: float = 14.0
    noise: float = 6.0
    least_share: float = 0.002

    def find(self, frames: Frames) -> Sequence[Found]:
        """Return what is found in each of the frames, (T, H, W, 3) uint8 RGB."""
        grey = greys(frames)
        still = background(grey)
        return [self._of(np.asarray(cv2.absdiff(one, still), np.uint8)) for one in grey]

    def _of(self, differs: Grey) -> Found:
        """Find the largest region of one frame's differences, (H, W) uint8."""
        soft = cv2.GaussianBlur(differs, (0, 0), 1.5)
        limit = max(self.least_grey, self.noise * float(np.median(soft)))
        side = max(3, round(min(soft.shape) / 40)) | 1
        mask = cv2.morphologyEx(
            (soft > limit).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)
        )
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        if count == 1:
            return NOTHING
        best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        left, top, width, height, area = stats[best].tolist()
        if area < self.least_share * mask.size:
            return NOTHING
        box = np.array([[left, top, left + width, top + height]], np.float32)
        score = min(1.0, area / (width * height))
        return Found(box, np.array([score], np.float32))


def greys(frames: Frames) -> Grey:
    """Return the brightness of frames (T, H, W, 3) uint8 RGB, as (T, H, W) uint8."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]).astype(np.uint8)


def background(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the median of frames (T, ...) over time, uint8."""
    return np.asarray(np.median(frames, axis=0), np.uint8)
