"""The order of clips in an epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.io.seeds import derive_seed


def order_of(n: int, *, seed: int, epoch: int) -> Tensor:
    """Return the order of `n` clips in an epoch, (n,) int64; it hangs on these numbers alone."""
    generator = torch.Generator().manual_seed(derive_seed("order", seed, epoch))
    return torch.randperm(n, generator=generator)
