"""A project so small that a fold trains in seconds, made once, and one Ray for all tests."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import psutil
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from rodepil.config.record import TrackSettings
from rodepil.config.settings import (
    FeatureSettings,
    FoldSettings,
    ModelSettings,
    ProjectSettings,
    TrainSettings,
)
from rodepil.config.workspace import Workspace
from rodepil.data.folds import make_folds
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.io.video_write import write_clip
from rodepil.store import FeatureStore, Manifest, training_view
from rodepil.trials.crossval import CrossvalResult, cross_validate
from rodepil.trials.ray_session import Resources

CPUS = 2
PATIENCE_S = 300.0
SUBJECTS, CLIPS_A_SUBJECT, FOLDS = 6, 4, 3
FRAMES, SIZE_PX, BAR_PX, STEP_PX = 8, 32, 6, 3
EPOCHS = 20
"""Enough steps that a fold can be caught and killed in its middle."""

SETTINGS = ProjectSettings(
    folds=FoldSettings(k=FOLDS),
    features=FeatureSettings(frames=4, size_px=SIZE_PX),
    model=ModelSettings(width=16, depth=1, heads=2, pretrained="none"),
    train=TrainSettings(epochs=EPOCHS, batch_size=1, warmup_epochs=1, decay_epochs=(15,)),
    track=TrackSettings(experiment="small"),
)

Copy = Callable[[str], Workspace]
Halt = Callable[..., AbstractContextManager[list[psutil.Process]]]


@dataclass
class Steps:
    """A progress that remembers what it was told."""

    total: float = 0
    done: float = 0
    names: list[str] = field(default_factory=list)

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Callable[[float], None]]:
        self.names.append(f"{name} {unit}")
        self.total = total
        yield self.advance

    def advance(self, amount: float) -> None:
        self.done += amount


@dataclass(frozen=True)
class Trained:
    """A project that was cross-validated, and what its progress was told."""

    workspace: Workspace
    result: CrossvalResult
    steps: Steps


@contextmanager
def halted(
    process: subprocess.Popen[str], done: Callable[[], int], workspace: Workspace
) -> Iterator[list[psutil.Process]]:
    """Let what trains under a process stand still in a trial's middle, where its run is known.

    `done` gives the most epochs that a trial which is not finished has done since the start. To
    list processes takes as long as some epochs, so that they are listed first.
    """
    _wait(process, lambda: done() > 0)
    family = psutil.Process(process.pid).children(recursive=True)
    trains = [one for one in family if "".join(one.cmdline()).startswith("ray::")]
    _wait(process, lambda: done() > 1)
    for one in trains:
        one.suspend()
    folders = [path.parent for path in workspace.trials.glob("*/history.json")]
    try:
        _wait(process, lambda: any((folder / "runs.json").is_file() for folder in folders))
        yield family
    finally:
        for one in trains:
            with suppress(psutil.NoSuchProcess):
                one.resume()


def _wait(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, while a process is at work."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"it was not seen in a trial's middle: {process.communicate()[0]}")
        time.sleep(0.005)


@pytest.fixture(scope="session")
def halt() -> Halt:
    """Return a block in which what trains under a process stands still; it yields the family."""
    return halted


@pytest.fixture(scope="session")
def settings() -> ProjectSettings:
    """Return the small project's settings."""
    return SETTINGS


@pytest.fixture
def steps() -> Steps:
    """Return a progress that remembers what it is told."""
    return Steps()


@pytest.fixture(scope="session")
def draw() -> Callable[[pa.Table], Mapping[str, Figure]]:
    """Return a function that draws one figure of predictions."""

    def figures(predictions: pa.Table) -> Mapping[str, Figure]:
        figure = Figure()
        figure.subplots().hist(predictions.column("score").to_numpy())
        return {"scores": figure}

    return figures


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a function that gives a project's data, made once, without anything trained."""
    made = Workspace(tmp_path_factory.mktemp("made"))
    rows = [_clip(made, number) for number in range(SUBJECTS * CLIPS_A_SUBJECT)]
    clips = tables.write("clips", tables.from_rows("clips", rows), made.clips)
    tables.write("folds", make_folds(clips, SETTINGS.folds), made.folds)
    summary = FeatureStore(made.store).materialize(
        [training_view(SETTINGS.features)], Manifest(clips, made.clips.parent), processes=1
    )
    tables.write("features", summary.features, made.features)

    def copied(name: str) -> Workspace:
        root = tmp_path_factory.mktemp(name)
        shutil.copytree(made.root / "data", root / "data")
        return Workspace(root)

    return copied


@pytest.fixture(scope="session")
def trained(
    copy: Copy, resources: Resources, draw: Callable[[pa.Table], Mapping[str, Figure]]
) -> Trained:
    """Return the project after an undisturbed cross-validation."""
    assert resources["CPU"] == CPUS
    workspace, steps = copy("trained"), Steps()
    result = cross_validate(SETTINGS, workspace, figures=draw, progress=steps)
    return Trained(workspace, result, steps)


def _clip(workspace: Workspace, number: int) -> dict[str, object]:
    """Encode one clip and return its row of the manifest."""
    label, path = number % 2, workspace.clips_folder / f"c{number:02}.avi"
    write_clip(path, _bar(number, backwards=bool(label)), 30)
    return {
        "clip_id": f"c{number:02}", "recording_id": f"r{number}", "position": 1,
        "subject_id": f"rat{number // CLIPS_A_SUBJECT}", "date": "Jan-14-2019",
        "video_id": f"M{number}", "start_frame": 0, "end_frame": FRAMES, "start_s": 0.0,
        "duration_s": FRAMES / 30, "label": label, "kept": True, "path": f"clips/{path.name}",
        "sha256": sha256_file(path), "fps": "30", "n_frames": FRAMES,
        "width_px": SIZE_PX, "height_px": SIZE_PX,
    }  # fmt: skip


def _bar(seed: int, *, backwards: bool) -> npt.NDArray[np.uint8]:
    """Return (FRAMES, SIZE_PX, SIZE_PX, 3) of a bar that crosses noise, one way or the other."""
    shape = (FRAMES, SIZE_PX, SIZE_PX, 3)
    video = np.random.default_rng(seed).integers(0, 60, shape, dtype=np.uint8)
    for frame in range(FRAMES):
        left = STEP_PX * (FRAMES - 1 - frame if backwards else frame)
        video[frame, :, left : left + BAR_PX] += 180
    return video
