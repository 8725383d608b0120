"""A project of sequences so small that a localizer trains in seconds, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from rodepil.config.localize import (
    LocalizeSettings,
    LocalizeTrainSettings,
    RatSeizureSettings,
    SequenceSettings,
)
from rodepil.config.raseformer import RaseformerSettings, SegmentSettings
from rodepil.config.record import TrackSettings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.io.labels import ACTION_UNITS
from rodepil.models.sequence import sequence_view
from rodepil.store import FeatureStore, Manifest
from rodepil.trials.localize.run import Localization, localize_trials
from rodepil.trials.ray_session import Resources

FPS, STRIDE_FRAMES, STEPS, WIDTH, CLASSES = 10, 4, 24, 4, 2
TRAIN_CLIPS, TEST_CLIPS = 16, 8
EPOCHS, WARMUP, SCORE_EVERY = 30, 5, 4

SETTINGS = ProjectSettings(
    ratseizure=RatSeizureSettings(source="imported"),
    sequence=SequenceSettings(
        model="imported",
        fps=FPS,
        window_frames=STRIDE_FRAMES,
        stride_frames=STRIDE_FRAMES,
        imported_width=WIDTH,
    ),
    localize=LocalizeSettings(
        network=RaseformerSettings(
            feature_width=WIDTH,
            classes=CLASSES,
            width=16,
            heads=2,
            stem_layers=1,
            windows=(5, 5, 1),
            max_length=STEPS,
            ranges=((0, 4), (4, 8), (8, 100)),
        ),
        train=LocalizeTrainSettings(
            epochs=EPOCHS,
            warmup_epochs=WARMUP,
            batch_size=4,
            learning_rate=5e-3,
            ema_decay=0.9,
            score_every=SCORE_EVERY,
        ),
        segments=SegmentSettings(candidates=50, segments=20),
        compare=("shuffled",),
    ),
    track=TrackSettings(experiment="small"),
)

CopyUnits = Callable[[str], Workspace]


@dataclass(frozen=True)
class Trained:
    """A project whose localizers were trained without a disturbance."""

    workspace: Workspace
    result: Localization


@pytest.fixture(scope="session")
def unit_settings() -> ProjectSettings:
    """Return the small project's settings."""
    return SETTINGS


@pytest.fixture(scope="session")
def copy_units(tmp_path_factory: pytest.TempPathFactory) -> CopyUnits:
    """Return a function that gives a project's data, made once, without anything trained."""
    made = Workspace(tmp_path_factory.mktemp("units"))
    clips, events, folds = [], [], []
    for number in range(TRAIN_CLIPS + TEST_CLIPS):
        clip_id, start, length = f"u{number:02}", 1 + number % 7, 4 + number % 9
        clips.append(_clip(made, clip_id, number % CLASSES, start, length))
        fold = int(number < TRAIN_CLIPS)
        folds.append({"clip_id": clip_id, "subject_id": f"rat-{clip_id}", "fold": fold})
        step_s = STRIDE_FRAMES / FPS
        events.append({
            "recording_id": f"film-{clip_id}", "position": 0, "subject_id": f"rat-{clip_id}",
            "start_s": start * step_s, "end_s": (start + length) * step_s,
            "label": ACTION_UNITS[number % CLASSES], "score": 1.0,
        })  # fmt: skip
    table = tables.write("clips", tables.from_rows("clips", clips), made.units_clips)
    tables.write("events", tables.from_rows("events", events), made.units_events)
    tables.write("folds", tables.from_rows("folds", folds), made.units_folds)
    summary = FeatureStore(made.store).materialize(
        [sequence_view(SETTINGS.sequence, made.root)],
        Manifest(table, made.units_clips.parent),
        processes=1,
    )
    assert not summary.failures.num_rows
    tables.write("features", summary.features, made.units_features)

    def copied(name: str) -> Workspace:
        root = tmp_path_factory.mktemp(name)
        shutil.copytree(made.root / "data", root / "data")
        return Workspace(root)

    return copied


@pytest.fixture(scope="session")
def localized(copy_units: CopyUnits, resources: Resources) -> Trained:
    """Return the project after an undisturbed training."""
    assert resources
    workspace = copy_units("localized")
    return Trained(workspace, localize_trials(SETTINGS, workspace))


def _clip(
    workspace: Workspace, clip_id: str, label: int, start: int, length: int
) -> dict[str, object]:
    """Write noise in which one segment stands out in its label's channel, and return its row."""
    drawn = np.random.default_rng(int(clip_id[1:])).normal(0, 0.3, (STEPS, WIDTH))
    drawn[start : start + length, label] += 2
    path = workspace.units_source / "features" / f"{clip_id}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, drawn.astype(np.float32))
    frames = STEPS * STRIDE_FRAMES
    return {
        "clip_id": clip_id, "recording_id": f"film-{clip_id}", "position": 0,
        "subject_id": f"rat-{clip_id}", "date": "", "video_id": clip_id, "start_frame": 0,
        "end_frame": frames, "start_s": 0.0, "duration_s": frames / FPS, "label": label,
        "kept": True,
        "path": path.relative_to(workspace.units_clips.parent).as_posix(),
        "sha256": sha256_file(path), "fps": str(FPS), "n_frames": frames,
        "width_px": 0, "height_px": 0,
    }  # fmt: skip
