"""Videos made for one property each."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
import pytest

Picture = npt.NDArray[np.uint8]
Encode = Callable[..., Path]
Turn = Callable[[Path, int], Path]


def corners(number: int, size_px: tuple[int, int] = (96, 64)) -> Picture:
    """Return an (H, W, 3) picture whose four quarters differ and whose bar tells its number."""
    width, height = size_px
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = 200, 60, 60
    picture[: height // 2, width // 2 :] = 60, 180, 60
    picture[height // 2 :, : width // 2] = 60, 60, 200
    picture[height // 2 :, width // 2 :] = 180, 180, 180
    picture[:8, : 4 + number % (width - 4)] = 20
    return picture


def turned(path: Path, degrees: int) -> Path:
    """Write a rotation into an MP4's track header, as a phone does."""
    matrices = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    a, b, c, d = (value << 16 for value in matrices[degrees])
    data = bytearray(path.read_bytes())
    struct.pack_into(">9i", data, data.index(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def lose_second_key(path: Path) -> None:
    """Write zeros over the second key frame of a film."""
    with av.open(str(path)) as container:
        keys = [packet for packet in container.demux(video=0) if packet.is_keyframe]
        begin, end = keys[1].pos, keys[1].pos + keys[1].size
    data = bytearray(path.read_bytes())
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)


@pytest.fixture(name="turned")
def turned_fixture() -> Turn:
    """Return a function that turns an MP4 by a quarter turn or more."""
    return turned


@pytest.fixture
def encode(tmp_path: Path) -> Encode:
    """Return a function that encodes `corners` pictures at a steady rate."""

    def made(
        name: str,
        count: int = 20,
        *,
        rate: Fraction = Fraction(25),
        start: int = 0,
        size_px: tuple[int, int] = (96, 64),
        codec: str = "libx264",
        pixels: str = "yuv420p",
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream = cast("av.VideoStream", container.add_stream(codec, rate=rate))
            stream.width, stream.height = size_px
            stream.pix_fmt = pixels
            stream.codec_context.time_base = 1 / rate
            if codec == "libx264":
                stream.options = {"crf": "8", "g": "50"}
            for number in range(count):
                picture = av.VideoFrame.from_ndarray(corners(number, size_px), format="rgb24")
                picture.pts = number + start
                picture.time_base = 1 / rate
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return path

    return made
