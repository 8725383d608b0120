"""Chosen frames of a clip, in one pass from its first frame to its last.

Seeks are unreliable and cost as much as reading on, so the clip is decoded in order and only
the chosen frames are converted. Shapes: T frames, C channels, H W pixels.
"""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from rodepil.errors import VideoError
from rodepil.io.video_open import open_video
from rodepil.io.video_read import upright

Frames = npt.NDArray[np.uint8]


def decoder_version() -> str:
    """Return the versions of all that shapes the pixels: PyAV, its FFmpeg, OpenCV."""
    parts = [f"av {av.__version__}", f"cv2 {cv2.__version__}"]
    parts += [
        f"{library} {'.'.join(map(str, av.library_versions[library]))}"
        for library in ("libavcodec", "libswscale")
    ]
    return ", ".join(parts)


def count_packets(path: Path) -> int:
    """Return the video packets of a clip: its frames, unless some do not decode.

    Raises
    ------
    VideoError
        The file can't be opened or holds no video.
    """
    try:
        with open_video(path) as container:
            stream = container.streams.video[0]
            return sum(packet.size > 0 for packet in container.demux(stream))
    except av.FFmpegError as error:
        raise _unreadable(path, error) from error


def pick_frames(path: Path, wanted: npt.NDArray[np.int64], size_px: int) -> tuple[Frames, int]:
    """Decode a clip once and return the wanted frames as RGB.

    Parameters
    ----------
    path
        A video file.
    wanted
        (T,) frame numbers from 0, never falling; a number may repeat.
    size_px
        Height and width to resize to. A frame that is not square is made to fit whole, in the
        middle of black.

    Returns
    -------
    tuple
        The frames, (T, 3, size_px, size_px) uint8 RGB, range [0, 255], upright, fewer where the
        clip ends before a wanted frame; and how many frames the clip decodes to.

    Raises
    ------
    VideoError
        The file can't be opened or decoded, or holds no video.
    """
    picked = np.zeros((len(wanted), 3, size_px, size_px), dtype=np.uint8)
    numbers = wanted.tolist()
    done = n_frames = 0
    try:
        with open_video(path) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1  # clips are decoded side by side instead
            for n_frames, frame in enumerate(container.decode(stream), start=1):
                if done < len(numbers) and numbers[done] < n_frames:
                    end = bisect_left(numbers, n_frames)  # a number that repeats is taken at once
                    image = _fit(upright(frame, "rgb24"), size_px)
                    picked[done:end] = np.moveaxis(image, -1, 0)
                    done = end
    except av.FFmpegError as error:
        raise _unreadable(path, error) from error
    return picked[:done], n_frames


def _unreadable(path: Path, error: av.FFmpegError) -> VideoError:
    return VideoError(f"{path} can't be decoded: {error}; make or fetch the file again")


def _fit(image: Frames, size_px: int) -> Frames:
    """Resize (H, W, 3) to a square of `size_px`, keeping the animal's proportions."""
    height, width = image.shape[:2]
    scale = size_px / max(height, width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    if inner != (height, width):
        resized = cv2.resize(image, inner[::-1], interpolation=cv2.INTER_AREA)
        image = np.asarray(resized, dtype=np.uint8)
    if inner == (size_px, size_px):
        return image
    square = np.zeros((size_px, size_px, 3), dtype=np.uint8)
    top, left = (size_px - inner[0]) // 2, (size_px - inner[1]) // 2
    square[top : top + inner[0], left : left + inner[1]] = image
    return square
