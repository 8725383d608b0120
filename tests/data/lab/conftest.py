"""Small videos as cameras write them, and what is wrong with some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.importing import import_recordings
from rodepil.data.lab.taking import ImportedRecordings

Film = Callable[..., Path]
RATE = 25


def write_film(
    path: Path,
    frames: int = 20,
    *,
    codec: str = "mpeg4",
    rate: Fraction | int = RATE,
    seed: int | list[int] = 0,
    size_px: tuple[int, int] = (64, 48),
    start: int = 0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Encode a picture that moves sideways; it differs by `seed`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed)
    texture = noise.integers(40, 200, (size_px[1] // 4, size_px[0] // 4), np.uint8)
    texture = texture.repeat(4, 0).repeat(4, 1)
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
            grey = np.roll(texture, number, axis=1)
            picture = av.VideoFrame.from_ndarray(grey, format="gray")
            picture = picture.reformat(format=stream.pix_fmt)
            picture.pts, picture.time_base = number, stream.codec_context.time_base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def take(
    given: Sequence[Path],
    into: Path,
    settings: RecordingImportSettings,
    *,
    camera: str | None = None,
) -> ImportedRecordings:
    """Import in this process, which is quicker for small files."""
    return import_recordings(given, into, settings, camera=camera, processes=1)


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Return a function that encodes a small video below the test's folder."""

    def made(name: str, frames: int = 20, **how: object) -> Path:
        how.setdefault("seed", list(name.encode()))
        return write_film(tmp_path / name, frames, **how)  # type: ignore[arg-type]

    return made
