"""A source folder with small recordings of cages, and a screen to draw on."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.data.cages import Cage, cages_of
from rodepil.io import tables
from tests.data.boxes.screen import Screen, need_programs

WIDTH, HEIGHT = 640, 480
FPS = 30


def picture(number: int, size_px: tuple[int, int] = (WIDTH, HEIGHT)) -> npt.NDArray[np.uint8]:
    """Return a grey frame, (H, W), whose left edge tells its number in eight bits."""
    width, height = size_px
    frame = np.full((height, width), 128, np.uint8)
    for bit in range(8):
        if number >> bit & 1:
            frame[bit * height // 8 : (bit + 1) * height // 8, :8] = 230
    return frame


def number_of(frame: npt.NDArray[np.uint8]) -> int:
    """Return the number that a grey frame tells."""
    height = frame.shape[0]
    rows = [(2 * bit + 1) * height // 16 for bit in range(8)]
    return sum(1 << bit for bit, row in enumerate(rows) if frame[row, :6].mean() > 180)


def encode(path: Path, frames: list[npt.NDArray[np.uint8]], key_every: int = 15) -> Path:
    """Encode grey frames at 30 fps, starting at half a second of the container's time."""
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream("libx264", rate=FPS))
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "g": str(key_every), "bf": "2"}
        for number, frame in enumerate(frames):
            shown = av.VideoFrame.from_ndarray(frame, format="gray").reformat(format="yuv420p")
            shown.pts, shown.time_base = number + 15, Fraction(1, FPS)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
    return path


@dataclass(frozen=True)
class Folder:
    """A source folder in a project."""

    project: Path

    @property
    def path(self) -> Path:
        return self.project / "data" / "imported"

    def record(self, *rows: dict[str, object]) -> None:
        """Write the recordings table; a row says what is not usual."""
        usual = {
            "date": "undated", "fps": "30", "n_frames": 60, "duration_s": 2.0,
            "width_px": WIDTH, "height_px": HEIGHT, "codec": "h264",
        }  # fmt: skip
        made = [
            usual
            | {
                "path": f"{row['recording_id']}.mp4",
                "video_id": str(row["recording_id"]),
                "sha256": hashlib.sha256(str(row["recording_id"]).encode()).hexdigest(),
            }
            | row
            for row in rows
        ]
        made_table = tables.from_rows("recordings", made)
        tables.write("recordings", made_table, self.path / "recordings.parquet")

    def cage(self, *cages: Cage) -> None:
        """Write the cages table."""
        made = tables.from_rows("cages", [vars(cage) for cage in cages])
        tables.write("cages", made, self.path / "cages.parquet")

    def cages(self) -> list[Cage]:
        """Read the cages table."""
        return cages_of(tables.read("cages", self.path / "cages.parquet"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a project in a folder of an awkward name, with an empty source folder."""
    made = Folder(tmp_path / "Käfige und Räume")
    made.path.mkdir(parents=True)
    return made


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Start a screen of its own and return its name."""
    need_programs()
    reads, writes = os.pipe()
    command = ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1400x900x24"]
    with subprocess.Popen(
        [*command, "-nolisten", "tcp", "-noreset"], pass_fds=[writes], stderr=subprocess.DEVNULL
    ) as server:
        os.close(writes)
        try:
            with os.fdopen(reads) as told:
                yield f":{told.readline().strip()}"
        finally:
            server.terminate()


@pytest.fixture
def screen(display: str) -> Iterator[Screen]:
    """Return the screen; what was started on it ends with the test."""
    made = Screen(display)
    yield made
    if made.tool is not None and made.tool.poll() is None:
        made.tool.kill()
        made.tool.communicate()
