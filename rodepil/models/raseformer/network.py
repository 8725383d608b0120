"""RaSeformer: from a sequence of features to a score for each class and two boundaries a point.

Shapes: B clips, T steps of the input, T_i = T / 2^i of level i, F features of a step, C width,
N = T_0 + T_1 + … points, K classes.

References
----------
Tsai et al.: RatSeizure: A Benchmark and Saliency-Context Transformer for Rat Seizure
Localization.
Zhang, Wu, Li: ActionFormer: Localizing Moments of Actions with Transformers. ECCV 2022,
arXiv:2202.07925.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError
from rodepil.models.raseformer.heads import BoundaryHead, ClassHead
from rodepil.models.raseformer.layers import Conv, SalientBlock


@dataclass(frozen=True)
class Levels:
    """What the network says, level by level, the finest first.

    Attributes
    ----------
    valid
        (B, T_i) bool each, False at padding.
    logits
        (B, T_i, K) float each.
    offsets
        (B, T_i, 2) float each, 0 or more: the distances to a start before and an end after each
        point, in strides of its level.
    """

    valid: tuple[Tensor, ...]
    logits: tuple[Tensor, ...]
    offsets: tuple[Tensor, ...]

    def joined(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return (B, N) valid, (B, N, K) logits and (B, N, 2) offsets of all points."""
        return torch.cat(self.valid, 1), torch.cat(self.logits, 1), torch.cat(self.offsets, 1)


class Encoder(nn.Module):
    """Embedding convolutions, the stem, and the branch in which each block halves the steps."""

    def __init__(self, settings: RaseformerSettings) -> None:
        super().__init__()
        width, (first, *others) = settings.width, settings.windows
        widths = [settings.feature_width] + [width] * settings.embed_layers
        self.embed = nn.ModuleList(Conv(one, width, bias=False) for one in widths[:-1])
        self.embed_norms = nn.ModuleList(nn.LayerNorm(width) for _ in self.embed)
        self.stem = nn.ModuleList(
            SalientBlock(settings, first) for _ in range(settings.stem_layers)
        )
        self.branch = nn.ModuleList(SalientBlock(settings, window, 2) for window in others)

    def forward(self, steps: Tensor, valid: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return each level's steps (B, T_i, C) and which are valid (B, T_i)."""
        for conv, norm in zip(self.embed, self.embed_norms, strict=True):
            steps = torch.relu(norm(conv(steps, valid)))
        for block in self.stem:
            steps, valid = block(steps, valid)
        levels = [(steps, valid)]
        for block in self.branch:
            steps, valid = block(steps, valid)
            levels.append((steps, valid))
        return levels


class Raseformer(nn.Module):
    """A localizer of action units.

    Parameters
    ----------
    settings
        Sizes of the network; the defaults are the official ones.
    """

    def __init__(self, settings: RaseformerSettings) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = Encoder(settings)
        self.neck = nn.ModuleList(nn.LayerNorm(settings.width) for _ in settings.windows)
        self.class_head = ClassHead(settings)
        self.boundary_head = BoundaryHead(settings)

    def forward(self, features: Tensor, valid: Tensor) -> Levels:
        """Score every point of every level.

        Parameters
        ----------
        features
            (B, T, F) float; T is a multiple of the last level's stride (see `batch`).
        valid
            (B, T) bool, False at padding.

        Returns
        -------
        Levels
            With T_i steps at level i.

        Raises
        ------
        ModelError
            When shapes do not fit the network or each other, or features are not float.
        """
        self._check(features, valid)
        coded = self.encoder(features * valid[..., None], valid)
        levels = [(norm(steps), kept) for norm, (steps, kept) in zip(self.neck, coded, strict=True)]
        return Levels(
            valid=tuple(kept for _, kept in levels),
            logits=tuple(self.class_head(steps, kept) for steps, kept in levels),
            offsets=tuple(
                self.boundary_head(steps, kept, level) for level, (steps, kept) in enumerate(levels)
            ),
        )

    def _check(self, features: Tensor, valid: Tensor) -> None:
        width, stride = self.settings.feature_width, self.settings.strides[-1]
        if features.dim() != 3 or features.shape[-1] != width:  # noqa: PLR2004 - (B, T, F)
            raise ModelError(
                f"features have shape {tuple(features.shape)}, but the model wants "
                f"(B, T, {width}); is it the view that the model was made for, one row a step?"
            )
        if features.shape[1] % stride or not features.shape[1]:
            raise ModelError(
                f"{features.shape[1]} steps can't be halved to every level; pad to a multiple of "
                f"{stride} with rodepil.models.raseformer.points.batch"
            )
        if valid.shape != features.shape[:2] or valid.dtype != torch.bool:
            raise ModelError(
                f"valid is {valid.dtype} {tuple(valid.shape)}; give bool "
                f"{tuple(features.shape[:2])}"
            )
        if not features.is_floating_point():
            raise ModelError(f"features are {features.dtype}; give floats")
