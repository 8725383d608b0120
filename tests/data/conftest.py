"""Recordings whose every frame carries its number, and a source made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.sources import recordings_from_files
from rodepil.io import tables

WIDTH, HEIGHT = 192, 128
CAGES = 3
BLOCK = 16
"""A cage is 64 x 128 px: 4 x 4 blocks of a number in 16 bits, and below them 4 x 4 of the cage."""

THRESHOLD = 130
TIME_BASE = Fraction(1, 90_000)
NO_ANNOTATIONS: tuple[dict[str, object], ...] = ()


def numbered(number: int) -> npt.NDArray[np.uint8]:
    """Return a grey frame, (H, W), that carries its number in every cage."""
    frame = np.empty((HEIGHT, WIDTH), np.uint8)
    for cage in range(CAGES):
        for row, value in ((0, number), (4, 1 << cage)):
            bits = (value >> np.arange(16)) & 1
            blocks = np.where(bits.reshape(4, 4), 220, 40).astype(np.uint8)
            part = blocks.repeat(BLOCK, 0).repeat(BLOCK, 1)
            frame[row * BLOCK : (row + 4) * BLOCK, cage * 64 : (cage + 1) * 64] = part
    return frame


def film(
    path: Path,
    times_s: Sequence[Fraction],
    *,
    codec: str = "libx264",
    rate: Fraction = Fraction(30),
    draw: Callable[[int], npt.NDArray[np.uint8]] = numbered,
) -> Path:
    """Encode numbered frames that stand at `times_s`; AVI takes them at `rate` instead."""
    by_order = path.suffix == ".avi"
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=rate))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = 1 / rate if by_order else TIME_BASE
        if codec == "libx264":
            stream.options = {"crf": "12", "preset": "veryfast", "g": "40"}
        for number, time_s in enumerate(times_s):
            picture = av.VideoFrame.from_ndarray(draw(number), format="gray")
            picture = picture.reformat(format="yuv420p")
            picture.pts = number if by_order else round(time_s / TIME_BASE)
            picture.time_base = stream.codec_context.time_base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def steady(rate: Fraction, duration_s: float) -> list[Fraction]:
    """Return the times of a steady rate."""
    return [Fraction(number) / rate for number in range(round(duration_s * rate))]


def read_numbers(clip: Path) -> list[tuple[int, int]]:
    """Return the number and the cage that each frame of a curated clip carries."""
    found = []
    with av.open(str(clip)) as container:
        for picture in container.decode(video=0):
            grey = picture.to_ndarray(format="gray")
            left, side = grey.shape[1] // 4, grey.shape[0] // 8
            blocks = grey[:, left : left + 4 * side].reshape(8, side, 4, side)
            inner = slice(side // 4, side - side // 4)
            bits = blocks[:, inner, :, inner].mean((1, 3)) > THRESHOLD
            number, cage = (
                int(half.ravel() @ (1 << np.arange(16))) for half in (bits[:4], bits[4:])
            )
            found.append((number, cage.bit_length() - 1))
    return found


def cage_row(recording_id: str, position: int) -> dict[str, object]:
    """Return a row of the cages table."""
    return {
        "recording_id": recording_id,
        "position": position,
        "subject_id": f"{70 + position}-{position}",
        "x_px": 64 * position,
        "y_px": 0,
        "width_px": 64,
        "height_px": 128,
    }


@dataclass(frozen=True)
class Lab:
    """A folder with a source and places for its clips."""

    folder: Path

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def clips_folder(self) -> Path:
        return self.folder / "data" / "clips"

    @property
    def clips_table(self) -> Path:
        return self.folder / "data" / "clips.parquet"

    def fill(self, annotations: Sequence[dict[str, object]] = NO_ANNOTATIONS) -> None:
        """Write the tables of the videos that lie in `raw`, three cages each."""
        found = recordings_from_files(sorted(self.raw.glob("*.*")), self.raw).recordings
        cages = [
            cage_row(recording_id, position)
            for recording_id in found.column("recording_id").to_pylist()
            for position in range(CAGES)
        ]
        tables.write("recordings", found, self.raw / "recordings.parquet")
        tables.write("cages", tables.from_rows("cages", cages), self.raw / "cages.parquet")
        self.annotate(annotations)

    def annotate(self, annotations: Sequence[dict[str, object]]) -> None:
        """Write the annotations table."""
        made = tables.from_rows("annotations", annotations)
        tables.write("annotations", made, self.raw / "annotations.parquet")


def seizure(
    recording_id: str, position: int, start_s: float, end_s: float, agreement: float = 1.0
) -> dict[str, object]:
    """Return a row of the annotations table."""
    return {
        "recording_id": recording_id,
        "position": position,
        "start_s": start_s,
        "end_s": end_s,
        "label": "seizure",
        "annotator": "a",
        "agreement": agreement,
    }


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return an empty folder for a source and its clips."""
    made = Lab(tmp_path)
    made.raw.mkdir()
    return made


@pytest.fixture
def small() -> CurateSettings:
    """Return settings for clips of 2 s, 60 frames, 128 px."""
    return CurateSettings(clip_duration_s=2.0, size_px=128, min_overlap_s=0.5, motion_min_share=0.0)
