"""The recipe against a plain PyTorch loop that is written here, and passes against large batches.

In the plain loop all clips make one step, so nothing hangs on their order.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR

from rodepil.config.settings import AugmentSettings
from rodepil.errors import TrainingError
from rodepil.models.registry import build
from rodepil.store.clipset import ClipSet
from rodepil.train.trial import TrialResult, TrialSettings

EPOCHS, CLIPS = 6, 13
SGD = {"optimizer": "sgd", "learning_rate": 0.05, "weight_decay": 1e-2, "nesterov": True}
ADAMW = {"optimizer": "adamw", "learning_rate": 2e-3, "weight_decay": 1e-2}

Recipe = Callable[..., TrialSettings]
Run = Callable[..., TrialResult]


@pytest.fixture
def settings(recipe: Recipe, still: AugmentSettings) -> Callable[..., TrialSettings]:
    """Return what makes a trial without anything drawn."""

    def make(**train: Any) -> TrialSettings:
        plain = {"epochs": EPOCHS, "drop_path": 0.0, "augment": still, "warmup_epochs": 0}
        return recipe(**{**plain, "decay_epochs": (4,), **train})

    return make


def plain_loop(settings: TrialSettings, clips: ClipSet) -> tuple[nn.Module, list[float]]:
    """Train on all clips at once with nothing but torch; return the network and the losses."""
    network = build(settings.model, settings.features, seed=settings.train.seed).train()
    frames = (clips.frames.float() / 255 - 0.45) / 0.225
    counts = torch.bincount(clips.labels)
    criterion = nn.CrossEntropyLoss(weight=len(clips.labels) / (2 * counts.float()))
    if settings.train.optimizer == "sgd":
        optimizer: torch.optim.Optimizer = torch.optim.SGD(
            network.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-2, nesterov=True
        )
    else:
        optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = MultiStepLR(optimizer, milestones=[4], gamma=0.1)
    losses = []
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        loss = criterion(network(frames), clips.labels)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return network, losses


@pytest.mark.parametrize("optimizer", [SGD, ADAMW], ids=["sgd", "adamw"])
@pytest.mark.parametrize(("batch", "effective"), [(CLIPS, None), (4, 16), (1, 14)])
def test_a_trial_is_a_plain_loop_however_its_step_is_gathered(
    settings: Callable[..., TrialSettings],
    run: Run,
    *,
    moving_bars: Callable[..., ClipSet],
    tmp_path: Path,
    optimizer: dict[str, Any],
    batch: int,
    effective: int | None,
):
    of = settings(batch_size=batch, effective_batch=effective, **optimizer)
    result = run(of, tmp_path, clips=(CLIPS, 4), dim=True)
    network, losses = plain_loop(of, moving_bars(CLIPS, seed=1, side="training", dim=True))
    ours = [report.metrics["train_loss"] for report in result.history]
    assert ours == pytest.approx(losses, abs=1e-4)
    assert losses[-1] < 0.9 * losses[0]
    testing = moving_bars(4, seed=2, side="testing", dim=True)
    with torch.inference_mode():
        logits = network.eval()((testing.frames.float() / 255 - 0.45) / 0.225)
    scores = result.predictions.column("score").to_pylist()
    assert scores == pytest.approx(logits.softmax(dim=1)[:, 1].tolist(), abs=1e-4)


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_small_batches_gather_the_steps_of_large_ones(
    settings: Callable[..., TrialSettings], run: Run, tmp_path: Path, batch: int
):
    # 13 clips: a step of 8, then one of the 5 that are left.
    one, other = (
        run(
            settings(batch_size=size, effective_batch=8, **SGD), tmp_path / str(size), clips=(13, 4)
        )
        for size in (8, batch)
    )
    for large, small in zip(one.history, other.history, strict=True):
        for name in ("train_loss", "gradient_norm", "test_loss", "learning_rate"):
            assert small.metrics[name] == pytest.approx(large.metrics[name], rel=1e-4), name


def test_gathering_for_more_workers_than_there_are_is_refused(
    settings: Callable[..., TrialSettings], run: Run, tmp_path: Path
):
    of = settings(batch_size=4, effective_batch=8)
    broken = of.model_copy(update={"train": of.train.model_copy(update={"effective_batch": 10})})
    with pytest.raises(TrainingError, match="effective_batch 10 is no multiple"):
        run(broken, tmp_path)
