"""What a video file says of itself, read from its header alone; none of it need be true."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from rodepil.io.video_open import open_video


@dataclass(frozen=True)
class Declared:
    """What a container and its video stream declare; None where they say nothing.

    Parameters
    ----------
    container, codec, pixel_format
        FFmpeg's names, for example ``avi``, ``h264``, ``yuv420p``.
    fps
        Frames a second.
    n_frames
        Frames of the stream.
    duration_s
        Of the stream, else of the container.
    width_px, height_px
        As stored, before any rotation.
    """

    container: str
    codec: str
    pixel_format: str | None
    fps: Fraction | None
    n_frames: int | None
    duration_s: float | None
    width_px: int
    height_px: int


def read_declared(path: Path) -> Declared:
    """Open a video and return what its header says.

    Raises
    ------
    VideoError
        The file is missing, no video, or holds no pictures.
    """
    with open_video(path) as container:
        return _declared(container)


def _declared(container: av.container.InputContainer) -> Declared:
    stream = container.streams.video[0]
    rate = stream.average_rate or stream.base_rate
    duration_s = None
    if stream.duration is not None and stream.time_base is not None:
        duration_s = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        duration_s = container.duration / av.time_base
    context = stream.codec_context
    return Declared(
        container=str(container.format.name),
        codec=str(context.name),
        pixel_format=context.pix_fmt,
        fps=Fraction(rate) if rate else None,
        n_frames=stream.frames or None,
        duration_s=duration_s,
        width_px=int(context.width),
        height_px=int(context.height),
    )
