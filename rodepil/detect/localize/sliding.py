"""Features of windows that slide along frames of any number, made as the frames come.

Shapes: T windows, F width.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

from rodepil.io.clip_frames import ClipFrame, Picture
from rodepil.models.extract import Extractor
from rodepil.models.i3d import WINDOWS_AT_ONCE
from rodepil.store.views import training_view
from rodepil.store.views.frames import FrameView

Features = npt.NDArray[np.float32]


class Slider:
    """Makes what the stored view 'sequence' holds of a clip, of a recording without an end.

    The windows are those of `rodepil.models.views.SequenceView`, and as many are made at a time,
    so that both give the same bits. No more frames are held than those windows span.

    Parameters
    ----------
    extract
        The network.
    window_frames, stride_frames
        Frames that a window spans, and from one's start to the next one's.
    """

    def __init__(self, extract: Extractor, window_frames: int, stride_frames: int) -> None:
        self._extract = extract
        self._window, self._stride = window_frames, stride_frames
        self._together = WINDOWS_AT_ONCE if extract.slides(window_frames, stride_frames) else 1
        self._view = cast("FrameView", training_view(extract.recipe.features))
        self._held: list[Picture] = []
        self._skip = 0

    def add(self, frame: ClipFrame) -> Iterator[Features]:
        """Take the next frame; yield features (T, F) where it fills windows."""
        if self._skip:
            self._skip -= 1
            return
        self._held.append(frame.pixels(self._view.size_px, "rgb"))
        if len(self._held) == self._window + (self._together - 1) * self._stride:
            yield self._made()
            self._move(self._together * self._stride)

    def finish(self) -> Iterator[Features]:
        """Yield the features of the windows that are left, if any fits whole."""
        if len(self._held) >= self._window:
            whole = (len(self._held) - self._window) // self._stride
            del self._held[self._window + whole * self._stride :]
            yield self._made()
        self._held.clear()

    def _move(self, frames: int) -> None:
        """Let go of frames; where windows stand apart, some are still to come."""
        self._skip = max(0, frames - len(self._held))
        del self._held[:frames]

    def _made(self) -> Features:
        frames = np.stack(self._held)
        if self._extract.slides(self._window, self._stride):
            return self._extract.slide(frames, self._stride)
        picked = frames[self._view.numbers(self._window)]
        return self._extract(picked.reshape(self._view.columns[self._view.main].fixed or ()))[None]
