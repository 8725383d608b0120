"""Clips in memory to batches on the device.

Shapes: B clips, T frames, H W pixels, K classes.

The uint8 frames go to the device as they are; floats are made and changed there. What a network
expects of pixels is the learner's to know, which normalises them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from rodepil.config.settings import TrainSettings
from rodepil.io.seeds import derive_seed
from rodepil.store.clipset import Clips
from rodepil.store.order import order_of
from rodepil.train.loss import one_hot
from rodepil.train.shards import Shard, passes_in_step, shards, steps_in_epoch
from rodepil.train.world import World
from rodepil.vision.augment import Augment, clip_seed, mixup
from rodepil.vision.inputs import Inputs
from rodepil.vision.sampling import draw_jitter


@dataclass(frozen=True)
class Batch:
    """What one worker trains on in one pass.

    Parameters
    ----------
    frames
        (B, T, 3, H, W) on the device, uint8 or float32 in [0, 1], not normalised: frames, or
        the pictures of what moves in them.
    targets
        (B, K) float32, rows that sum to 1.
    counts
        (B,) float32: 1 for a clip that counts, 0 for one that only fills the batch.
    whole
        (n,) int64 on the CPU: the labels of the clips of all workers and passes in this step.
    ends_step
        Whether the weights change after this pass.
    """

    frames: Tensor
    targets: Tensor
    counts: Tensor
    whole: Tensor
    ends_step: bool = True


class Batches(Protocol):
    """What a network can be trained on."""

    def __len__(self) -> int:
        """Return the steps of an epoch."""

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield this worker's batches of an epoch, the same whenever it is asked for."""


class TrainingBatches:
    """The batches of every epoch of a trial.

    Parameters
    ----------
    clips
        The training set.
    classes
        K.
    settings
        ``seed``, ``batch_size``, ``effective_batch``, ``augment`` and ``mixup_alpha``; with
        ``compile`` all batches are filled to one shape.
    world
        Which worker this is and where its batches go.
    inputs
        Makes of stored frames what the network sees.

    Raises
    ------
    TrainingError
        ``effective_batch`` can't be gathered by so many workers.
    """

    def __init__(
        self, clips: Clips, classes: int, settings: TrainSettings, world: World, inputs: Inputs
    ) -> None:
        self.clips, self.classes, self.inputs = clips, classes, inputs
        self.settings, self.world = settings, world
        self.augment = Augment(settings.augment)
        self.passes = passes_in_step(
            settings.effective_batch, batch_size=settings.batch_size, size=world.size
        )

    def __len__(self) -> int:
        return steps_in_epoch(
            len(self.clips.labels),
            batch_size=self.settings.batch_size,
            size=self.world.size,
            passes=self.passes,
        )

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield this worker's batches of an epoch, which hang on the seed and `epoch` alone.

        A trial goes on from the ends of epochs, where its checkpoints are. `start` is for a loop
        that keeps checkpoints between them: it continues with the exact next clip, changed and
        mixed as it would have been.

        Parameters
        ----------
        epoch
            The epoch, from 0.
        start
            Passes to leave out from the beginning; what comes is as it would have come.
        """
        order = order_of(len(self.clips.labels), seed=self.settings.seed, epoch=epoch)
        parts = shards(
            order,
            batch_size=self.settings.batch_size,
            rank=self.world.rank,
            size=self.world.size,
            passes=self.passes,
            full=self.settings.compile,
        )
        left = list(parts)[start:]
        taken = self.clips.batches((shard.indices for shard in left), self.world.device)
        for number, (shard, frames) in enumerate(zip(left, taken, strict=True), start=start):
            yield self._batch(shard, frames, epoch, number)

    def _batch(self, shard: Shard, stored: Tensor, epoch: int, number: int) -> Batch:
        seed, device = self.settings.seed, self.world.device
        ids = [self.clips.clip_ids[index] for index in shard.indices.tolist()]
        seeds = [clip_seed(seed, epoch, clip_id) for clip_id in ids]
        features = self.inputs.features
        jitter = draw_jitter(
            self.settings.augment.temporal_jitter, seeds, features.frames, features.oversample
        )
        shown = self.inputs.shown(stored, jitter, ids)
        frames = self.inputs.pictures(self.augment(shown, seeds))
        targets = one_hot(self.clips.labels[shard.indices], self.classes).to(device)
        if self.settings.mixup_alpha > 0:
            draw = derive_seed("mixup", seed, epoch, number, self.world.rank)
            own = int(shard.counts.sum())  # what only fills the batch is no partner
            mixed = mixup(frames[:own], targets[:own], self.settings.mixup_alpha, draw)
            pairs = zip(mixed, (frames[own:], targets[own:]), strict=True)
            frames, targets = (torch.cat(pair) for pair in pairs)
        return Batch(
            frames=frames,
            targets=targets,
            counts=shard.counts.to(device),
            whole=self.clips.labels[shard.whole],
            ends_step=shard.ends_step,
        )
