from __future__ import annotations

from typing import Protocol

import pytest
import torch
from torch import nn


class RandomizeI3D(Protocol):
    def __call__(self, model: nn.Module, seed: int = 0) -> None: ...


@pytest.fixture
def randomize_i3d() -> RandomizeI3D:
    """Fill parameters and what batch norm has seen, so that no part stands at 0 or 1."""

    def fill(model: nn.Module, seed: int = 0) -> None:
        rng = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, value in model.state_dict().items():
                if value.dim() > 1:
                    noise = torch.randn(value.shape, generator=rng)
                    value.copy_(noise * (2 / value[0].numel()) ** 0.5)
                elif value.is_floating_point():
                    low, high = (0.5, 1.5) if name.endswith(("weight", "var")) else (-0.2, 0.3)
                    value.copy_(torch.empty(value.shape).uniform_(low, high, generator=rng))

    return fill
