"""Videos: what one holds, its frames with exact times, and writing clips.

H W pixels
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from rodepil.io.video_read import DecodedFrame, VideoReader, planes, upright
from rodepil.io.video_write import encode_clip, write_clip

__all__ = [
    "DecodedFrame",
    "VideoInfo",
    "VideoReader",
    "encode_clip",
    "frames",
    "planes",
    "probe",
    "write_clip",
]

_DENOMINATOR = 100_000


@dataclass(frozen=True)
class VideoInfo:
    """What a video holds, found by decoding it, not by trusting its header.

    Parameters
    ----------
    fps
        Frames a second, exact: what the container declares where its times agree, else what the
        times give.
    n_frames
        Frames that decode.
    width_px, height_px
        Size as shown, after rotation.
    codec
        FFmpeg's name of the codec.
    duration_s
        From the first frame to the end of the last.
    start_s
        The container's time of the first frame, which is time 0 everywhere else.
    container
        FFmpeg's name of the container.
    declared_fps, declared_frames
        What the container says of them; None where it says nothing.
    rotation_deg
        Counterclockwise turn that sets frames upright: 0, 90, 180 or 270.
    first_is_key
        Whether the video begins with a key frame; where not, its first frames are lost or smeared.
    damaged_packets
        Packets that did not decode, or decoded to a picture that is known to be damaged or late.
    shortest_step_s, longest_step_s
        Between a frame and the next; 0 where there is one frame.
    created
        When the container says that it was recorded, in its own words.
    """

    fps: Fraction
    n_frames: int
    width_px: int
    height_px: int
    codec: str
    duration_s: float
    start_s: float
    container: str
    declared_fps: Fraction | None
    declared_frames: int | None
    rotation_deg: int
    first_is_key: bool
    damaged_packets: int
    shortest_step_s: float
    longest_step_s: float
    created: str | None


def probe(
    path: Path, *, threads: int = 0, far: Callable[[Fraction], None] | None = None
) -> VideoInfo:
    """Decode a whole video and say what it holds.

    Parameters
    ----------
    path
        A video file.
    threads
        Threads that decode; 0 leaves it to FFmpeg.
    far
        Is told the time of every frame, to show how far the probe is.

    Raises
    ------
    VideoError
        It is missing, empty, damaged throughout, or no video.
    """
    with VideoReader(path, threads=threads) as reader:
        decoded = iter(reader)
        frame, ahead = next(decoded), None  # a reader raises where nothing decodes
        shortest, longest, damaged = inf, 0.0, int(frame.picture.is_corrupt)
        for following in decoded:
            ahead, frame = frame, following
            step = float(frame.time_s - ahead.time_s)
            shortest, longest = min(shortest, step), max(longest, step)
            damaged += frame.picture.is_corrupt
            if far is not None:
                far(frame.time_s)
        fps = _frame_rate(frame, reader.declared_fps)
        width_px, height_px = frame.size_px
        return VideoInfo(
            fps=fps,
            n_frames=frame.index + 1,
            width_px=width_px,
            height_px=height_px,
            codec=reader.codec,
            duration_s=float(end_of(frame, ahead, fps)),
            start_s=reader.start_s,
            container=reader.container,
            declared_fps=reader.declared_fps,
            declared_frames=reader.declared_frames,
            rotation_deg=frame.rotation_deg,
            first_is_key=bool(reader.first_is_key),
            # A damaged packet mostly gives a damaged picture: they are not counted twice.
            damaged_packets=reader.skipped_packets
            + max(damaged, reader.flagged_packets)
            + reader.late_frames,
            shortest_step_s=min(shortest, longest),
            longest_step_s=longest,
            created=reader.created,
        )


def end_of(frame: DecodedFrame, ahead: DecodedFrame | None, fps: Fraction) -> Fraction:
    """Return when the last frame ends.

    Parameters
    ----------
    frame
        The last frame.
    ahead
        The one before it, whose distance stands in where the container gives no duration.
    fps
        The rate that stands in where there is no frame before it either.
    """
    if frame.duration_s > 0:
        return frame.time_s + frame.duration_s
    if ahead is not None and ahead.time_s < frame.time_s:
        return 2 * frame.time_s - ahead.time_s
    return frame.time_s + 1 / fps


def frames(
    path: Path, *, pixel_format: Literal["rgb24", "gray"] = "rgb24", threads: int = 0
) -> Iterator[tuple[Fraction, npt.NDArray[np.uint8]]]:
    """Yield every frame of a video, upright, with its exact time since the first one.

    Yields
    ------
    tuple
        Seconds, and an array of shape (H, W, 3) (``rgb24``) or (H, W) (``gray``), uint8, range
        [0, 255].

    Raises
    ------
    VideoError
        The video can't be read, or nothing of it decodes.
    """
    with VideoReader(path, threads=threads) as reader:
        for frame in reader:
            yield frame.time_s, upright(frame.picture, pixel_format)


def _frame_rate(last: DecodedFrame, declared: Fraction | None) -> Fraction:
    """Return the declared rate if the last frame stands within half a frame of where it says."""
    if declared and abs(last.time_s - last.index / declared) * declared <= Fraction(1, 2):
        return declared
    if last.time_s:
        return (last.index / last.time_s).limit_denominator(_DENOMINATOR)
    return declared or Fraction(1)
