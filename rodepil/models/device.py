"""Where a network makes features, and how exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from rodepil.errors import ModelError

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def place_of(name: DeviceName) -> torch.device:
    """Return the device of that name; ``auto`` is the best that is there."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, present in there.items() if present))
    if not there[name]:
        found = [kind for kind, present in there.items() if present]
        raise ModelError(f"device '{name}' is not there; name one of {found} or auto")
    return torch.device(name)


@contextmanager
def exact() -> Iterator[None]:
    """Compute in whole float32 with one thread: how many there are would change the last bits.

    Clips are computed side by side by processes instead.
    """
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.set_num_threads(threads)
