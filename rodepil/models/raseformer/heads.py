"""The two heads, which all levels share: classes, and distances to the boundaries.

Shapes: B clips, T_i steps of a level, C width, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rodepil.config.raseformer import RaseformerSettings
from rodepil.models.raseformer.layers import Conv


class _Tower(nn.Module):
    """Convolutions with a norm and a ReLU each, and one to the outputs."""

    def __init__(self, settings: RaseformerSettings, outputs: int) -> None:
        super().__init__()
        width, inner = settings.width, settings.head_layers - 1
        self.convs = nn.ModuleList(Conv(width, width, bias=False) for _ in range(inner))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(inner))
        self.out = Conv(width, outputs, bias=True)

    def _read(self, steps: Tensor, valid: Tensor) -> Tensor:
        for conv, norm in zip(self.convs, self.norms, strict=True):
            steps = torch.relu(norm(conv(steps, valid)))
        out: Tensor = self.out(steps, valid)
        return out


class ClassHead(_Tower):
    """A logit for each class, of which each is one against none."""

    def __init__(self, settings: RaseformerSettings) -> None:
        super().__init__(settings, settings.classes)

    def forward(self, steps: Tensor, valid: Tensor) -> Tensor:
        """Return logits (B, T_i, K) of `steps` (B, T_i, C); 0 at padding."""
        return self._read(steps, valid)


class BoundaryHead(_Tower):
    """The distances from a point back to a start and on to an end, in strides of its level."""

    def __init__(self, settings: RaseformerSettings) -> None:
        super().__init__(settings, 2)
        self.scales = nn.ParameterList(
            nn.Parameter(torch.tensor(1.0)) for _ in range(settings.levels)
        )

    def forward(self, steps: Tensor, valid: Tensor, level: int) -> Tensor:
        """Return distances (B, T_i, 2), 0 or more, of `steps` (B, T_i, C); 0 at padding."""
        return torch.relu(self._read(steps, valid) * self.scales[level])
