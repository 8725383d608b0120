"""Stand-in pretraining: a network learns simulated actions, where real weights can't be had.

Shapes: B clips, T frames, H W pixels, K actions.

What it learns stands in for Kinetics or ImageNet: the file has the structure of the published
checkpoints and is loaded as they are, and says itself what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rodepil.config.settings import (
    AugmentSettings,
    FeatureSettings,
    ModelSettings,
    PretrainSettings,
    TrainSettings,
)
from rodepil.io.progress import Progress, Silent
from rodepil.models.registry import build
from rodepil.simulate.actions import ACTIONS, make_actions
from rodepil.store.clipset import ClipSet
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.course import Course
from rodepil.train.learner import make_learner
from rodepil.train.loader import Batch
from rodepil.train.loop import score
from rodepil.train.loss import one_hot
from rodepil.train.memory import named_pretraining_errors
from rodepil.train.process import reproducible
from rodepil.train.world import World, choose_device
from rodepil.vision.inputs import make_inputs

UNSEEN_CLIPS, UNSEEN_PART = 1000, 100
"""Clips that are never trained on, to say how well actions are told apart, and how many of them
are in memory at a time."""


@dataclass(frozen=True)
class Pretrained:
    """A network that has learned actions.

    Attributes
    ----------
    model
        On the CPU, in evaluation mode, with a head of K classes.
    clips
        How many it was shown, each once.
    accuracy
        The share of unseen clips whose action it names.
    by_action
        The same by action.
    """

    model: nn.Module
    clips: int
    accuracy: float
    by_action: dict[str, float]


class ActionBatches:
    """New clips of actions in every batch, made while the network learns from those before.

    Parameters
    ----------
    settings
        ``seed``, ``clips`` of an epoch and ``batch_size``.
    features
        T, and H and W.
    device
        Where the batches go.
    """

    def __init__(
        self, settings: PretrainSettings, features: FeatureSettings, device: torch.device
    ) -> None:
        self.settings, self.features, self.device = settings, features, device

    def __len__(self) -> int:
        return self.settings.clips // self.settings.batch_size

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, which hang on the seed and `epoch` alone."""
        size = self.settings.batch_size
        starts = [UNSEEN_CLIPS + (epoch * len(self) + step) * size for step in range(len(self))]
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self.make, starts[0], size)
            for following in [*starts[1:], None]:
                frames, labels = coming.result()
                if following is not None:
                    coming = pool.submit(self.make, following, size)
                yield Batch(
                    frames=frames.to(self.device),
                    targets=one_hot(labels, len(ACTIONS)).to(self.device),
                    counts=torch.ones(len(labels), device=self.device),
                    whole=labels,
                )

    def make(self, start: int, count: int) -> tuple[Tensor, Tensor]:
        """Return clips from number `start` on: (count, T, 3, H, W) uint8, labels (count,)."""
        frames, labels = make_actions(
            self.settings.seed,
            range(start, start + count),
            frames=self.features.frames,
            size_px=self.features.size_px,
        )
        return torch.from_numpy(frames), torch.from_numpy(labels)

    def unseen(self) -> Iterator[ClipSet]:
        """Yield the clips that no epoch holds, some at a time."""
        for start in range(0, UNSEEN_CLIPS, UNSEEN_PART):
            frames, labels = self.make(start, UNSEEN_PART)
            names = tuple(f"action-{start + number}" for number in range(UNSEEN_PART))
            yield ClipSet(frames, labels, names, names)


def pretrain(
    settings: PretrainSettings,
    model: ModelSettings,
    features: FeatureSettings,
    *,
    identity: str,
    checkpoints: CheckpointFolder,
    progress: Progress | None = None,
) -> Pretrained:
    """Let a network learn to name simulated actions.

    Stopped at any moment and called again, it goes on from its last epoch, on the CPU to the
    same bits.

    Parameters
    ----------
    settings
        The recipe.
    model, features
        The network and the clips that it reads; it starts from random weights.
    identity
        The mark of the checkpoints.
    checkpoints
        Where to go on from.
    progress
        Told of every epoch.

    Raises
    ------
    TrainingError
        The loss is not finite, memory runs out, or the checkpoints are another training's.
    """
    recipe = _recipe(settings)
    world = World(device=choose_device(settings.device))
    with reproducible(world.device, settings.threads), named_pretraining_errors(recipe.batch_size):
        random = model.model_copy(update={"pretrained": "none", "weights": None})
        module = build(random, features, classes=len(ACTIONS), seed=settings.seed)
        learner = make_learner(module, torch.ones(len(ACTIONS)), recipe, world)
        batches = ActionBatches(settings, features, world.device)
        plain = make_inputs(FeatureSettings(frames=features.frames, size_px=features.size_px))
        course = Course(learner, batches, identity, checkpoints)
        with (progress or Silent()).task("pretrain", settings.epochs, "epochs") as advance:
            advance(len(course.history))
            while not course.is_over:
                course.advance(dict)
                course.keep()
                advance(1)
        parts = [
            (score(learner, clips, plain).argmax(dim=1), clips.labels) for clips in batches.unseen()
        ]
    found, labels = (torch.cat(column) for column in zip(*parts, strict=True))
    right = (found == labels).double()
    return Pretrained(
        model=learner.scored.cpu().eval(),
        clips=settings.epochs * len(batches) * settings.batch_size,
        accuracy=float(right.mean()),
        by_action={
            name: float(right[labels == label].mean()) for label, name in enumerate(ACTIONS)
        },
    )


def _recipe(settings: PretrainSettings) -> TrainSettings:
    """Return the recipe in the words of a trial's."""
    shared = settings.model_dump(exclude={"clips", "threads"})
    still = AugmentSettings(
        flip_probability=0.0, translate_share=0.0, rotate_deg=0.0, brightness=0.0, contrast=0.0
    )
    return TrainSettings(**shared, optimizer="adamw", augment=still)
