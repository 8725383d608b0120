"""Decode a video once, in order, with exact times; broken packets are skipped and counted.

H W pixels
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace

from rodepil.errors import VideoError
from rodepil.io.video_open import Pictures, Stamps, open_video

Plane = npt.NDArray[np.uint8]

_JPEG_RANGE = 2
_BT709 = 1
_QUARTER_DEG = 90
# Where containers note when they were recorded; the first is local time, the others mostly UTC.
_CREATED = ("com.apple.quicktime.creationdate", "creation_time", "date", "date_recorded")


@dataclass(frozen=True)
class DecodedFrame:
    """One decoded frame.

    Parameters
    ----------
    index
        Its place among the frames that decode, from 0.
    time_s
        Exact time since the first frame.
    duration_s
        How long it is shown by the container's word; 0 where the container says nothing.
    picture
        The frame as PyAV gives it, not rotated.
    """

    index: int
    time_s: Fraction
    duration_s: Fraction
    picture: av.VideoFrame

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height as shown, after rotation."""
        width, height = self.picture.width, self.picture.height
        return (height, width) if _quarter_turns(self.picture) % 2 else (width, height)

    @property
    def rotation_deg(self) -> int:
        """Counterclockwise turn that sets the picture upright: 0, 90, 180 or 270."""
        return _quarter_turns(self.picture) * _QUARTER_DEG


class VideoReader:
    """Opens a video and yields its frames once, in order; use it in a ``with`` block.

    Parameters
    ----------
    path
        Any container and codec that FFmpeg's libraries read.
    threads
        Threads that decode; 0 leaves it to FFmpeg.

    Raises
    ------
    VideoError
        The file is missing, empty, no video, holds sound alone, or does not tell its times.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        self.path = path
        self._container = open_video(path, timed=True)
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = threads
        self._pictures = Pictures(self._container, path)
        self._stamps = Stamps(self._container, path)
        self._first: int | Fraction = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec, for example ``h264``."""
        return str(self._stream.codec_context.name)

    @property
    def container(self) -> str:
        """FFmpeg's name of the container, for example ``mov,mp4,m4a,3gp,3g2,mj2``."""
        return str(self._container.format.name)

    @property
    def declared_frames(self) -> int | None:
        """The number of frames that the container declares."""
        return int(self._stream.frames) or None

    @property
    def created(self) -> str | None:
        """When the container says that it was recorded, in its own words."""
        tags = {**self._stream.metadata, **self._container.metadata}
        lowered = {str(key).lower(): str(value) for key, value in tags.items()}
        return next((lowered[key] for key in _CREATED if lowered.get(key)), None)

    @property
    def declared_fps(self) -> Fraction | None:
        """The frame rate that the container declares."""
        rate = self._stream.average_rate or self._stream.base_rate
        return Fraction(rate) if rate else None

    @property
    def start_s(self) -> float:
        """The container's time of the first frame; known once that was read."""
        return float(self._first * self._stamps.base)

    @property
    def skipped_packets(self) -> int:
        """Packets that did not decode so far."""
        return self._pictures.skipped_packets

    @property
    def flagged_packets(self) -> int:
        """Packets so far that the container knows to be damaged, whether they decode or not."""
        return self._pictures.flagged_packets

    @property
    def late_frames(self) -> int:
        """Frames that came up to a second behind a later one, and were passed over."""
        return self._stamps.late_frames

    @property
    def first_is_key(self) -> bool | None:
        """Whether the first packet holds a key frame; known once that was read."""
        return self._pictures.first_is_key

    def __iter__(self) -> Iterator[DecodedFrame]:
        """Yield every frame that decodes.

        Raises
        ------
        VideoError
            Nothing decodes, times go back more than a second, the picture changes its size, or the
            disk or the network failed.
        """
        ticks, per_s = self._stamps.base.numerator, self._stamps.base.denominator
        size: tuple[int, int] | None = None
        index = 0
        for picture in self._pictures:
            stamp = self._stamps.of(picture, index)
            if stamp is None:
                continue
            if size is None:
                self._first = stamp
            # One fraction each: arithmetic on fractions would cost as much as scaling the frame.
            time_s = Fraction((stamp - self._first) * ticks, per_s)
            duration_s = Fraction((picture.duration or 0) * ticks, per_s)
            frame = DecodedFrame(index, time_s, duration_s, picture)
            shown_px = frame.size_px
            if size is not None and shown_px != size:
                raise VideoError(
                    f"{self.path}: the picture changes from {size} to {shown_px} px at frame "
                    f"{index}; cut the file there and give two recordings"
                )
            size, index = shown_px, index + 1
            yield frame
        if size is None:
            raise VideoError(
                f"{self.path}: no frame can be decoded; it may be cut off or damaged. Copy it "
                "again from the camera, or leave it out"
            )


def planes(picture: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """Return brightness and the two chroma planes of a frame, upright.

    Returns
    -------
    tuple
        Y of shape (H, W), U and V of shape (ceil(H/2), ceil(W/2)), uint8, in video range (16 is
        black) and BT.601. They are views of the frame where it already is so; hold the frame
        as long as them.
    """
    turns = _quarter_turns(picture)
    uniform = picture.format.name == "yuv420p" and picture.color_range != _JPEG_RANGE
    if not uniform or picture.colorspace == _BT709:
        picture = picture.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
        )
    y, u, v = (_view(plane) for plane in picture.planes)
    if turns:
        y, u, v = (np.rot90(plane, turns) for plane in (y, u, v))
    return y, u, v


def upright(picture: av.VideoFrame, pixel_format: str) -> npt.NDArray[np.uint8]:
    """Return a frame as ``rgb24`` (H, W, 3) or ``gray`` (H, W), uint8, rotated as shown."""
    return turned(picture.to_ndarray(format=pixel_format).astype(np.uint8, copy=False), picture)


def turned(array: Plane, picture: av.VideoFrame) -> Plane:
    """Return what was made of a frame, (H, W) or (H, W, 3), rotated as the frame is shown."""
    turns = _quarter_turns(picture)
    return np.ascontiguousarray(np.rot90(array, turns)) if turns else array


def _view(plane: av.video.plane.VideoPlane) -> Plane:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _quarter_turns(picture: av.VideoFrame) -> int:
    """Return the counterclockwise quarter turns that set a frame upright."""
    return round(picture.rotation / _QUARTER_DEG) % 4
