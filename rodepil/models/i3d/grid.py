"""Where the features of sliding windows stand in time, both ways.

A feature stands for the middle of its window: feature g covers frames g·stride to g·stride +
window, whose middle is at (g·stride + window / 2) / fps seconds.

References
----------
Zhang, Wu, Li: ActionFormer: Localizing Moments of Actions with Transformers. ECCV 2022,
arXiv:2202.07925.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from rodepil.errors import ModelError

Numbers = TypeVar("Numbers", float, npt.NDArray[np.float64], Tensor)
"""One number, an array, or a tensor; what comes out is of the same kind."""


@dataclass(frozen=True)
class FeatureGrid:
    """The windows that slide along a clip.

    Parameters
    ----------
    fps
        Frames a second of the clip.
    window_frames
        Frames that a window spans.
    stride_frames
        Frames from a window's start to the next one's.

    Raises
    ------
    ModelError
        One of them is not above 0.
    """

    fps: float = 30.0
    window_frames: int = 16
    stride_frames: int = 4

    def __post_init__(self) -> None:
        for name in ("fps", "window_frames", "stride_frames"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ModelError(f"{name} of a feature grid is {value}; give a number above 0")

    def count(self, n_frames: int) -> int:
        """Return T, the windows that fit whole into a clip; one that is shorter is one window."""
        return len(self.starts(n_frames))

    def starts(self, n_frames: int) -> range:
        """Return the first frame of every window.

        Raises
        ------
        ModelError
            The clip has no frame.
        """
        if n_frames < 1:
            raise ModelError(f"a clip of {n_frames} frames has no window; leave it out")
        return range(0, max(n_frames - self.window_frames, 0) + 1, self.stride_frames)

    def to_grid(self, time_s: Numbers) -> Numbers:
        """Return the place on the grid, a real number, of times in seconds."""
        return (time_s * self.fps - 0.5 * self.window_frames) / self.stride_frames

    def to_time_s(self, place: Numbers, duration_s: float) -> Numbers:
        """Return the times, in seconds, of places on the grid, clipped to [0, `duration_s`].

        Raises
        ------
        ModelError
            The duration is not above 0.
        """
        if not (math.isfinite(duration_s) and duration_s > 0):
            raise ModelError(f"a clip lasts {duration_s} s; give its duration, a number above 0")
        time_s = (place * self.stride_frames + 0.5 * self.window_frames) / self.fps
        if isinstance(time_s, Tensor):
            return time_s.clamp(0.0, duration_s)
        if isinstance(time_s, np.ndarray):
            return np.clip(time_s, 0.0, duration_s)
        return min(max(time_s, 0.0), duration_s)
