"""What makes a process compute the same numbers twice: threads, algorithms, random state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic as memory

FILL = "fill_uninitialized_memory"  # of torch.utils.deterministic, which is not typed


@contextmanager
def reproducible(device: torch.device, threads: int) -> Iterator[None]:
    """Make this process deterministic while the block runs, then put everything back.

    The number of threads is part of it: sums are split among threads, so another number
    gives other last bits. On the CPU an operation without a deterministic form is an error;
    on a GPU, where some have none, it is a warning.

    Parameters
    ----------
    device
        Where the block computes.
    threads
        Threads within one operation on the CPU.
    """
    if device.type == "cuda":
        # cuBLAS reads it at its first use in a process.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads()
    enabled = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    fills = getattr(memory, FILL)
    gpus = [device] if device.type == "cuda" else []
    try:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode=True, warn_only=device.type != "cpu")
        # Filling is for finding reads of unset memory; it writes every new tensor twice.
        setattr(memory, FILL, False)
        with torch.random.fork_rng(gpus):
            yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(enabled, warn_only=warns)
        setattr(memory, FILL, fills)
