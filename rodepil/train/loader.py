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
from rodepil.store.clipset import ClipSet
from rodepil.train.loss import one_hot
from rodepil.train.process import derive_seed
from rodepil.train.shards import Shard, order_of, passes_in_step, shards, steps_in_epoch
from rodepil.train.world import World
from rodepil.vision.augment import Augment, clip_seed, mixup
from rodepil.vision.sampling import static


@dataclass(frozen=True)
class Batch:
    """What one worker trains on in one pass.

    Parameters
    ----------
    frames
        (B, T, 3, H, W) on the device, uint8 or float32 in [0, 1], not normalised.
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
    freeze
        Show the middle frame of a clip in place of every frame.

    Raises
    ------
    TrainingError
        ``effective_batch`` can't be gathered by so many workers.
    """

    def __init__(
        self, clips: ClipSet, classes: int, settings: TrainSettings, world: World, *, freeze: bool
    ) -> None:
        self.clips, self.classes, self.freeze = clips, classes, freeze
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

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield this worker's batches of an epoch, which hang on the seed and `epoch` alone."""
        order = order_of(len(self.clips.labels), seed=self.settings.seed, epoch=epoch)
        parts = shards(
            order,
            batch_size=self.settings.batch_size,
            rank=self.world.rank,
            size=self.world.size,
            passes=self.passes,
            full=self.settings.compile,
        )
        for number, shard in enumerate(parts):
            yield self._batch(shard, epoch, number)

    def _batch(self, shard: Shard, epoch: int, number: int) -> Batch:
        seed, device = self.settings.seed, self.world.device
        frames = take(self.clips, shard.indices, device, freeze=self.freeze)
        ids = [self.clips.clip_ids[index] for index in shard.indices.tolist()]
        frames = self.augment(frames, [clip_seed(seed, epoch, clip_id) for clip_id in ids])
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


def take(clips: ClipSet, indices: Tensor, device: torch.device, *, freeze: bool) -> Tensor:
    """Return the frames of some clips on the device, (B, T, 3, H, W) uint8.

    Parameters
    ----------
    clips
        Where to take from.
    indices
        (B,) int64.
    device
        Where the frames go; to a GPU from page-locked memory, so that it goes on meanwhile.
    freeze
        Repeat the middle frame of each clip.
    """
    frames = clips.frames.index_select(0, indices)
    if device.type == "cuda":
        frames = frames.pin_memory()
    frames = frames.to(device, non_blocking=True)
    return static(frames) if freeze else frames
