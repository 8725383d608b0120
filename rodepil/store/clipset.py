"""Clips with their labels, as training takes them, and those of them that lie in memory.

Shapes: N clips, B clips of a batch, ... the frames of one as its view stores them, C channels,
H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Clips(Protocol):
    """N clips with their labels, wherever their frames lie."""

    @property
    def labels(self) -> Tensor:
        """(N,) int64 on the CPU, 0 normal, 1 seizure."""

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """N names."""

    @property
    def subject_ids(self) -> tuple[str, ...]:
        """N names."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one clip."""

    @property
    def dtype(self) -> torch.dtype:
        """The type of its numbers."""

    def batches(self, indices: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
        """Yield the clips of each of `indices`, (B,) int64, as (B, *shape) on `device`.

        What is yielded may be written to. The next batch may be made ready meanwhile.
        """


@dataclass(frozen=True)
class ClipSet:
    """Clips in memory of their own, which may be written to.

    Attributes
    ----------
    frames
        (N, ..., C, H, W) uint8, range [0, 255], on any device.
    labels
        (N,) int64 on the CPU, 0 normal, 1 seizure.
    clip_ids, subject_ids
        N names each.
    """

    frames: Tensor
    labels: Tensor
    clip_ids: tuple[str, ...]
    subject_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.clip_ids)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one clip, (..., C, H, W)."""
        return tuple(self.frames.shape[1:])

    @property
    def dtype(self) -> torch.dtype:
        """The type of its numbers."""
        return self.frames.dtype

    def batches(self, indices: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
        """Yield the clips of each of `indices` on `device`, copied there where they lie."""
        for each in indices:
            frames = self.frames.index_select(0, each.to(self.frames.device))
            yield to_device(frames, device)


def to_device(frames: Tensor, device: torch.device) -> Tensor:
    """Return `frames` on the device; to a GPU from page-locked memory, so that work goes on."""
    if device.type == "cuda" and frames.device.type == "cpu":
        return frames.pin_memory().to(device, non_blocking=True)
    return frames.to(device)
