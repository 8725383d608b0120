"""One small simulated folder, and a cage in which a rat does what a test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from rodepil.config.settings import SimulateSettings
from rodepil.io import tables
from rodepil.simulate import simulate
from rodepil.simulate.body import TILT_Y, skeleton
from rodepil.simulate.camera import frames
from rodepil.simulate.film import Animal, Recording
from rodepil.simulate.motion import move
from rodepil.simulate.pose import Bout
from rodepil.simulate.scene import cage_boxes, make_scene
from rodepil.simulate.schedule import RecordingPlan
from rodepil.simulate.sprite import make_sprite
from rodepil.simulate.subjects import make_subject

Frames = list[npt.NDArray[np.uint8]]
FPS = 30


@dataclass(frozen=True)
class Simulated:
    """A simulated folder, read back; frames hold brightness, decoded by FFmpeg."""

    folder: Path
    recordings: pa.Table
    cages: pa.Table
    annotations: pa.Table
    boxes: pa.Table
    frames: dict[str, Frames]


@pytest.fixture(scope="session")
def settings() -> SimulateSettings:
    return SimulateSettings(
        seed=5, subjects=2, recordings=2, cages_min=1, cages_max=2, duration_s=32.0,
        seizures_per_cage_hour=60.0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def simulated(settings: SimulateSettings, tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(settings, folder, processes=1)
    recordings = tables.read("recordings", folder / "recordings.parquet")
    return Simulated(
        folder,
        recordings,
        tables.read("cages", folder / "cages.parquet"),
        tables.read("annotations", folder / "annotations.parquet"),
        tables.read("animal_boxes", folder / "animal_boxes.parquet"),
        {row["recording_id"]: _decode(folder / row["path"]) for row in recordings.to_pylist()},
    )


def _decode(path: Path) -> Frames:
    with av.open(str(path)) as container:
        return [
            np.asarray(frame.to_ndarray(format="yuv420p")[: frame.height], np.uint8)
            for frame in container.decode(video=0)
        ]


@pytest.fixture(scope="session")
def watch() -> Callable[..., Frames]:
    """Film the views of one cage whose rat does the given bouts."""

    def film(bouts: list[Bout], *, subject: int = 0, seed: int = 1) -> Frames:
        rng = np.random.default_rng(seed)
        (box,) = cage_boxes([2], rng)
        rat = make_subject(seed, subject)
        left, top, right, bottom = box.floor
        motion = move(bouts, rat, (right - left, (bottom - top) / TILT_Y), fps=FPS, rng=rng)
        body = make_sprite(
            skeleton(motion, rat, box.floor), rat.coat, (box.width_px, box.height_px)
        )
        recording = Recording(
            RecordingPlan(0, "Jan-1-2019", "M2U00001", ()), FPS, len(motion.x),
            make_scene([box], [rat.subject_id], rng),
            (Animal(box, rat.subject_id, tuple(bouts), (), body),),
        )  # fmt: skip
        return [box.of(frame).copy() for frame in frames(recording, seed)]

    return film
