"""Measure one clip: open its file, decode it once, in order, as far as needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.audit.items import AuditItem
from rodepil.data.audit.likeness import WORK_PX, fingerprint
from rodepil.data.audit.pixels import colour_of, describe, picture_of, repeated_share
from rodepil.data.fit import Rect
from rodepil.io.declared import Declared, read_declared
from rodepil.io.video import VideoReader, planes

VERSION = 2
"""Raised when the same clip is measured otherwise."""

LONGEST_S = 20.0
SAMPLE_S = 1.0
MOST_SAMPLES = 10
_KEPT_PX = 64

Plane = npt.NDArray[np.uint8]
Measured = dict[str, float | str | bytes | None]


@dataclass
class _Pass:
    """What one pass over the frames gathers.

    ``samples`` holds whole frames, one a second; ``small`` all frames at 64 x 64 px; ``changes``
    each frame's mean absolute difference to the one before it.
    """

    samples: list[Plane] = field(default_factory=list)
    colours: list[float] = field(default_factory=list)
    small: list[Plane] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    last: Plane | None = None

    def add(self, second: float, y: Plane, u: Plane, v: Plane) -> None:
        if second >= len(self.samples) * SAMPLE_S and len(self.samples) < MOST_SAMPLES:
            self.samples.append(y)
            self.colours.append(colour_of(u, v))
        if self.last is not None:
            self.changes.append(cv2.norm(y, self.last, cv2.NORM_L1) / y.size)
        small = cv2.resize(y, (_KEPT_PX, _KEPT_PX), interpolation=cv2.INTER_AREA)
        self.small.append(small.astype(np.uint8, copy=False))
        self.seconds.append(second)
        self.last = y


def measure(item: AuditItem) -> Measured:
    """Return every attribute of a clip, and its fingerprint.

    No more than 20 s are decoded; the number of frames of a longer file is what it declares.

    Raises
    ------
    VideoError
        The file is missing, damaged throughout, or no video.
    """
    declared = read_declared(item.path)
    gathered, whole = _decode(item)
    picture = picture_of(gathered.samples)
    return {
        **_of_file(item.path, declared, len(gathered.seconds) if whole else declared.n_frames),
        **describe(gathered.samples, picture),
        "colour": float(np.mean(gathered.colours)),
        "repeated_share": repeated_share(np.array(gathered.changes)),
        "fingerprint": fingerprint(
            _without_bars(gathered, picture), np.array(gathered.seconds, np.float64)
        ),
    }


def _decode(item: AuditItem) -> tuple[_Pass, bool]:
    """Return what a pass gathers, and whether it saw the whole file."""
    gathered = _Pass()
    with VideoReader(item.path, threads=1) as reader:
        for frame in reader:
            second = float(frame.time_s)
            if second >= LONGEST_S:
                return gathered, False
            y, u, v = planes(frame.picture)
            if item.box is not None:
                box = Rect(*item.box)
                y, u, v = box.of(y), box.halved().of(u), box.halved().of(v)
            gathered.add(second, y.copy(), u, v)
    return gathered, True


def _of_file(path: Path, declared: Declared, frames: int | None) -> Measured:
    fps = float(declared.fps) if declared.fps else None
    duration_s = declared.duration_s
    if duration_s is None and frames and fps:
        duration_s = frames / fps
    return {
        "fps": fps,
        "frames": frames,
        "duration_s": duration_s,
        "width_px": declared.width_px,
        "height_px": declared.height_px,
        "codec": declared.codec,
        "container": declared.container,
        "pixel_format": declared.pixel_format,
        "size_bytes": path.stat().st_size,
    }


def _without_bars(gathered: _Pass, picture: Rect) -> Plane:
    """Return the small frames without bars, (T, 32, 32) uint8."""
    height, width = gathered.samples[0].shape
    left, right = (round(_KEPT_PX * x / width) for x in _ends(picture.x_px, picture.width_px))
    top, bottom = (round(_KEPT_PX * y / height) for y in _ends(picture.y_px, picture.height_px))
    inner = [
        frame[top : max(bottom, top + 1), left : max(right, left + 1)] for frame in gathered.small
    ]
    shrunk = [cv2.resize(one, (WORK_PX, WORK_PX), interpolation=cv2.INTER_AREA) for one in inner]
    return np.stack(shrunk).astype(np.uint8, copy=False)


def _ends(start: int, length: int) -> tuple[int, int]:
    return start, start + length
