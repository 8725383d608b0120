"""Encode clips, all in one way: the same frames and settings give the same bytes.

T frames, H W pixels
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
import numpy.typing as npt

from rodepil.errors import VideoError
from rodepil.io.files import publish

Picture = npt.NDArray[np.uint8]
PixelFormat = Literal["rgb24", "yuv420p"]

_QP_PER_QUANTIZER = 6
"""H.264's quantizer over MPEG-4's, where both look alike: qp 18 is about q 3."""


def encode_clip(
    frames: Iterable[Picture],
    fps: Fraction | int,
    codec: str = "libx264",
    qp: int = 18,
    *,
    pixel_format: PixelFormat = "rgb24",
) -> bytes:
    """Encode frames as an AVI file in memory.

    Parameters
    ----------
    frames
        ``rgb24``: (H, W, 3) uint8, range [0, 255]. ``yuv420p``: (H * 3 / 2, W) uint8, the planes
        Y, U and V one behind the other, range [16, 235]. H and W even, the same for all.
    fps
        Frames a second, exact.
    codec
        ``libx264``, ``mpeg4``, ``mjpeg`` or ``ffv1`` (lossless).
    qp
        H.264's quantizer in [0, 51], the same for every frame; lower is finer. The other codecs
        take what looks alike; ``ffv1`` has none.
    pixel_format
        What `frames` hold.

    Returns
    -------
    bytes
        The file: no B-frames (AVI holds no presentation times), one thread, no time of writing.

    Raises
    ------
    VideoError
        There is no frame, sizes are odd or differ, or the encoder refuses.
    """
    memory = io.BytesIO()
    try:
        with av.open(
            memory, "w", format="avi", container_options={"fflags": "+bitexact"}
        ) as container:
            stream = cast("av.VideoStream", container.add_stream(codec, rate=Fraction(fps)))
            stream.pix_fmt = "yuv420p"
            stream.codec_context.thread_count = 1
            stream.options = _options(codec, qp)
            pictures = _pictures(frames, pixel_format)
            first = next(pictures)
            stream.width, stream.height = first.width, first.height
            for picture in chain((first,), pictures):
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise VideoError(f"codec {codec} refuses the clip: {error}; try libx264") from error
    return memory.getvalue()


def write_clip(
    path: Path,
    frames: Iterable[Picture],
    fps: Fraction | int,
    codec: str = "libx264",
    qp: int = 18,
    *,
    pixel_format: PixelFormat = "rgb24",
) -> None:
    """Encode frames to the AVI file `path`, whole or not at all; see `encode_clip`."""
    data = encode_clip(frames, fps, codec, qp, pixel_format=pixel_format)
    with publish(path) as beside:
        beside.write_bytes(data)


def _options(codec: str, qp: int) -> dict[str, object]:
    """Return an encoder's options, measured at 224 px.

    `ultrafast` took a third of the time of `veryfast`; a constant quantizer two thirds of that of
    a constant rate factor, which looks ahead in every frame.
    """
    quantizer = str(max(1, round(qp / _QP_PER_QUANTIZER)))
    if codec == "libx264":
        return {"qp": str(qp), "preset": "ultrafast", "bf": "0"}
    if codec == "ffv1":
        return {}
    return {"qmin": quantizer, "qmax": quantizer, "bf": "0", "strict": "unofficial"}


def _pictures(frames: Iterable[Picture], pixel_format: PixelFormat) -> Iterator[av.VideoFrame]:
    """Give frames their numbers and hold them to one even size."""
    size: tuple[int, int] | None = None
    for number, frame in enumerate(frames):
        whole = np.ascontiguousarray(frame)
        picture = av.VideoFrame.from_numpy_buffer(whole, format=pixel_format)
        width, height = picture.width, picture.height
        if width % 2 or height % 2:
            raise VideoError(f"frames of {width}x{height} px can't be encoded; make both even")
        if size not in (None, (width, height)):
            raise VideoError(
                f"frame {number} is {width}x{height} px, those ahead of it are {size}; give "
                "frames of one size"
            )
        size = width, height
        picture.pts = number
        yield picture
    if size is None:
        raise VideoError("a clip without frames can't be encoded; give at least one")
