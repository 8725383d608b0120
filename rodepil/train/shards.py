"""Which clips a worker takes in which pass and step: a pure function of seed, epoch and place.

A step is one change of the weights. It gathers the gradients of one or more passes, each of at
most ``batch_size`` clips on every worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from rodepil.errors import TrainingError


@dataclass(frozen=True)
class Shard:
    """One worker's part of one pass.

    Parameters
    ----------
    indices
        (b,) int64: the clips of this worker. All workers have as many.
    counts
        (b,) float32: 1 for a clip that counts, then 0 for one that only fills the batch.
    whole
        (B,) int64: the clips of all workers and passes in this step, each once.
    ends_step
        Whether this is the step's last pass.
    """

    indices: Tensor
    counts: Tensor
    whole: Tensor
    ends_step: bool


def passes_in_step(effective_batch: int | None, *, batch_size: int, size: int) -> int:
    """Return the passes that gather `effective_batch` clips; None makes a step of every pass.

    Parameters
    ----------
    effective_batch
        Clips in a step, over all workers.
    batch_size
        Clips for each worker in a pass.
    size
        Number of workers.

    Raises
    ------
    TrainingError
        So many clips can't be gathered in whole passes.
    """
    whole = batch_size * size
    if effective_batch is None:
        return 1
    if effective_batch % whole:
        raise TrainingError(
            f"train.effective_batch {effective_batch} is no multiple of {batch_size} clips on "
            f"each of {size} workers; take {-(-effective_batch // whole) * whole}"
        )
    return effective_batch // whole


def steps_in_epoch(n: int, *, batch_size: int, size: int, passes: int = 1) -> int:
    """Return the steps of `n` clips with `batch_size` on each of `size` workers in a pass."""
    return -(-n // (batch_size * size * passes))


def shards(
    order: Tensor, *, batch_size: int, rank: int, size: int, passes: int = 1, full: bool = False
) -> Iterator[Shard]:
    """Yield one worker's parts of an epoch.

    The order is cut into steps of ``batch_size * size * passes`` clips, a step into passes of
    ``batch_size * size``, the last of each holding what is left; worker `rank` takes every
    `size`-th clip of a pass. So `size` workers see in `passes` passes of `batch_size` the steps
    of one worker with ``batch_size * size * passes``. Where a pass can't be dealt out evenly,
    the workers that come short repeat its first clip, which then does not count: all work
    alike, every clip counts once.

    Parameters
    ----------
    order
        (n,) int64, of `order_of`.
    batch_size
        Clips for each worker in a pass.
    rank, size
        This worker, and how many there are.
    passes
        Passes in a step, of `passes_in_step`.
    full
        Fill every pass up to `batch_size` in this way, so that all have one shape.
    """
    for step in torch.split(order, batch_size * size * passes):
        parts = torch.split(step, batch_size * size)
        for number, part in enumerate(parts, start=1):
            own = part[rank::size]
            short = (batch_size if full else -(-len(part) // size)) - len(own)
            yield Shard(
                indices=torch.cat((own, part[:1].expand(short))),
                counts=torch.cat((torch.ones(len(own)), torch.zeros(short))),
                whole=step,
                ends_step=number == len(parts),
            )
