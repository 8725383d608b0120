"""Encode planes of brightness as H.264 video: what a near-infrared camera gives.

H W pixels
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from rodepil.errors import VideoError
from rodepil.io.files import publish

Plane = npt.NDArray[np.uint8]


def write_luma(
    path: Path,
    planes: Iterable[Plane],
    *,
    fps: int,
    size_px: tuple[int, int],
    crf: int = 22,
    tint: tuple[int, int] = (128, 128),
) -> int:
    """Encode planes of brightness with one constant tint; the same planes give the same bytes.

    Parameters
    ----------
    path
        The video file; it appears when it is whole.
    planes
        Frames of shape (H, W), uint8, range [16, 235]; each is copied before the next is asked
        for, so that one buffer may serve all.
    fps
        Frames a second.
    size_px
        Width and height, both even.
    crf
        Constant rate factor of x264: lower is finer and larger.
    tint
        The chroma (Cb, Cr) of every pixel; (128, 128) is grey.

    Returns
    -------
    int
        How many frames were written.

    Raises
    ------
    VideoError
        The size is odd, or a plane has another size.
    """
    width_px, height_px = size_px
    if width_px % 2 or height_px % 2:
        raise VideoError(
            f"{path}: a frame of {width_px}x{height_px} px can't be encoded; make both even"
        )
    packed = np.empty((height_px * 3 // 2, width_px), np.uint8)
    packed[height_px : height_px * 5 // 4], packed[height_px * 5 // 4 :] = tint
    count = 0
    with publish(path) as beside, av.open(str(beside), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = _options(fps, crf)
        for plane in planes:
            if plane.shape != (height_px, width_px):
                raise VideoError(
                    f"{path}: frame {count} is {plane.shape}, wanted {(height_px, width_px)}"
                )
            packed[:height_px] = plane
            container.mux(stream.encode(av.VideoFrame.from_ndarray(packed, format="yuv420p")))
            count += 1
        container.mux(stream.encode(None))
    return count


def _options(fps: int, crf: int) -> dict[str, object]:
    return {"preset": "ultrafast", "crf": str(crf), "g": str(10 * fps), "threads": "1"}
