"""Clips in memory to batches on the device.

Shapes: B clips, T frames, H W pixels, K classes.

The uint8 frames go to the device as they are; floats are made, changed and normalised there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from rodepil.config.settings import TrainSettings
from rodepil.store.clipset import ClipSet
from rodepil.train.loss import one_hot
from rodepil.train.process import derive_seed
from rodepil.train.shards import Shard, order_of, shards, steps_in_epoch
from rodepil.train.world import World
from rodepil.vision.augment import Augment, clip_seed, mixup
from rodepil.vision.normalize import normalize
from rodepil.vision.sampling import static


@dataclass(frozen=True)
class Batch:
    """What one worker trains on in one step.

    Parameters
    ----------
    frames
        (B, T, 3, H, W) float32, normalised, on the device.
    targets
        (B, K) float32, rows that sum to 1.
    counts
        (B,) float32: 1 for a clip that counts, 0 for one that only fills the batch.
    whole
        (n,) int64 on the CPU: the labels of the clips of all workers in this step.
    """

    frames: Tensor
    targets: Tensor
    counts: Tensor
    whole: Tensor


class TrainingBatches:
    """The batches of every epoch of a trial.

    Parameters
    ----------
    clips
        The training set.
    settings
        ``seed``, ``batch_size``, ``augment`` and ``mixup_alpha``.
    world
        Which worker this is and where its batches go.
    freeze
        Show the middle frame of a clip in place of every frame.
    """

    def __init__(
        self, clips: ClipSet, settings: TrainSettings, world: World, *, freeze: bool
    ) -> None:
        self.clips, self.settings, self.world, self.freeze = clips, settings, world, freeze
        self.augment = Augment(settings.augment)

    def __len__(self) -> int:
        return steps_in_epoch(
            len(self.clips.labels), batch_size=self.settings.batch_size, size=self.world.size
        )

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield this worker's batches of an epoch, which hang on the seed and `epoch` alone."""
        order = order_of(len(self.clips.labels), seed=self.settings.seed, epoch=epoch)
        parts = shards(
            order,
            batch_size=self.settings.batch_size,
            rank=self.world.rank,
            size=self.world.size,
        )
        for step, shard in enumerate(parts):
            yield self._batch(shard, epoch, step)

    def _batch(self, shard: Shard, epoch: int, step: int) -> Batch:
        seed, device = self.settings.seed, self.world.device
        frames = take(self.clips, shard.indices, device, freeze=self.freeze)
        ids = [self.clips.clip_ids[index] for index in shard.indices.tolist()]
        frames = self.augment(frames, [clip_seed(seed, epoch, clip_id) for clip_id in ids])
        targets = one_hot(self.clips.labels[shard.indices]).to(device)
        if self.settings.mixup_alpha > 0:
            draw = derive_seed("mixup", seed, epoch, step, self.world.rank)
            frames, targets = mixup(frames, targets, self.settings.mixup_alpha, draw)
        return Batch(
            frames=normalize(frames),
            targets=targets,
            counts=shard.counts.to(device),
            whole=self.clips.labels[shard.whole],
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
