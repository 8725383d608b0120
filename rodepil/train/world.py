"""The workers of one trial: who this process is among them, and what they tell each other.

One worker is the rule on one machine. With more, the caller has started the processes and
called ``torch.distributed.init_process_group``; this module is the trial's one door to it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from rodepil.errors import TrainingError

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """One worker's place.

    Parameters
    ----------
    rank
        This worker, in [0, size).
    size
        Number of workers.
    device
        Where this worker's tensors live.
    local
        This worker among those of its machine, which is the GPU that it takes.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    local: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.size:
            raise TrainingError(f"rank {self.rank} of {self.size} workers; it must be under that")
        if self.size > 1 and not dist.is_initialized():
            raise TrainingError(
                f"a trial with {self.size} workers wants a process group; "
                "call torch.distributed.init_process_group in every worker first"
            )

    @property
    def leads(self) -> bool:
        """Whether this worker writes files."""
        return self.rank == 0

    def parallel(self, module: nn.Module) -> nn.Module:
        """Return `module` so that its gradients are averaged over workers; see `exchange`."""
        if self.size == 1:
            return module
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices, gradient_as_bucket_view=True)

    def exchange(self, parallel: nn.Module, *, now: bool) -> AbstractContextManager[None]:
        """Return the context of a pass; without `now` its gradients stay with this worker.

        Those that stayed are averaged over workers with the next that do not.
        """
        if now or not isinstance(parallel, DistributedDataParallel):
            return nullcontext()
        waiting: AbstractContextManager[None] = parallel.no_sync()
        return waiting

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum of every worker's `value`, the same tensor on all of them."""
        if self.size > 1:
            dist.all_reduce(value)
        return value

    def interleave(self, rows: Tensor) -> Tensor:
        """Return every worker's rows (m, ...) as (m * size, ...): row 0 of each, then row 1."""
        if self.size == 1:
            return rows
        parts = [torch.empty_like(rows) for _ in range(self.size)]
        dist.all_gather(parts, rows.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)

    def from_leader(self, value: T) -> T:
        """Return rank 0's `value` on every worker."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]


def choose_device(name: str, local: int = 0) -> torch.device:
    """Return the device that a setting names.

    Parameters
    ----------
    name
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the best that is there.
    local
        The worker among those of this machine; it takes the GPU of that number.

    Raises
    ------
    TrainingError
        The device is not there.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if not there.get(name, False):
        found = [kind for kind, present in there.items() if present]
        raise TrainingError(f"device '{name}' is not there; name one of {found} or auto")
    if name == "cuda":
        count = torch.cuda.device_count()
        if local >= count:
            raise TrainingError(
                f"worker {local} of this machine wants a GPU of its own, but there are {count}; "
                f"set train.workers to {count}"
            )
        return torch.device("cuda", local)
    return torch.device(name)
