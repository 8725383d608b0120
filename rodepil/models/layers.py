"""The parts of a divided space-time transformer block.

Shapes: B clips, T frames, N patches of a frame, C width, H heads, D = C / H.

Patches and the class token (CLS) are carried apart, (B, T, N, C) and (B, C), so that no
layer has to join or split them; one linear layer serves both.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYER_NORM_EPS = 1e-6


class PatchEmbedding(nn.Module):
    """Cut frames into square patches and map each to a token.

    Parameters
    ----------
    width
        C, the length of a token.
    patch_px
        Side of a patch in pixels.
    channels
        Channels of a frame.
    """

    def __init__(self, width: int, patch_px: int, channels: int = 3) -> None:
        super().__init__()
        self.patch_px = patch_px
        self.proj = nn.Conv2d(channels, width, kernel_size=patch_px, stride=patch_px)

    def forward(self, clips: Tensor) -> Tensor:
        """Return tokens (B, T, N, C) of `clips` (B, T, 3, H, W), patches in rows of a frame."""
        tokens: Tensor = self.proj(clips.flatten(0, 1))
        return tokens.flatten(2).transpose(1, 2).reshape(*clips.shape[:2], -1, tokens.shape[1])


class Attention(nn.Module):
    """The projections of multi-head attention; what attends to what is the block's affair."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def project(self, mixed: Tensor) -> Tensor:
        """Map the attended values (..., C) back to tokens (..., C)."""
        out: Tensor = self.dropout(self.proj(mixed))
        return out


class TemporalAttention(Attention):
    """Attention of a patch to the patch at the same place in every frame of its clip."""

    def forward(self, patches: Tensor) -> Tensor:
        """Return attended tokens (B, T, N, C) of `patches` (B, T, N, C)."""
        qkv: Tensor = self.qkv(patches)
        qkv = qkv.reshape(*patches.shape[:3], 3, self.heads, -1)
        q, k, v = qkv.permute(3, 0, 2, 4, 1, 5).unbind(0)  # (B, N, H, T, D) each
        # T is 16 or fewer and rows are thousands: plain products beat fused attention here.
        weights = torch.softmax(q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5, dim=-1)
        mixed = (weights @ v).permute(0, 3, 1, 2, 4).flatten(3)
        return self.project(mixed)


class SpatialAttention(Attention):
    """Attention among the patches of one frame and the clip's CLS."""

    def forward(self, patches: Tensor, cls: Tensor) -> tuple[Tensor, Tensor]:
        """Attend within each frame.

        Parameters
        ----------
        patches
            (B, T, N, C) float.
        cls
            (B, C) float; every frame sees the same one.

        Returns
        -------
        tuple of Tensor
            Patches (B, T, N, C), and what CLS became in each frame (B, T, C).
        """
        clips, frames, _, width = patches.shape
        of_cls = self.qkv(cls)[:, None, None].expand(-1, frames, -1, -1)
        qkv = torch.cat((of_cls, self.qkv(patches)), dim=2)  # (B, T, 1 + N, 3C)
        qkv = qkv.reshape(clips * frames, qkv.shape[2], 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B T, H, 1 + N, D) each
        mixed = functional.scaled_dot_product_attention(q, k, v)
        out = self.project(mixed.transpose(1, 2).reshape(clips, frames, -1, width))
        return out[:, :, 1:], out[:, :, 0]


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (..., C) of `tokens` (..., C)."""
        hidden = self.dropout(functional.gelu(self.fc1(tokens)))
        out: Tensor = self.dropout(self.fc2(hidden))
        return out


def drop_path_mask(like: Tensor, shape: tuple[int, ...], probability: float) -> Tensor:
    """Draw which residual branches live: 0, or 1 / (1 - p) so that the mean stays 1.

    Parameters
    ----------
    like
        Gives device and dtype.
    shape
        Shape of the mask, one number a branch.
    probability
        p, the chance of a 0.
    """
    keep = 1.0 - probability
    return like.new_empty(shape).bernoulli_(keep).div_(keep)


class Block(nn.Module):
    """Temporal attention, then spatial attention, then an MLP, each with a residual path.

    Stochastic depth draws once for every sequence that a sublayer sees: a place in the
    temporal attention, a frame in the spatial one, a clip in the MLP.

    Parameters
    ----------
    width, heads
        C and H.
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
        self.drop_path = drop_path
        self.temporal_norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.temporal_attn = TemporalAttention(width, heads, dropout)
        self.temporal_fc = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.attn = SpatialAttention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(width, hidden, dropout)

    def forward(self, patches: Tensor, cls: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next patches (B, T, N, C) and CLS (B, C)."""
        clips, frames, places, _ = patches.shape
        drops = self.training and self.drop_path > 0

        track = self.temporal_attn(self.temporal_norm1(patches))
        if drops:
            track = track * drop_path_mask(track, (clips, 1, places, 1), self.drop_path)
        patches = patches + self.temporal_fc(track)

        near, near_cls = self.attn(self.norm1(patches), self.norm1(cls))
        if drops:
            lives = drop_path_mask(near, (clips, frames, 1), self.drop_path)
            near, near_cls = near * lives[..., None], near_cls * lives
        patches, cls = patches + near, cls + near_cls.mean(dim=1)

        own, own_cls = self.mlp(self.norm2(patches)), self.mlp(self.norm2(cls))
        if drops:
            lives = drop_path_mask(own, (clips, 1), self.drop_path)
            own, own_cls = own * lives[..., None, None], own_cls * lives
        return patches + own, cls + own_cls
