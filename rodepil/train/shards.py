"""Which clips a worker takes in which step: a pure function of seed, epoch and place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from rodepil.train.process import derive_seed


@dataclass(frozen=True)
class Shard:
    """One worker's part of one step.

    Parameters
    ----------
    indices
        (b,) int64: the clips of this worker. All workers have as many.
    counts
        (b,) float32: 1 for a clip that counts, 0 for one that only fills the batch.
    whole
        (B,) int64: the clips of all workers in this step, each once.
    """

    indices: Tensor
    counts: Tensor
    whole: Tensor


def order_of(n: int, *, seed: int, epoch: int) -> Tensor:
    """Return the order of `n` clips in an epoch, (n,) int64; it hangs on these numbers alone."""
    generator = torch.Generator().manual_seed(derive_seed("order", seed, epoch))
    return torch.randperm(n, generator=generator)


def steps_in_epoch(n: int, *, batch_size: int, size: int) -> int:
    """Return the steps that `n` clips take with `batch_size` clips on each of `size` workers."""
    return -(-n // (batch_size * size))


def shards(order: Tensor, *, batch_size: int, rank: int, size: int) -> Iterator[Shard]:
    """Yield one worker's parts of an epoch.

    The order is cut into batches of ``batch_size * size`` clips, the last one holding what is
    left, and worker `rank` takes every `size`-th clip of a batch. So `size` workers with
    `batch_size` see the batches of one worker with ``batch_size * size``. Where a batch can't
    be dealt out evenly, the workers that come short repeat its first clip, which then does not
    count: all work alike, every clip counts once.

    Parameters
    ----------
    order
        (n,) int64, of `order_of`.
    batch_size
        Clips for each worker in a step.
    rank, size
        This worker, and how many there are.
    """
    for start in range(0, len(order), batch_size * size):
        whole = order[start : start + batch_size * size]
        own = whole[rank::size]
        short = -(-len(whole) // size) - len(own)
        filler = whole[:1].expand(short)
        counts = torch.cat((torch.ones(len(own)), torch.zeros(short)))
        yield Shard(torch.cat((own, filler)), counts, whole)
