"""Multi-head attention over time, over a frame, and of CLS alone.

Shapes: B clips, T frames, N patches of a frame, C width, H heads, D = C / H.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rodepil.models.attend import attend
from rodepil.models.kernels import linear


class Attention(nn.Module):
    """The two projections of multi-head attention, with the published names.

    Parameters
    ----------
    width, heads
        C and H; C is a multiple of H.
    dropout
        Share of values that are zeroed after the output projection.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)


class TemporalAttention(Attention):
    """Attention of a patch to the patches at its place in every frame of its clip."""

    def forward(self, patches: Tensor) -> Tensor:
        """Return what each patch of `patches` (B, T, N, C) gathered, before ``proj``."""
        qkv = linear(self.qkv, patches).view(*patches.shape[:3], 3, self.heads, -1)
        packed = qkv.permute(3, 0, 2, 4, 1, 5)  # (3, B, N, H, T, D)
        return attend(packed).permute(0, 3, 1, 2, 4).reshape(patches.shape)


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
        tokens = torch.cat((cls[:, None, None].expand(-1, frames, -1, -1), patches), dim=2)
        qkv = linear(self.qkv, tokens.flatten(0, 1))
        qkv = qkv.view(*qkv.shape[:2], 3, self.heads, -1)
        packed = qkv.permute(2, 0, 3, 1, 4)  # (3, B T, H, 1 + N, D)
        mixed = attend(packed).transpose(1, 2).reshape(clips, frames, -1, width)
        out: Tensor = self.dropout(linear(self.proj, mixed))
        return out[:, :, 1:], out[:, :, 0]

    def read(self, patches: Tensor, cls: Tensor) -> Tensor:
        """Attend with CLS only, which is all that the last block is asked for.

        One query for each frame lets the key and value projections move to the query's side,
        ``q . (W x) = (W' q) . x`` and ``sum w (V x) = V (sum w x)``, so that no patch has to
        be projected. The bias of the keys shifts all scores alike and drops out.

        Parameters
        ----------
        patches
            (B, T, N, C) float.
        cls
            (B, C) float.

        Returns
        -------
        Tensor
            What CLS became in each frame (B, T, C), as `forward` gives it.
        """
        clips, frames, _, width = patches.shape
        weight, bias = self.qkv.weight.to(patches.dtype), self.qkv.bias.to(patches.dtype)
        of_q, of_k, of_v = weight.view(3, self.heads, -1, width)  # (H, D, C) each
        bias_q, _, bias_v = bias.view(3, self.heads, -1)  # (H, D) each
        q = torch.einsum("bc,hdc->bhd", cls, of_q) + bias_q
        probe = torch.einsum("bhd,hdc->bch", q * q.shape[-1] ** -0.5, of_k)
        own = (cls[:, None] @ probe)[:, None].expand(-1, frames, -1, -1)
        others = (patches.flatten(1, 2) @ probe).view(clips, frames, -1, self.heads)
        weights = torch.softmax(torch.cat((own, others), dim=2), dim=2)  # (B, T, 1 + N, H)
        gathered = weights[:, :, 1:].transpose(2, 3) @ patches  # (B, T, H, C)
        gathered = gathered + weights[:, :, 0, :, None] * cls[:, None, None]
        mixed = torch.einsum("bthc,hdc->bthd", gathered, of_v) + bias_v
        out: Tensor = self.dropout(linear(self.proj, mixed.reshape(clips, frames, width)))
        return out
