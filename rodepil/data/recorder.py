"""Record one cage, window by window: draw frames into a buffer, measure motion, encode a clip.

N frames a clip, S side of a clip in pixels
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rodepil.config.settings import CurateSettings
from rodepil.data.cages import Cage
from rodepil.data.fit import Fit, Planes, fit_box
from rodepil.data.motion import moving_share
from rodepil.errors import VideoError
from rodepil.io.files import publish, unwritable
from rodepil.io.video import encode_clip

Canvases = npt.NDArray[np.uint8]
_Buffer = tuple[Canvases, list[object]]
"""A window's frames, and the constant chroma that each holds where it is known."""


class Recorder:
    """Holds at most two windows of one cage: the one that fills, and the one being written.

    Parameters
    ----------
    cage
        Whose box is recorded.
    settings
        Size, fit and rate of clips.
    """

    def __init__(self, cage: Cage, settings: CurateSettings) -> None:
        self.cage = cage
        self._fit = fit_box(cage.box, settings.size_px, settings.fit)
        self._count = settings.frames_per_clip
        self._spare: _Buffer | None = None
        self._buffer = self._new_buffer()

    def add(self, planes: Planes, slot: int, count: int) -> None:
        """Take a source frame that the clip shows `count` times from frame `slot` on."""
        canvases, tints = self._buffer
        tint = planes[1:] if isinstance(planes[1], int) and isinstance(planes[2], int) else None
        # What the last window left of a constant chroma is not drawn again.
        self._fit.draw(planes, canvases[slot], chroma=tint is None or tint != tints[slot])
        tints[slot] = tint
        if count > 1:
            canvases[slot + 1 : slot + count] = canvases[slot]
            tints[slot + 1 : slot + count] = [tint] * (count - 1)

    def take(self) -> Drawn:
        """Give the full window away and go on in the other buffer.

        What was given before is overwritten from here on.
        """
        full = self._buffer
        self._buffer = self._new_buffer() if self._spare is None else self._spare
        self._spare = full
        return Drawn(full[0], self._fit)

    def _new_buffer(self) -> _Buffer:
        return self._fit.canvas(self._count), [None] * self._count


@dataclass(frozen=True)
class Drawn:
    """A full window of one cage.

    Parameters
    ----------
    canvases
        Its frames, (N, S * 3 / 2, S) uint8.
    fit
        Where in them the box is drawn.
    """

    canvases: Canvases
    fit: Fit

    def motion(self, settings: CurateSettings) -> float:
        """Return the share of the box's pixels that move, range [0, 1]."""
        pictures = self.fit.pictures(self.canvases)
        return moving_share(pictures, settings.motion_pixel_threshold, settings.fps)


def write_window(canvases: Canvases, path: Path, settings: CurateSettings) -> str:
    """Encode a window's frames to the clip `path` and return the file's SHA-256.

    Raises
    ------
    VideoError
        The file can't be written, for example because the disk is full.
    """
    data = encode_clip(canvases, settings.fps, settings.codec, settings.qp, pixel_format="yuv420p")
    try:
        with publish(path) as beside:
            beside.write_bytes(data)
    except OSError as error:
        raise VideoError(unwritable(path, error)) from error
    return hashlib.sha256(data).hexdigest()
