"""Small sequences whose segments a small network finds, and one way to run a trial on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rodepil.config.localize import (
    LocalizeSettings,
    LocalizeTrainSettings,
    RatSeizureSettings,
    SequenceSettings,
)
from rodepil.config.raseformer import LocalizeLossSettings, RaseformerSettings, SegmentSettings
from rodepil.localize.sequences import Sequences
from rodepil.localize.trial import (
    CheckpointFolder,
    EpochReport,
    LocalizeResult,
    LocalizeTrialSettings,
    World,
    run_trial,
)

STEPS, WIDTH, CLASSES = 24, 4, 2
SEQUENCE = SequenceSettings(fps=10.0, window_frames=4, stride_frames=4)
NETWORK = RaseformerSettings(
    feature_width=WIDTH,
    classes=CLASSES,
    width=16,
    heads=2,
    stem_layers=1,
    windows=(5, 5, 1),
    max_length=STEPS,
    ranges=((0, 4), (4, 8), (8, 100)),
)
SEGMENTS = SegmentSettings(candidates=50, segments=20)


def steps_of_two_classes(n: int, *, seed: int, side: str, steps: int = STEPS) -> Sequences:
    """Make noise, `steps` windows a clip, in which one segment stands out in its label's channel.

    A window stands for 4 frames at 10 a second, so that step g is the time 0.4 g to 0.4 (g + 1).
    """
    rng = torch.Generator().manual_seed(seed)
    features, segments, labels = [], [], []
    for clip in range(n):
        start = int(torch.randint(1, 9, (1,), generator=rng))
        length = int(torch.randint(3, 14, (1,), generator=rng))
        rows = 0.3 * torch.randn(steps, WIDTH, generator=rng)
        rows[start : start + length, clip % CLASSES] += 2
        features.append(rows)
        segments.append(torch.tensor([[0.4 * start, 0.4 * (start + length)]], dtype=torch.float64))
        labels.append(torch.tensor([clip % CLASSES]))
    return Sequences(
        clip_ids=tuple(f"{side}-{clip:03}" for clip in range(n)),
        recording_ids=tuple(f"{side}-film-{clip:03}" for clip in range(n)),
        positions=(0,) * n,
        subject_ids=tuple(f"{side}-rat-{clip % 3}" for clip in range(n)),
        starts_s=(0.0,) * n,
        durations_s=(0.4 * steps,) * n,
        features=tuple(features),
        segments=tuple(segments),
        labels=tuple(labels),
    )


def recipe(
    *, variant: str = "raseformer", network: dict[str, Any] | None = None, **train: Any
) -> LocalizeTrialSettings:
    """Return a small trial; further keywords go to its recipe."""
    defaults: dict[str, Any] = {
        "epochs": 2,
        "warmup_epochs": 1,
        "batch_size": 4,
        "learning_rate": 5e-3,
        "device": "cpu",
    }
    return LocalizeTrialSettings.of(
        LocalizeSettings(
            network=NETWORK.model_copy(update=network or {}),
            train=LocalizeTrainSettings(**{**defaults, **train}),
            loss=LocalizeLossSettings(positives=20.0),
            segments=SEGMENTS,
        ),
        ratseizure=RatSeizureSettings(),
        sequence=SEQUENCE,
        variant=variant,
    )


def run(
    settings: LocalizeTrialSettings,
    folder: Path,
    *,
    clips: tuple[int, int] = (14, 6),
    on_epoch: Callable[[EpochReport], None] = lambda _: None,
    training: Sequences | None = None,
    testing: Sequences | None = None,
) -> LocalizeResult:
    """Run a trial on made sequences, unless others are given."""
    return run_trial(
        settings,
        training or steps_of_two_classes(clips[0], seed=1, side="training"),
        testing or steps_of_two_classes(clips[1], seed=2, side="testing"),
        trial_id="0123456789abcdef",
        world=World(),
        checkpoints=CheckpointFolder(folder),
        on_epoch=on_epoch,
    )


@pytest.fixture(scope="session", name="made")
def _made() -> Callable[..., Sequences]:
    return steps_of_two_classes


@pytest.fixture(scope="session", name="recipe")
def _recipe() -> Callable[..., LocalizeTrialSettings]:
    return recipe


@pytest.fixture(scope="session", name="run")
def _run() -> Callable[..., LocalizeResult]:
    return run
