"""The frames of a clip, decoded once and in order for all who want some of them.

Seeks are unreliable and cost as much as reading on. What several readers want of a frame (its
colours, its lightness, at one size) is made once. Shapes: C channels, H W pixels.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from rodepil.errors import VideoError
from rodepil.io.lightness import has_luma, lightness
from rodepil.io.video_open import open_video
from rodepil.io.video_read import turned

Picture = npt.NDArray[np.uint8]
Colour = Literal["rgb", "grey"]

CHANNELS: dict[Colour, int] = {"rgb": 3, "grey": 1}
_FORMATS: dict[Colour, str] = {"rgb": "rgb24", "grey": "gray"}
_OF_THREAD = threading.local()
# Some releases of PyAV convert with as many threads as there are CPUs unless told otherwise: for a
# small frame it takes ten times as long to wake them.
_ONE_THREAD = {"threads": 1} if "threads" in (VideoReformatter.reformat.__doc__ or "") else {}


def decoder_version() -> str:
    """Return the versions of all that shapes the pixels: PyAV, its FFmpeg, OpenCV."""
    parts = [f"av {av.__version__}", f"cv2 {cv2.__version__}"]
    parts += [
        f"{library} {'.'.join(map(str, av.library_versions[library]))}"
        for library in ("libavcodec", "libswscale")
    ]
    return ", ".join(parts)


@dataclass(frozen=True)
class ClipSpan:
    """How long a clip is.

    Parameters
    ----------
    n_frames
        Its frames, 1 or more.
    fps
        Frames a second, exact.
    """

    n_frames: int
    fps: Fraction


@dataclass
class ClipFrame:
    """One decoded frame.

    Parameters
    ----------
    number
        Its place in the clip, from 0.
    picture
        The frame as PyAV gives it.
    reformatters
        Convert it, one a colour. To make one, or to let one change between colours, costs more
        than a conversion.
    """

    number: int
    picture: av.VideoFrame
    reformatters: Mapping[Colour, VideoReformatter]
    _made: dict[tuple[Colour, int], Picture] = field(default_factory=dict)

    @property
    def drawn_anew(self) -> bool:
        """Whether the codec took nothing of it from other frames."""
        return self.picture.pict_type == PictureType.I

    def pixels(self, size_px: int, colour: Colour) -> Picture:
        """Return the frame as a square, (C, size_px, size_px) uint8, range [0, 255], upright.

        A frame that is not square is made to fit whole, in the middle of black. What is returned
        is shared with others who ask for the same; it is not to be written to.
        """
        known = self._made.get((colour, size_px))
        if known is None:
            known = _planar(_fit(self._whole(colour), size_px))
            self._made[colour, size_px] = known
        return known

    def _whole(self, colour: Colour) -> Picture:
        """Return the frame (H, W, 3) or (H, W) at its own size."""
        if colour == "grey" and has_luma(self.picture):
            return turned(lightness(self.picture), self.picture)
        made = self.reformatters[colour].reformat(
            self.picture, format=_FORMATS[colour], **_ONE_THREAD
        )
        (plane,) = made.planes
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(made.height, plane.line_size)
        image = rows[:, : made.width * CHANNELS[colour]]
        if colour == "rgb":
            image = image.reshape(made.height, made.width, 3)
        return turned(image, self.picture)


def clip_frames(path: Path, fps: Fraction | None = None) -> Iterator[ClipFrame]:
    """Decode a clip and yield its frames in order.

    One thread decodes: clips are decoded side by side instead.

    Parameters
    ----------
    path
        The clip.
    fps
        Frames a second that it must say it has; told after the last frame.

    Raises
    ------
    VideoError
        The file can't be opened or decoded, holds no video, or says another rate.
    """
    reformatters = _reformatters()
    try:
        with open_video(path) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            for number, picture in enumerate(container.decode(stream)):
                yield ClipFrame(number, picture, reformatters)
            if fps is not None and (has := _rate(stream)) != fps:  # damage is told first
                raise VideoError(
                    f"{path} has {has} frames a second, wanted {fps}; make the clip again "
                    "('rodepil curate')"
                )
    except av.FFmpegError as error:
        raise _unreadable(path, error) from error


def measure_span(path: Path) -> ClipSpan:
    """Return a clip's packets, which are its frames unless some do not decode, and its rate.

    Raises
    ------
    VideoError
        The file can't be opened or holds no video.
    """
    try:
        with open_video(path) as container:
            stream = container.streams.video[0]
            count = sum(packet.size > 0 for packet in container.demux(stream))
            return ClipSpan(count, _rate(stream))
    except av.FFmpegError as error:
        raise _unreadable(path, error) from error


def _rate(stream: av.VideoStream) -> Fraction:
    return Fraction(stream.average_rate or stream.base_rate or 1)


class Picked:
    """Gathers chosen frames of a clip while it is decoded.

    Parameters
    ----------
    wanted
        (T,) frame numbers from 0, never falling; a number may repeat.
    size_px, colour
        As for `ClipFrame.pixels`.

    Attributes
    ----------
    pixels
        (T, C, size_px, size_px) uint8, range [0, 255]; black where no frame came.
    done
        How many of the T have come.
    """

    def __init__(self, wanted: npt.NDArray[np.int64], size_px: int, colour: Colour = "rgb") -> None:
        self._wanted, self._size_px, self._colour = wanted.tolist(), size_px, colour
        shape = (len(wanted), CHANNELS[colour], size_px, size_px)
        self.pixels: Picture = np.zeros(shape, dtype=np.uint8)
        self.done = 0

    def add(self, frame: ClipFrame) -> None:
        """Take a frame if it is wanted; frames come in order."""
        if self.done == len(self._wanted) or self._wanted[self.done] > frame.number:
            return
        end = bisect_left(self._wanted, frame.number + 1, self.done)  # a repeat is taken at once
        self.pixels[self.done : end] = frame.pixels(self._size_px, self._colour)
        self.done = end


def _reformatters() -> Mapping[Colour, VideoReformatter]:
    """Return this thread's converters; they are kept for the next clip, which is often alike."""
    known: Mapping[Colour, VideoReformatter] | None = getattr(_OF_THREAD, "reformatters", None)
    if known is None:
        known = _OF_THREAD.reformatters = {colour: VideoReformatter() for colour in CHANNELS}
    return known


def _unreadable(path: Path, error: av.FFmpegError) -> VideoError:
    return VideoError(f"{path} can't be decoded: {error}; make or fetch the file again")


def _fit(image: Picture, size_px: int) -> Picture:
    """Resize (H, W, 3) or (H, W) to a square of `size_px`, keeping the animal's proportions."""
    height, width = image.shape[:2]
    scale = size_px / max(height, width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    if inner != (height, width):
        resized = cv2.resize(image, inner[::-1], interpolation=cv2.INTER_AREA)
        image = np.asarray(resized, dtype=np.uint8)
    if inner == (size_px, size_px):
        return image
    square = np.zeros((size_px, size_px, *image.shape[2:]), dtype=np.uint8)
    top, left = (size_px - inner[0]) // 2, (size_px - inner[1]) // 2
    square[top : top + inner[0], left : left + inner[1]] = image
    return square


def _planar(image: Picture) -> Picture:
    """Return (H, W, 3) as (3, H, W), or (H, W) as (1, H, W), in memory of its own."""
    if image.ndim == 2:  # noqa: PLR2004 - lightness has no axis of channels
        return image[None].copy()
    planes = np.empty((3, *image.shape[:2]), dtype=np.uint8)
    cv2.split(np.ascontiguousarray(image), list(planes))
    return planes
