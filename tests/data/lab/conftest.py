"""Small videos as cameras write them, and what is wrong with some."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

Film = Callable[..., Path]
RATE = 25


def write_film(
    path: Path,
    frames: int = 20,
    *,
    codec: str = "mpeg4",
    rate: Fraction | int = RATE,
    seed: int | None = None,
    size_px: tuple[int, int] = (64, 48),
    start: int = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Encode a moving bar; the content differs by `seed`, by default by the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed if seed is not None else list(str(path).encode()))
    width, height = size_px
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata or {})
        stream = cast("av.VideoStream", container.add_stream(codec, rate=rate))
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = 1 / Fraction(rate)
        stream.codec_context.gop_size = 10
        if codec == "libx265":
            stream.options = {"x265-params": "log-level=none:keyint=10"}
        for number in range(start, start + frames):
            grey = noise.integers(40, 200, (height, width), np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="gray").reformat(
                format=stream.pix_fmt
            )
            picture.pts, picture.time_base = number, stream.codec_context.time_base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Return a function that encodes a small video below the test's folder."""

    def made(name: str, frames: int = 20, **how: object) -> Path:
        return write_film(tmp_path / name, frames, **how)  # type: ignore[arg-type]

    return made
