"""Stand-in pretraining: new clips every time, stopped and gone on with, and something learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from rodepil.config.settings import FeatureSettings, ModelSettings, PretrainSettings
from rodepil.errors import TrainingError
from rodepil.simulate.actions import ACTIONS
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.pretrain import UNSEEN_CLIPS, ActionBatches, Pretrained, pretrain

MODEL = ModelSettings(width=32, depth=1, heads=2, patch_px=8)
FEATURES = FeatureSettings(frames=6, size_px=16)
CPU = torch.device("cpu")
SHORT = PretrainSettings(
    epochs=3, clips=40, batch_size=8, warmup_epochs=0, decay_epochs=(2,), device="cpu"
)


class Stopped(Exception):
    """Stands for a kill at a chosen moment."""


class Stopping:
    """A progress that stops the work when it is told of its `last` epoch."""

    def __init__(self, last: int) -> None:
        self.left = last

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Callable[[float], None]]:
        assert (name, unit) == ("pretrain", "epochs")
        assert total == SHORT.epochs
        yield self.advance

    def advance(self, amount: float) -> None:
        self.left -= amount
        if self.left == 0:
            raise Stopped


def run(folder: Path, settings: PretrainSettings = SHORT, **edges: object) -> Pretrained:
    return pretrain(
        settings, MODEL, FEATURES, identity="id", checkpoints=CheckpointFolder(folder), **edges
    )


@pytest.mark.parametrize("last", [1, 2])
def test_a_stopped_pretraining_ends_with_the_same_network(last: int, tmp_path: Path):
    whole = run(tmp_path / "whole")
    with pytest.raises(Stopped):
        run(tmp_path / "parts", progress=Stopping(last))
    resumed = run(tmp_path / "parts")
    assert resumed.accuracy == whole.accuracy
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_a_checkpoint_of_another_pretraining_is_refused(tmp_path: Path):
    run(tmp_path)
    with pytest.raises(TrainingError, match="checkpoint of trial id, not of other"):
        pretrain(SHORT, MODEL, FEATURES, identity="other", checkpoints=CheckpointFolder(tmp_path))


def test_no_clip_is_shown_twice_and_none_of_the_unseen_is_shown():
    batches = ActionBatches(SHORT, FEATURES, CPU)
    shown = [batch for epoch in range(2) for batch in batches.epoch(epoch)]
    assert len(shown) == 2 * len(batches) == 2 * 40 // 8
    seen = [clip.numpy().tobytes() for batch in shown for clip in batch.frames]
    unseen = {clip.numpy().tobytes() for part in batches.unseen() for clip in part.frames}
    assert len(unseen) == UNSEEN_CLIPS
    assert len(set(seen)) == 80
    assert not set(seen) & unseen
    labels = torch.cat([batch.targets.argmax(dim=1) for batch in shown])
    counts = torch.bincount(labels, minlength=len(ACTIONS))
    assert counts.tolist() == [80 // len(ACTIONS)] * len(ACTIONS)


def test_an_epoch_is_the_same_whenever_it_is_asked_for():
    first, again = (
        [batch.frames for batch in ActionBatches(SHORT, FEATURES, CPU).epoch(1)] for _ in range(2)
    )
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


def test_actions_are_learned_well_above_chance(tmp_path: Path):
    settings = SHORT.model_copy(
        update={"clips": 1200, "decay_epochs": (), "learning_rate": 3e-3, "batch_size": 16}
    )
    found = run(tmp_path, settings)
    chance = 1 / len(ACTIONS)
    assert found.accuracy > 2.5 * chance
    assert found.clips == 3 * 1200
    assert set(found.by_action) == set(ACTIONS)
    assert sum(found.by_action.values()) / len(ACTIONS) == pytest.approx(found.accuracy, abs=1e-9)
