"""What `rodepil weights inspect` tells of weights, in words."""

from __future__ import annotations

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.weights.digest import digest
from rodepil.models.weights.fit import check_same_network, fit_of, numbers
from rodepil.models.weights.note import Weights
from rodepil.models.weights.sizes import TEMPORAL, TIME_EMBED, Sizes


def describe(weights: Weights) -> dict[str, str]:
    """Return what the weights are: source, format, sizes, heads, normalisation and digest."""
    sizes, note = weights.sizes, weights.note
    own = {
        name: tensor
        for name, tensor in weights.tensors.items()
        if weights.has_time or (name != TIME_EMBED and TEMPORAL not in name)
    }
    count = sum(tensor.numel() for tensor in own.values())
    return {
        "weights": str(weights.source),
        "format": f"{weights.format} ({weights.title})",
        "origin": note.origin or "not stated",
        "network": f"width {sizes.width}, depth {sizes.depth}, heads {note.heads or 'not stated'}, "
        f"patch {sizes.patch_px} px, MLP {sizes.hidden}",
        "input": f"{sizes.frames} frames of {sizes.size_px} px"
        if weights.has_time
        else f"images of {sizes.size_px} px",
        "classes": str(sizes.classes or "none, it has no head"),
        "tensors": f"{len(own)}, {count:,} numbers",
        "normalisation": f"mean {numbers(note.mean)}, std {numbers(note.std)}: "
        f"{note.normalisation}",
        "sha256": digest(weights.source),
    }


def describe_fit(
    weights: Weights, model: ModelSettings, features: FeatureSettings, classes: int = 2
) -> dict[str, str]:
    """Return what becomes of the weights in a network of these settings, or why they don't fit."""
    wanted = Sizes(
        width=model.width,
        depth=model.depth,
        hidden=round(model.width * model.mlp_ratio),
        patch_px=model.patch_px,
        frames=features.frames,
        size_px=features.size_px,
        classes=classes,
    )
    try:
        check_same_network(weights, wanted, model.heads)
    except ModelError as error:
        return {"fit": f"no: {error}"}
    if features.size_px % model.patch_px:
        return {"fit": f"no: {features.size_px} px is no multiple of patches of {model.patch_px}"}
    fit = fit_of(weights, wanted, model.embed_resize)
    return {"fit": "yes", "time": fit.time, "place": fit.place, "head": fit.head}
