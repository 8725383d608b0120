"""timm's ViTs: by file or by name, and what a clip's network takes from one of images."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from rodepil.errors import ModelError
from rodepil.models.weights.note import PUBLISHED, WeightsNote
from rodepil.models.weights.read import Content, plain
from rodepil.models.weights.sizes import TIME_EMBED, Sizes

PRETRAINED_CFG = "pretrained_cfg"
HEADS = "num_heads"
COPIED = {
    "attn.qkv": "temporal_attn.qkv",
    "attn.proj": "temporal_attn.proj",
    "norm1": "temporal_norm1",
}
"""Which layers of a block the attention over time starts as a copy of."""


def is_timm_name(name: str) -> bool:
    """Tell whether timm can make a network of that name, with or without a tag."""
    import timm  # noqa: PLC0415 - takes seconds, and only some weights want it

    return bool(timm.is_model(name))


def read_timm(name: str) -> Content:
    """Let timm load the weights that it knows by `name`, from its cache or from the network.

    Raises
    ------
    ModelError
        When timm can't, for example because the machine is offline.
    """
    import timm  # noqa: PLC0415

    try:
        model = timm.create_model(name, pretrained=True)
    except Exception as error:  # a network fails in many ways
        raise ModelError(
            f"timm can't load '{name}' ({type(error).__name__}: {str(error).splitlines()[0]}); "
            "where there is no network, fetch the weights elsewhere, put them beside the others "
            "('rodepil weights list' shows where) and name the file in model.weights"
        ) from error
    attention = next((part for part in model.modules() if hasattr(part, HEADS)), None)
    beside = {PRETRAINED_CFG: model.pretrained_cfg, HEADS: getattr(attention, HEADS, None)}
    return Content(name, plain(model.state_dict(), name), beside=beside)


def vit_note(content: Content) -> WeightsNote:
    """Return what is known of a ViT beside its tensors: heads, and timm's normalisation."""
    config = {**content.beside, **(content.beside.get(PRETRAINED_CFG) or {})}
    told, origin = config.get(HEADS), str(config.get("architecture") or "")
    heads = told if isinstance(told, int) and told > 0 else None
    if not {"mean", "std"} <= config.keys():
        words = f"{PUBLISHED}, which start from a ViT as well; this file names none"
        return WeightsNote(heads=heads, normalisation=words, origin=origin, has_time=False)
    try:
        (red, green, blue), (of_red, of_green, of_blue) = config["mean"], config["std"]
        return WeightsNote(
            heads=heads,
            mean=(float(red), float(green), float(blue)),
            std=(float(of_red), float(of_green), float(of_blue)),
            normalisation=f"timm's configuration of {origin or content.source}",
            origin=origin,
            has_time=False,
        )
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{content.source}: mean {config['mean']} and std {config['std']} are not three "
            "numbers each; fetch config.json again"
        ) from error


def with_time(vit: Mapping[str, Tensor], sizes: Sizes) -> dict[str, Tensor]:
    """Return a ViT's tensors and those of time beside them, which change no image's logits.

    Attention over time starts as a copy of that within a frame, and what it gives is multiplied
    by 0; so is the embedding of time, of one frame.

    Parameters
    ----------
    vit
        By the names of `TimeSformer`.
    sizes
        The ViT's.
    """
    zero = torch.zeros(sizes.width, sizes.width)
    both = {**vit, TIME_EMBED: torch.zeros(1, 1, sizes.width)}
    for number in range(sizes.depth):
        block = f"blocks.{number}."
        for ours, theirs in COPIED.items():
            for kind in ("weight", "bias"):
                both[f"{block}{theirs}.{kind}"] = vit[f"{block}{ours}.{kind}"]
        both[f"{block}temporal_fc.weight"], both[f"{block}temporal_fc.bias"] = zero, zero[0]
    return both
