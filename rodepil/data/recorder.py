"""Record one cage, window by window: draw frames into a buffer, measure motion, encode a clip.

N frames a clip, S side of a clip in pixels
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rodepil.config.settings import CurateSettings
from rodepil.data.cages import Cage
from rodepil.data.fit import Planes, fit_box
from rodepil.data.motion import Motion
from rodepil.errors import VideoError
from rodepil.io.files import publish
from rodepil.io.video import encode_clip

Canvases = npt.NDArray[np.uint8]


class Recorder:
    """Holds at most two windows of one cage: the one that fills, and the one being encoded.

    Parameters
    ----------
    cage
        Whose box is recorded.
    settings
        Size, fit, rate and motion threshold of clips.
    """

    def __init__(self, cage: Cage, settings: CurateSettings) -> None:
        self.cage = cage
        self._fit = fit_box(cage.box, settings.size_px, settings.fit)
        self._count = settings.frames_per_clip
        self._motion = Motion(settings.motion_pixel_threshold, settings.fps)
        self._spare: Canvases | None = None
        self._canvases = self._fit.canvas(self._count)

    def start(self) -> None:
        """Begin a new window."""
        self._motion.start()

    def add(self, planes: Planes, slot: int, count: int) -> None:
        """Take a source frame that the clip shows `count` times from frame `slot` on."""
        self._fit.draw(planes, self._canvases[slot])
        self._canvases[slot + 1 : slot + count] = self._canvases[slot]
        self._motion.add(self._fit.picture(self._canvases[slot]), slot, count)

    def motion(self) -> float:
        """Return the window's motion so far: a share of its pixels, range [0, 1]."""
        return self._motion.share()

    def take(self) -> Canvases:
        """Give the window's frames, (N, S * 3 / 2, S) uint8, away and go on in the other buffer.

        What was given before is overwritten from here on.
        """
        full = self._canvases
        self._canvases = self._fit.canvas(self._count) if self._spare is None else self._spare
        self._spare = full
        return full


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
        raise VideoError(
            f"{path} can't be written ({error.strerror}); make room or set rights, and curate "
            "again: what is done is kept"
        ) from error
    return hashlib.sha256(data).hexdigest()
