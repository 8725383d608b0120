"""TimeSformer with divided space-time attention, from random weights or any that fit.

Shapes: B clips, T frames, N patches of a frame, C width; H = W = size_px pixels.

The state dict has the names of the published checkpoints (``blocks.0.temporal_attn.qkv.weight``
and so on), which are timm's ViT names where the two networks agree.

References
----------
Bertasius, Wang, Torresani: Is Space-Time Attention All You Need for Video Understanding?
ICML 2021, arXiv:2102.05095.
Dosovitskiy et al.: An Image is Worth 16x16 Words. ICLR 2021, arXiv:2010.11929.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.initialize import initialize, start_as_difference
from rodepil.models.kernels import layer_norm, linear
from rodepil.models.layers import LAYER_NORM_EPS, Block, LastBlock, PatchEmbedding
from rodepil.models.registry import register


class TimeSformer(nn.Module):
    """A clip's classifier.

    Parameters
    ----------
    settings
        Width, depth, heads, patch size and the two dropout rates. ``drop_path`` rises
        linearly from 0 in the first block to its value in the last.
    frames
        T, frames of every clip.
    size_px
        Height and width of every frame in pixels, a multiple of ``settings.patch_px``.
    classes
        Number of logits.

    Attributes
    ----------
    activation_checkpointing
        Keep only what enters a block for the backward pass and compute the rest again there:
        the same numbers in less memory and more time. Off by default.

    Raises
    ------
    ModelError
        When `size_px` is no multiple of the patch, or a count is below 1.
    """

    activation_checkpointing = False

    def __init__(
        self, settings: ModelSettings, *, frames: int, size_px: int, classes: int = 2
    ) -> None:
        super().__init__()
        _check_sizes(settings.patch_px, frames=frames, size_px=size_px, classes=classes)
        width = settings.width
        patches = (size_px // settings.patch_px) ** 2
        self.frames, self.size_px, self.classes = frames, size_px, classes
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + patches, width))
        self.time_embed = nn.Parameter(torch.zeros(1, frames, width))
        self.patch_embed = PatchEmbedding(width, settings.patch_px)
        self.dropout = nn.Dropout(settings.dropout)
        steps = max(settings.depth - 1, 1)
        rates = [settings.drop_path * step / steps for step in range(settings.depth)]
        hidden = round(width * settings.mlp_ratio)
        kinds = [Block] * (settings.depth - 1) + [LastBlock]
        self.blocks = nn.ModuleList(
            kind(width, settings.heads, hidden, dropout=settings.dropout, drop_path=rate)
            for kind, rate in zip(kinds, rates, strict=True)
        )
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(width, classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Score clips.

        Parameters
        ----------
        clips
            (B, T, 3, H, W) float, normalised.

        Returns
        -------
        Tensor
            Logits (B, classes).

        Raises
        ------
        ModelError
            When the clips are of another shape than the network was made for, or not float.
        """
        cls = self.pooled(clips)
        # In the dtype of what is pooled, as all before it.
        with torch.autocast(clips.device.type, enabled=False):
            return linear(self.head, cls)

    @property
    def pooled_width(self) -> int:
        """C, the length of what `pooled` gives."""
        return self.cls_token.shape[-1]

    def pooled(self, clips: Tensor) -> Tensor:
        """Return the features that the head reads: CLS after the last norm.

        Parameters
        ----------
        clips
            (B, T, 3, H, W) float, normalised.

        Returns
        -------
        Tensor
            (B, C), of the dtype that the network computes in.

        Raises
        ------
        ModelError
            As when clips are scored.
        """
        self._check(clips)
        kind = clips.device.type
        if torch.is_autocast_enabled(kind):
            clips = clips.to(torch.get_autocast_dtype(kind))
        # From here on all is computed in the dtype of the clips, the sums along the residual
        # path included; to hold those in float32, as autocast would, moves twice the bytes.
        with torch.autocast(kind, enabled=False):
            return self._pool(clips)

    def _pool(self, clips: Tensor) -> Tensor:
        place = self.pos_embed[:, None, 1:] + self.time_embed[:, :, None]
        patches = self.dropout(self.patch_embed(clips) + place.to(clips.dtype))
        first = (self.cls_token[:, 0] + self.pos_embed[:, 0]).to(clips.dtype)
        cls = self.dropout(first).expand(len(clips), -1)
        *blocks, last = self.blocks
        for block in blocks:
            patches, cls = self._pass(block, patches, cls)
        cls = self._pass(last, patches, cls)
        return layer_norm(self.norm, cls)

    def _pass(self, block: nn.Module, patches: Tensor, cls: Tensor) -> Any:
        if self.activation_checkpointing and torch.is_grad_enabled():
            return checkpoint(block, patches, cls, use_reentrant=False)
        return block(patches, cls)

    def _check(self, clips: Tensor) -> None:
        wanted = (self.frames, 3, self.size_px, self.size_px)
        if tuple(clips.shape[1:]) != wanted:
            shape = ", ".join(str(side) for side in wanted)
            raise ModelError(
                f"clips have shape {tuple(clips.shape)}, but the model wants (B, {shape}); "
                "sample and resize them with the features the model was made for"
            )
        if not clips.is_floating_point():
            raise ModelError(
                f"clips are {clips.dtype}, but the model wants normalised floats; "
                "pass them through rodepil.vision.normalize.normalize first"
            )


def _check_sizes(patch_px: int, *, frames: int, size_px: int, classes: int) -> None:
    for name, value in (("frames", frames), ("size_px", size_px), ("classes", classes)):
        if value < 1:
            raise ModelError(f"{name} is {value}; give at least 1")
    if size_px % patch_px:
        raise ModelError(
            f"size_px {size_px} is no multiple of patch_px {patch_px}; "
            f"take {max(size_px // patch_px, 1) * patch_px}"
        )


@register("timesformer")
def _build(
    settings: ModelSettings,
    features: FeatureSettings,
    classes: int,
    generator: torch.Generator | None,
) -> nn.Module:
    # Made without values: the layers' own would be thrown away, and drawn from global state.
    with torch.device("meta"):
        model = TimeSformer(
            settings, frames=features.frames, size_px=features.size_px, classes=classes
        )
    model.to_empty(device="cpu")
    if generator is not None:
        initialize(model, generator)
        # Pretrained weights take the place of all but the head, which is to start small.
        if settings.temporal_init == "mimetic" and settings.pretrained == "none":
            start_as_difference(model, features.frames, settings.heads, generator)
    return model
