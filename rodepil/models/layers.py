"""The blocks of a transformer with divided space-time attention.

Shapes: B clips, T frames, N patches of a frame, C width.

Patches and the class token (CLS) are carried apart, (B, T, N, C) and (B, C), so that the
temporal attention and the MLP never have to join or split them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.models.attention import SpatialAttention, TemporalAttention
from rodepil.models.kernels import affine, layer_norm, linear, mlp

LAYER_NORM_EPS = 1e-6


class PatchEmbedding(nn.Module):
    """Cut frames into square patches and map each to a token.

    Parameters
    ----------
    width
        C, the length of a token.
    patch_px
        Side of a patch in pixels.
    """

    def __init__(self, width: int, patch_px: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=patch_px, stride=patch_px)

    @property
    def bias(self) -> Tensor:
        """The projection's bias (C,), which torch types as one that may be missing."""
        return self.proj.get_parameter("bias")

    def forward(self, clips: Tensor) -> Tensor:
        """Return tokens (B, T, N, C) of `clips` (B, T, 3, H, W), row by row of a frame."""
        weight, bias = self.proj.weight.to(clips.dtype), self.bias.to(clips.dtype)
        tokens = functional.conv2d(clips.flatten(0, 1), weight, bias, stride=self.proj.stride)
        return tokens.flatten(2).transpose(1, 2).reshape(*clips.shape[:2], -1, tokens.shape[1])


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (..., C) of `tokens` (..., C)."""
        if not self.training or self.dropout.p == 0:
            return mlp(self.fc1, self.fc2, tokens)
        hidden = self.dropout(functional.gelu(linear(self.fc1, tokens)))
        out: Tensor = self.dropout(linear(self.fc2, hidden))
        return out


class DropPath(nn.Module):
    """Stochastic depth: draws which residual branches live while training.

    Parameters
    ----------
    probability
        Chance that a branch is left out; those that stay are scaled by its complement's
        inverse, so that the mean is kept.

    References
    ----------
    Huang et al.: Deep Networks with Stochastic Depth. ECCV 2016, arXiv:1603.09382.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, like: Tensor, *shape: int) -> Tensor | None:
        """Return factors of `shape` (device and dtype of `like`), None when all branches live."""
        if not self.training or self.probability == 0:
            return None
        keep = 1.0 - self.probability
        return like.new_empty(shape).bernoulli_(keep).div_(keep)


def add(tokens: Tensor, branch: Tensor, lives: Tensor | None) -> Tensor:
    """Return ``tokens + branch * lives``, where None stands for 1."""
    return tokens + branch if lives is None else torch.addcmul(tokens, branch, lives)


class BlockParts(nn.Module):
    """The parameters of a block and its first step, attention over time.

    Stochastic depth draws once for every sequence that a step sees: a place in the temporal
    attention, a frame in the spatial one, a clip in the MLP.

    Parameters
    ----------
    width, heads
        C, and the number of attention heads.
    hidden
        Width of the MLP's hidden layer.
    dropout
        Share of values that are zeroed after a projection.
    drop_path
        Chance that a residual branch is left out in training.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, *, dropout: float, drop_path: float
    ) -> None:
        super().__init__()
        self.drop_path = DropPath(drop_path)
        self.temporal_norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.temporal_attn = TemporalAttention(width, heads, dropout)
        self.temporal_fc = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.attn = SpatialAttention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(width, hidden, dropout)

    def attend_time(self, patches: Tensor) -> Tensor:
        """Return `patches` (B, T, N, C) after attention over time."""
        clips, _, places, _ = patches.shape
        mixed: Tensor = self.temporal_attn(layer_norm(self.temporal_norm1, patches))
        lives = self.drop_path(patches, clips, 1, places, 1)
        proj, outer = self.temporal_attn.proj, self.temporal_fc
        if self.training and self.temporal_attn.dropout.p > 0:
            track = self.temporal_attn.dropout(linear(proj, mixed))
            return patches + linear(outer, track if lives is None else track * lives)
        # Two linear layers in a row are one: one product fewer over all the patches.
        into, last = outer.weight.to(mixed.dtype), outer.bias.to(mixed.dtype)
        weight, bias = into @ proj.weight.to(mixed.dtype), into @ proj.bias.to(mixed.dtype)
        if lives is None:
            return patches + affine(mixed, weight, bias + last)
        return add(patches, affine(mixed, weight, bias), lives) + last


class Block(BlockParts):
    """Attention over time, attention within each frame, then an MLP, with residual paths."""

    def forward(self, patches: Tensor, cls: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next patches (B, T, N, C) and CLS (B, C)."""
        clips, frames = patches.shape[:2]
        patches = self.attend_time(patches)
        near, near_cls = self.attn(layer_norm(self.norm1, patches), layer_norm(self.norm1, cls))
        lives = self.drop_path(patches, clips, frames, 1)
        patches = add(patches, near, None if lives is None else lives[..., None])
        cls = cls + (near_cls if lives is None else near_cls * lives).mean(dim=1)
        lives = self.drop_path(patches, clips, 1)
        cls_next = add(cls, self.mlp(layer_norm(self.norm2, cls)), lives)
        own = self.mlp(layer_norm(self.norm2, patches))
        return add(patches, own, None if lives is None else lives[..., None, None]), cls_next


class LastBlock(BlockParts):
    """The last block: the head reads CLS alone, so only CLS is brought to the end."""

    def forward(self, patches: Tensor, cls: Tensor) -> Tensor:
        """Return the CLS (B, C) that `Block` would give."""
        clips, frames = patches.shape[:2]
        patches = self.attend_time(patches)
        near_cls = self.attn.read(layer_norm(self.norm1, patches), layer_norm(self.norm1, cls))
        lives = self.drop_path(patches, clips, frames, 1)
        cls = cls + (near_cls if lives is None else near_cls * lives).mean(dim=1)
        return add(cls, self.mlp(layer_norm(self.norm2, cls)), self.drop_path(patches, clips, 1))
