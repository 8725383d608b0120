"""Small clip sets and trials that a processor trains in seconds, and one way to run them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rodepil.config.settings import AugmentSettings, FeatureSettings, ModelSettings, TrainSettings
from rodepil.store.clipset import ClipSet
from rodepil.train.trial import (
    CheckpointFolder,
    EpochReport,
    TrialResult,
    TrialSettings,
    World,
    run_trial,
)

FRAMES, SIZE_PX, BAR_PX, STEP_PX = 5, 16, 4, 3
STILL = AugmentSettings(
    flip_probability=0.0, translate_share=0.0, rotate_deg=0.0, brightness=0.0, contrast=0.0
)


def moving_bars(n: int, *, seed: int, side: str, dim: bool = False) -> ClipSet:
    """Make clips of a bright bar that crosses the frame rightwards (label 0) or leftwards (1).

    One is the other backwards, so the middle frames look alike: only the order of the frames
    tells the labels apart; with `dim`, the bars of label 1 are darker too. Frames are
    (n, 5, 3, 16, 16) uint8 with noise.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    frames = torch.randint(0, 60, (n, FRAMES, 3, SIZE_PX, SIZE_PX), generator=generator)
    for time in range(FRAMES):
        left = STEP_PX * time
        frames[labels == 0, time, :, :, left : left + BAR_PX] += 180
        frames[labels == 1, FRAMES - 1 - time, :, :, left : left + BAR_PX] += 60 if dim else 180
    return ClipSet(
        frames=frames.to(torch.uint8),
        labels=labels,
        clip_ids=tuple(f"{side}-{clip}" for clip in range(n)),
        subject_ids=tuple(f"{side}-rat-{clip % 3}" for clip in range(n)),
    )


def recipe(
    *, width: int = 16, depth: int = 2, drop_path: float = 0.1, **train: Any
) -> TrialSettings:
    """Return a small trial; further keywords go to its TrainSettings."""
    defaults: dict[str, Any] = {
        "epochs": 3,
        "batch_size": 4,
        "learning_rate": 2e-3,
        "warmup_epochs": 1,
        "decay_epochs": (2,),
        "decay_factor": 0.1,
        "device": "cpu",
    }
    return TrialSettings(
        model=ModelSettings(
            width=width,
            depth=depth,
            heads=2,
            patch_px=8,
            drop_path=drop_path,
            pretrained="none",
        ),
        features=FeatureSettings(frames=FRAMES, size_px=SIZE_PX),
        train=TrainSettings(**{**defaults, **train}),
        fold=1,
    )


def run(
    settings: TrialSettings,
    folder: Path,
    *,
    clips: tuple[int, int] = (22, 7),
    dim: bool = False,
    on_epoch: Callable[[EpochReport], None] = lambda _: None,
    **changes: Any,
) -> TrialResult:
    """Run a trial on moving bars, `changes` being fields of the training set to replace."""
    training, testing = (
        moving_bars(n, seed=seed, side=side, dim=dim)
        for n, seed, side in zip(clips, (1, 2), ("training", "testing"), strict=True)
    )
    return run_trial(
        settings,
        replace(training, **changes),
        testing,
        trial_id="0123456789abcdef",
        world=World(),
        checkpoints=CheckpointFolder(folder),
        on_epoch=on_epoch,
    )


@pytest.fixture(scope="session", name="moving_bars")
def _moving_bars() -> Callable[..., ClipSet]:
    return moving_bars


@pytest.fixture(scope="session", name="recipe")
def _recipe() -> Callable[..., TrialSettings]:
    return recipe


@pytest.fixture(scope="session", name="run")
def _run() -> Callable[..., TrialResult]:
    return run


@pytest.fixture(scope="session", name="still")
def _still() -> AugmentSettings:
    return STILL
