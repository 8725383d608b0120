"""The parts of RaSeformer: masked convolutions, attention to salient context, a block.

Shapes: B clips, T steps of a level, C width, H heads, D = C / H.

Steps lie in rows, (B, T, C), and which of them are no padding in ``valid`` (B, T) bool. A layer of
stride 2 keeps the even steps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.config.raseformer import RaseformerSettings
from rodepil.models.layers import DropPath, Mlp, add
from rodepil.models.raseformer.topk import full_attention, local_attention

KERNEL = 3
BRANCH_SCALE = 1e-4
"""What each channel of a residual branch starts multiplied by."""


def mask(steps: Tensor, valid: Tensor) -> Tensor:
    """Return `steps` (B, T, C) with 0 where `valid` (B, T) is False."""
    return steps * valid[..., None].to(steps.dtype)


class Conv(nn.Conv1d):
    """A convolution of three steps, in rows; its output at padding is 0."""

    def __init__(
        self, width: int, out: int, *, bias: bool, stride: int = 1, groups: int = 1
    ) -> None:
        around = KERNEL // 2
        super().__init__(width, out, KERNEL, stride, around, groups=groups, bias=bias)

    def forward(self, steps: Tensor, valid: Tensor) -> Tensor:  # type: ignore[override]
        """Return (B, T', out) of `steps` (B, T, width), given the T' valid steps kept."""
        return mask(super().forward(steps.mT).mT, valid)


class Projection(nn.Module):
    """A query, key or value: a convolution of each channel apart, a norm, a linear layer."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.conv = Conv(width, width, bias=False, stride=stride, groups=width)
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, width)

    def forward(self, steps: Tensor, valid: Tensor) -> Tensor:
        """Return (B, T', C) of `steps` (B, T, C)."""
        out: Tensor = self.linear(self.norm(self.conv(steps, valid)))
        return out


class SalientAttention(nn.Module):
    """Attention of each head to the best keys near a query, or in the whole clip.

    Parameters
    ----------
    settings
        Width, heads, share or number of keys kept, form.
    window
        Keys in a window; 1 or less sees the whole clip.
    stride
        1 or 2: of the queries, and of keys and values alike.
    """

    def __init__(self, settings: RaseformerSettings, window: int, stride: int) -> None:
        super().__init__()
        width = settings.width
        self.heads, self.window, self.form = settings.heads, window, settings.form
        self.keep = settings.keep(window) if window > 1 else settings.full_keep
        self.query = Projection(width, stride)
        self.key = Projection(width, stride)
        self.value = Projection(width, stride)
        self.proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, steps: Tensor, valid: Tensor) -> Tensor:
        """Return (B, T', C) of `steps` (B, T, C); `valid` (B, T') is of what the stride keeps."""
        parts = [part(steps, valid) for part in (self.query, self.key, self.value)]
        q, k, v = (part.view(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in parts)
        if self.window > 1 and self.keep is not None:
            mixed = local_attention(
                q, k, v, valid, window=self.window, keep=self.keep, form=self.form
            )
        else:
            mixed = full_attention(q, k, v, valid, keep=self.keep, form=self.form)
        out = self.proj(mixed.transpose(1, 2).flatten(2))
        return mask(self.dropout(out), valid)


class SalientBlock(nn.Module):
    """A transformer's block whose first half may halve the steps.

    Parameters
    ----------
    settings
        Of the network.
    window
        Keys in a window; 1 or less sees the whole clip.
    stride
        1, or 2 to halve the steps; the shortcut is then their maximum over three.
    """

    def __init__(self, settings: RaseformerSettings, window: int, stride: int = 1) -> None:
        super().__init__()
        width = settings.width
        self.stride = stride
        self.norm1 = nn.LayerNorm(width)
        self.attn = SalientAttention(settings, window, stride)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, round(width * settings.mlp_ratio), settings.dropout)
        self.attn_scale = nn.Parameter(torch.full((width,), BRANCH_SCALE))
        self.mlp_scale = nn.Parameter(torch.full((width,), BRANCH_SCALE))
        self.drop_path = DropPath(settings.drop_path)

    def forward(self, steps: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Return steps (B, T', C) and which of them are valid (B, T')."""
        kept = valid[:, :: self.stride]
        mixed = self.attn(self.norm1(steps), kept) * self.attn_scale
        out = add(mask(self._shortcut(steps), kept), mixed, self._lives(mixed))
        changed = mask(self.mlp(self.norm2(out)), kept) * self.mlp_scale
        return add(out, changed, self._lives(changed)), kept

    def _shortcut(self, steps: Tensor) -> Tensor:
        if self.stride == 1:
            return steps
        size = self.stride + 1
        return functional.max_pool1d(steps.mT, size, self.stride, padding=size // 2).mT

    def _lives(self, branch: Tensor) -> Tensor | None:
        lives: Tensor | None = self.drop_path(branch, len(branch), 1, 1)
        return lives
