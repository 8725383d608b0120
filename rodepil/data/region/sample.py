"""Frames from all over a recording, small enough to be held together.

T frames, H W pixels
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from rodepil.data.region.found import XYWH, Frames, check_within
from rodepil.errors import VideoError
from rodepil.io.progress import Progress, Silent
from rodepil.io.video import VideoReader
from rodepil.io.video_read import DecodedFrame, upright

FRAMES = 64
LONGEST_PX = 640
_LEAST = 2


@dataclass(frozen=True)
class Sample:
    """Frames of a recording.

    Parameters
    ----------
    frames
        (T, H, W, 3) uint8 RGB, range [0, 255], evenly over the time, shrunk to at most
        `LONGEST_PX`.
    scale
        Pixels of `frames` for one of the recording's, at most 1.
    within
        What of the recording's upright frame they show: left, top, width, height.
    size_px
        The recording's width and height.
    """

    frames: Frames
    scale: float
    within: XYWH
    size_px: tuple[int, int]


def sample(
    video: Path,
    *,
    count: int = FRAMES,
    within: XYWH | None = None,
    longest_px: int = LONGEST_PX,
    progress: Progress | None = None,
) -> Sample:
    """Take frames from all over a recording in one pass, however long it is.

    Parameters
    ----------
    video
        A video file.
    count
        Frames to take at most, 2 or more; between half of them and all come of a long one.
    within
        What of the frame is looked at, for example a cage; by default all of it.
    longest_px
        Larger pictures are shrunk to this.
    progress
        Shown the frames that were decoded.

    Raises
    ------
    VideoError
        The video can't be read, or holds a single frame.
    CageError
        `within` lies not whole in the frame.
    """
    kept: list[Frames] = []
    step = 1
    with VideoReader(video) as reader:
        total = reader.declared_frames or 0
        with (progress or Silent()).task("look at the recording", total, "frames") as advance:
            for frame in reader:
                if frame.index % step == 0:
                    box = within or (0, 0, *frame.size_px)
                    kept.append(_take(frame, box, longest_px))
                if len(kept) > count:
                    kept, step = kept[::2], 2 * step
                advance(1)
    if len(kept) < _LEAST:
        raise VideoError(f"{video}: a single frame shows no animal that moves; give a longer video")
    return Sample(np.stack(kept), _scale(box, longest_px), box, frame.size_px)


def _take(frame: DecodedFrame, box: XYWH, longest_px: int) -> Frames:
    check_within(box, frame.size_px)
    left, top, width, height = box
    picture = upright(frame.picture, "rgb24")[top : top + height, left : left + width]
    scale = _scale(box, longest_px)
    if scale == 1:
        return np.ascontiguousarray(picture)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _scale(box: XYWH, longest_px: int) -> float:
    return min(1.0, longest_px / max(box[2:]))
