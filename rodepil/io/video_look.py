"""Look at any moment of a video, however long it is: near by decoding on, far by key frame.

Times are exact everywhere; a frame's number is known only where all before it were decoded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import numpy.typing as npt

from rodepil.errors import VideoError
from rodepil.io.video_open import Pictures, Stamps, open_video
from rodepil.io.video_read import upright

NEAR_S = Fraction(12)
"""What lies no farther ahead is decoded rather than sought."""

_HELD_BYTES = 128 << 20
_INSTANT = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class Look:
    """A decoded frame: its exact time since the first one, and its number where that is known."""

    time_s: Fraction
    index: int | None
    picture: av.VideoFrame

    def image(self) -> npt.NDArray[np.uint8]:
        """Return it upright, (H, W, 3) uint8 BGR, range [0, 255]."""
        return np.ascontiguousarray(upright(self.picture, "rgb24")[..., ::-1])


class VideoLook:
    """Opens a video to be looked at; use it in a ``with`` block.

    Parameters
    ----------
    path
        A video file.
    threads
        Threads that decode; 0 leaves it to FFmpeg.

    Raises
    ------
    VideoError
        It can't be opened, or its beginning does not decode.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        self.path, self._threads = path, threads
        self._container = self._open()
        self._first: Fraction | None = None
        self._restart()
        if not self._more():
            self._container.close()
            raise VideoError(f"{path}: no frame can be decoded; copy it again, or leave it out")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    def at(self, time_s: Fraction) -> Look:
        """Return the frame that is shown at `time_s`; the first before, the last after all."""
        time_s = max(time_s, Fraction(0))
        ahead = time_s - self._held[-1].time_s
        if time_s < self._held[0].time_s or ahead > NEAR_S:
            self._seek(time_s)
        while self._held[-1].time_s <= time_s and self._more():
            pass
        place = bisect_right(self._held, time_s, key=lambda look: look.time_s)
        return self._held[max(0, place - 1)]

    def frame(self, index: int) -> Look:
        """Return frame `index`, exactly, by decoding all before it.

        Raises
        ------
        VideoError
            The video has fewer frames.
        """
        self._restart()
        while self._more():
            if self._held[-1].index == index:
                return self._held[-1]
        raise VideoError(f"{self.path} has no frame {index}; frames count from 0")

    def after(self, look: Look) -> Look:
        """Return the frame after `look`, or `look` where it is the last."""
        self.at(look.time_s)
        place = bisect_right(self._held, look.time_s, key=lambda held: held.time_s)
        return self._held[place] if place < len(self._held) else look

    def before(self, look: Look) -> Look:
        """Return the frame before `look`, or `look` where it is the first."""
        return self.at(look.time_s - _INSTANT) if look.time_s else look

    def last(self) -> Look:
        """Return the last frame that decodes."""
        duration = self._container.duration
        if duration is not None:
            self.at(Fraction(duration, av.time_base) - 1)
        while self._more():
            pass
        return self._held[-1]

    def _open(self) -> av.container.InputContainer:
        container = open_video(self.path, timed=True)
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = self._threads
        self._stamps = Stamps(container, self.path)
        return container

    def _restart(self) -> None:
        self._container.close()
        self._container = self._open()
        self._held: list[Look] = []
        self._index: int | None = 0
        self._pictures = self._decode()

    def _seek(self, time_s: Fraction) -> None:
        """Stand before `time_s`, at a key frame if there is one, else at the beginning."""
        if time_s <= NEAR_S:
            self._restart()
            self._more()
            return
        stream = self._container.streams.video[0]
        target = (time_s + (self._first or 0)) / Fraction(stream.time_base or 1)
        try:
            self._container.seek(int(target), stream=stream, backward=True)
        except av.FFmpegError:
            self._restart()
            self._more()
            return
        self._stamps.forget()
        self._held, self._index, self._pictures = [], None, self._decode()
        if not self._more() or self._held[0].time_s > time_s:
            self._restart()
            self._more()

    def _more(self) -> bool:
        """Decode one frame more; say whether there was one."""
        for picture in self._pictures:
            stamp = self._stamps.of(picture, self._index)
            if stamp is not None:
                self._hold(picture, stamp * self._stamps.base)
                return True
        return False

    def _hold(self, picture: av.VideoFrame, time_s: Fraction) -> None:
        """Take the next frame; the very first one begins the time."""
        if self._first is None:
            self._first = time_s
        look = Look(time_s - self._first, self._index, picture)
        if self._index is not None:
            self._index += 1
        keep = max(2, _HELD_BYTES // (2 * picture.width * picture.height))
        self._held = [*self._held[-keep:], look]

    def _decode(self) -> Iterator[av.VideoFrame]:
        return iter(Pictures(self._container, self.path))
