"""Passes and steps: what reaches the network, when workers exchange, and when weights change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from rodepil.config.settings import FeatureSettings, ModelSettings, TrainSettings
from rodepil.errors import TrainingError
from rodepil.models.registry import build
from rodepil.store.clipset import ClipSet
from rodepil.train.learner import Learner, make_learner
from rodepil.train.loader import Batch
from rodepil.train.loop import score, train_epoch
from rodepil.train.step import run_pass
from rodepil.train.world import World
from rodepil.vision.inputs import make_inputs

MODEL = ModelSettings(
    width=16, depth=3, heads=2, patch_px=8, drop_path=0.5, dropout=0.1, pretrained="none"
)
VIEW = FeatureSettings(frames=5, size_px=16)
CLASSES = 3


class Colours:
    """Batches of clips of noise in one of three brightnesses, which is their label; uint8."""

    def __len__(self) -> int:
        return 4

    def epoch(self, epoch: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(epoch)  # of noise and order alike
        for _ in range(len(self)):
            labels = torch.randperm(9, generator=generator) % CLASSES
            noise = torch.randint(0, 60, (9, 5, 3, 16, 16), generator=generator)
            frames = (noise + 70 * labels.view(-1, 1, 1, 1, 1)).to(torch.uint8)
            yield Batch(frames, torch.eye(CLASSES)[labels], torch.ones(9), labels)


class Eye(nn.Module):
    """A network that keeps what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.seen: list[Tensor] = []

    def forward(self, frames: Tensor) -> Tensor:
        self.seen.append(frames)
        return self.weight * frames.flatten(1)[:, :2]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """Give a process group of this process alone."""
    meeting = (tmp_path / "meeting").as_uri()
    dist.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def learner_of(module: nn.Module, classes: int = 2, **settings: object) -> Learner:
    train = TrainSettings.model_validate({"optimizer": "sgd", **settings})
    return make_learner(module, torch.ones(classes), train, World())


def test_any_batches_of_any_number_of_classes_can_be_learned():
    network = build(MODEL.model_copy(update={"drop_path": 0.0}), VIEW, classes=CLASSES)
    recipe = {"optimizer": "adamw", "learning_rate": 3e-3, "warmup_epochs": 0, "decay_epochs": ()}
    learner = learner_of(network, CLASSES, **recipe)
    losses = [train_epoch(learner, Colours(), epoch)["train_loss"] for epoch in range(6)]
    assert losses[-1] < 0.5 * losses[0]


def test_frames_reach_the_network_with_its_own_normalisation(moving_bars: Callable[..., ClipSet]):
    clips = moving_bars(4, seed=0, side="testing")
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.25, 0.125)
    learner = replace(learner_of(Eye()), mean=mean, std=std)
    batch = Batch(clips.frames, torch.eye(2)[clips.labels], torch.ones(4), clips.labels)
    run_pass(learner, batch, seed=0)
    run_pass(learner, replace(batch, frames=clips.frames.float() / 255), seed=0)
    score(learner, clips, make_inputs(FeatureSettings()))
    shape = (1, 1, 3, 1, 1)
    by_hand = (clips.frames.double() / 255 - torch.tensor(mean).view(shape)) / torch.tensor(
        std
    ).view(shape)
    assert len(learner.module.seen) == 3
    for seen in learner.module.seen:
        torch.testing.assert_close(seen.double(), by_hand, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("group")
def test_workers_exchange_gradients_in_the_last_pass_alone():
    network = build(MODEL, VIEW)
    learner = replace(learner_of(network), parallel=DistributedDataParallel(network))
    exchanged: list[int] = []

    def count(bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
        exchanged[-1] += 1
        done: torch.futures.Future[Tensor] = torch.futures.Future()
        done.set_result(bucket.buffer())
        return done

    learner.parallel.register_comm_hook(None, lambda _, bucket: count(bucket))
    labels = torch.arange(4) % 2
    batch = Batch(torch.rand(4, 5, 3, 16, 16), torch.eye(2)[labels], torch.ones(4), labels)
    for ends_step in (False, False, True, False, True):
        exchanged.append(0)
        run_pass(learner, replace(batch, ends_step=ends_step), seed=0)
    assert [times > 0 for times in exchanged] == [False, False, True, False, True]


def test_activation_checkpointing_gives_the_same_gradients_to_the_last_bit():
    gradients, entered = [], []
    for on in (False, True):
        network = build(MODEL, VIEW, seed=3)
        learner = learner_of(network, activation_checkpointing=on)
        calls: list[object] = []
        for block in network.blocks:
            block.register_forward_pre_hook(lambda *_, calls=calls: calls.append(None))
        labels = torch.arange(4) % 2
        frames = torch.rand(4, 5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        loss = run_pass(learner, Batch(frames, torch.eye(2)[labels], torch.ones(4), labels), seed=5)
        gradients.append([loss, *(parameter.grad for parameter in network.parameters())])
        entered.append(len(calls))
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))
    assert entered == [3, 6]  # computed again in the backward pass


def test_activation_checkpointing_of_a_network_without_it_is_refused():
    with pytest.raises(TrainingError, match="Linear has no activation checkpointing"):
        learner_of(nn.Linear(2, 2), activation_checkpointing=True)
