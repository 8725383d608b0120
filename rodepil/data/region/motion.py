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
    other_share
        The same of `Found.others`, where animals of several cages are each smaller.
    """

    least_grey: float = 14.0
    noise: float = 6.0
    least_share: float = 0.002
    other_share: float = 0.0005

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
        left, top, width, height, area = stats[1:].T
        corners = np.stack([left, top, left + width, top + height], axis=1).astype(np.float32)
        if count == 1 or area.max() < self.least_share * mask.size:
            return NOTHING._replace(others=corners[area >= self.other_share * mask.size])
        best = int(area.argmax())
        score = min(1.0, float(area[best] / (width[best] * height[best])))
        others = (area >= self.other_share * mask.size) & (np.arange(count - 1) != best)
        return Found(corners[[best]], np.array([score], np.float32), corners[others])


def greys(frames: Frames) -> Grey:
    """Return the brightness of frames (T, H, W, 3) uint8 RGB, as (T, H, W) uint8."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]).astype(np.uint8)


def background(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the median of frames (T, ...) over time, uint8."""
    return np.asarray(np.median(frames, axis=0), np.uint8)
