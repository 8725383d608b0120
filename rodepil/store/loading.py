"""Where a dataset's clips are kept while they are trained on, and the batches of an epoch.

Shapes: B clips of a batch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from rodepil.io.files import short_hash
from rodepil.io.units import BYTES_PER_GB
from rodepil.store.clipset import Clips
from rodepil.store.dataset import FeatureDataset
from rodepil.store.order import order_of
from rodepil.store.room import free_bytes

Residence = Literal["auto", "device", "stream"]

log = logging.getLogger(__name__)

SHARE_OF_FREE = {"cuda": 0.5, "cpu": 0.25, "mps": 0.25}
"""Of the memory that is free, what clips may take: the rest is the network's, and on the CPU that
of the trials beside."""


def keep(dataset: FeatureDataset, device: torch.device, residence: Residence = "auto") -> Clips:
    """Return a dataset's clips, in the device's memory where they fit, else streamed to it.

    Parameters
    ----------
    dataset
        The clips.
    device
        Where batches go.
    residence
        ``auto`` looks how much memory is free, and says in the log what it chose.
    """
    free = free_bytes(device)
    room = None if free is None else int(free * SHARE_OF_FREE.get(device.type, 0.25))
    fits = room is not None and dataset.size_bytes <= room
    resident = residence == "device" or (residence == "auto" and fits)
    log.info(
        "%d %s clips of view '%s' (%.2f GB) are %s; room for %s",
        len(dataset),
        dataset.side,
        dataset.view.name,
        dataset.size_bytes / BYTES_PER_GB,
        f"kept on {device}" if resident else f"streamed to {device}",
        "an unknown amount" if room is None else f"{room / BYTES_PER_GB:.2f} GB",
    )
    return dataset.resident(device) if resident else dataset


@dataclass(frozen=True)
class LabelledBatch:
    """Some clips.

    Attributes
    ----------
    frames
        (B, *shape) on the device.
    labels
        (B,) int64 on the device.
    clip_ids
        B names.
    """

    frames: Tensor
    labels: Tensor
    clip_ids: tuple[str, ...]


class FeatureLoader:
    """Batches of an epoch in an order that seed and epoch give; it goes on where it was.

    Iterating yields what is left of the epoch, then the next iteration begins the next one.
    `rodepil.train` has its own batches, with augmentation and workers; this one is for notebooks
    and other trainers. How many threads read ahead for it, its dataset says (`workers`).

    Parameters
    ----------
    clips
        Of `keep`, or a dataset.
    batch_size
        Clips of a batch; the last one of an epoch is smaller.
    seed
        What orders are drawn by.
    device
        Where batches go.
    shuffle
        Without it clips come in their own order.
    """

    def __init__(
        self,
        clips: Clips,
        batch_size: int,
        *,
        seed: int = 0,
        device: torch.device | None = None,
        shuffle: bool = True,
    ) -> None:
        self.clips, self.batch_size, self.seed, self.shuffle = clips, batch_size, seed, shuffle
        self.device = device or torch.device("cpu")
        self.epoch = self.position = 0
        self._digest = short_hash(list(clips.clip_ids), batch_size, shuffle)

    def __len__(self) -> int:
        return math.ceil(len(self.clips.labels) / self.batch_size)

    def __iter__(self) -> Iterator[LabelledBatch]:
        n = len(self.clips.labels)
        self._turn()
        order = order_of(n, seed=self.seed, epoch=self.epoch) if self.shuffle else torch.arange(n)
        rest = order[self.position :]
        left = torch.split(rest, self.batch_size) if n else ()
        taken = self.clips.batches(left, self.device)
        for indices, frames in zip(left, taken, strict=True):
            self.position += len(indices)
            yield LabelledBatch(
                frames=frames,
                labels=self.clips.labels[indices].to(self.device),
                clip_ids=tuple(self.clips.clip_ids[index] for index in indices.tolist()),
            )
        self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int | str]:
        """Return where it is: the epoch, the clips of it that were given, and of what."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "seed": self.seed,
            "digest": self._digest,
        }

    def load_state_dict(self, state: Mapping[str, int | str]) -> None:
        """Go on from where another one was, with the exact next clip.

        Raises
        ------
        ValueError
            The other one had another seed, other clips, another batch size or `shuffle`; or the
            state is of no loader.
        """
        if state.get("seed") != self.seed:
            raise ValueError(
                f"the state is of seed {state.get('seed')}, this loader has {self.seed}; make the "
                "loader with that seed"
            )
        if state.get("digest") != self._digest:
            raise ValueError(
                f"the state is of other clips, another batch size or shuffle than this loader's "
                f"({len(self.clips.clip_ids)} clips, batch_size {self.batch_size}, shuffle "
                f"{self.shuffle}); make the loader as the other one was"
            )
        self.epoch, self.position = int(state["epoch"]), int(state["position"])
        self._turn()

    def _turn(self) -> None:
        """Go to the next epoch where all clips of this one were given: there it was left."""
        if self.position >= len(self.clips.labels) > 0:
            self.epoch, self.position = self.epoch + 1, 0
