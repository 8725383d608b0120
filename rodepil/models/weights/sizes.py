"""The sizes of a network, read from the shapes of its tensors, and the shapes that follow.

Shapes: T frames, N patches of a frame, C width.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor

from rodepil.config.settings import ModelSettings
from rodepil.errors import ModelError
from rodepil.models.timesformer import TimeSformer

TIME_EMBED = "time_embed"
POS_EMBED = "pos_embed"
HEAD = "head."
TEMPORAL = "temporal_"
_BLOCK = re.compile(r"blocks\.(\d+)\.")


@dataclass(frozen=True)
class Sizes:
    """Sizes of a TimeSformer.

    Attributes
    ----------
    width, depth, patch_px
        As in the settings.
    hidden
        Width of an MLP's hidden layer.
    frames, size_px
        What time and place embeddings are made for; a ViT has one frame.
    classes
        Number of logits; None where there is no head.
    """

    width: int
    depth: int
    hidden: int
    patch_px: int
    frames: int
    size_px: int
    classes: int | None


def depth_of(names: Mapping[str, object]) -> int:
    """Return how many blocks the `names` of tensors tell of, at least 1."""
    return max(1, len({found[1] for name in names if (found := _BLOCK.match(name))}))


def sizes_of(tensors: Mapping[str, Tensor], source: str) -> Sizes:
    """Read the sizes of a whole set of tensors.

    Parameters
    ----------
    tensors
        By the names of `TimeSformer`; ``time_embed`` and the head may be missing.
    source
        Where they come from, for the message.

    Raises
    ------
    ModelError
        When they have other dimensions than a TimeSformer's, or patches form no square.
    """
    try:
        width, _, _, patch_px = tensors["patch_embed.proj.weight"].shape
        _, tokens, _ = tensors[POS_EMBED].shape
        hidden, _ = tensors["blocks.0.mlp.fc1.weight"].shape
        frames = tensors[TIME_EMBED].shape[1] if TIME_EMBED in tensors else 1
        classes = len(tensors["head.weight"]) if "head.weight" in tensors else None
    except (ValueError, IndexError, TypeError) as error:
        raise ModelError(
            f"{source}: the embeddings or layers have other dimensions than a ViT's ({error}); "
            "it is another network, give the weights of a TimeSformer or a ViT"
        ) from error
    side = isqrt(max(tokens - 1, 0))
    if side**2 != tokens - 1 or min(side, frames, width, hidden, patch_px) < 1:
        raise ModelError(
            f"{source}: pos_embed {tuple(tensors[POS_EMBED].shape)} is not CLS and a square of "
            "patches; give the weights of a TimeSformer or a ViT for square frames"
        )
    depth = depth_of(tensors)
    return Sizes(width, depth, hidden, patch_px, frames, side * patch_px, classes)


def shapes_of(sizes: Sizes) -> dict[str, torch.Size]:
    """Return the names and shapes of all tensors of a TimeSformer of `sizes`; a head always."""
    ratio = sizes.hidden / sizes.width
    settings = ModelSettings(
        width=sizes.width, depth=sizes.depth, heads=1, patch_px=sizes.patch_px, mlp_ratio=ratio
    )
    with torch.device("meta"):
        model = TimeSformer(
            settings, frames=sizes.frames, size_px=sizes.size_px, classes=sizes.classes or 1
        )
    return {name: value.shape for name, value in model.state_dict().items()}


def names_of(depth: int) -> list[str]:
    """Return the names of all tensors of a TimeSformer of `depth` blocks."""
    return list(shapes_of(Sizes(1, depth, 1, 1, 1, 1, 1)))
