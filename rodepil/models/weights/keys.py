"""The names of one tensor here and at Hugging Face, both ways.

The names here are those of the published TimeSformer checkpoints, which are timm's where the two
networks agree, so that only Hugging Face's have to be mapped.
"""

from __future__ import annotations

WHOLE = {
    "cls_token": "embeddings.cls_token",
    "pos_embed": "embeddings.position_embeddings",
    "time_embed": "embeddings.time_embeddings",
}
"""Tensors without a layer around them."""

LAYERS = {
    "patch_embed.proj": "embeddings.patch_embeddings.projection",
    "norm": "layernorm",
}
"""Layers outside the blocks, each with a weight and a bias."""

BLOCK_LAYERS = {
    "temporal_norm1": "temporal_layernorm",
    "temporal_attn.qkv": "temporal_attention.attention.qkv",
    "temporal_attn.proj": "temporal_attention.output.dense",
    "temporal_fc": "temporal_dense",
    "norm1": "layernorm_before",
    "attn.qkv": "attention.attention.qkv",
    "attn.proj": "attention.output.dense",
    "norm2": "layernorm_after",
    "mlp.fc1": "intermediate.dense",
    "mlp.fc2": "output.dense",
}
"""Layers of a block, each with a weight and a bias."""

BACKBONE = "timesformer."
BLOCKS = "blocks."
THEIR_BLOCKS = "encoder.layer."
HEAD = "head"
THEIR_HEAD = "classifier"


def to_hugging_face(name: str) -> str:
    """Return the name in ``TimesformerForVideoClassification`` of what is `name` here.

    Raises
    ------
    KeyError
        When no tensor of a TimeSformer has that name.
    """
    if name in WHOLE:
        return BACKBONE + WHOLE[name]
    layer, _, kind = name.rpartition(".")
    if layer == HEAD:
        return f"{THEIR_HEAD}.{kind}"
    if layer.startswith(BLOCKS):
        number, _, inner = layer.removeprefix(BLOCKS).partition(".")
        return f"{BACKBONE}{THEIR_BLOCKS}{number}.{BLOCK_LAYERS[inner]}.{kind}"
    return f"{BACKBONE}{LAYERS[layer]}.{kind}"


def from_hugging_face(name: str) -> str:
    """Return the name here of what Hugging Face calls `name`, and `name` itself if unknown.

    The prefix of the backbone may be missing, as in a file of ``TimesformerModel``.
    """
    inner = name.removeprefix(BACKBONE)
    if inner in _WHOLE_BACK:
        return _WHOLE_BACK[inner]
    layer, _, kind = inner.rpartition(".")
    if layer == THEIR_HEAD:
        return f"{HEAD}.{kind}"
    if layer in _LAYERS_BACK:
        return f"{_LAYERS_BACK[layer]}.{kind}"
    number, _, layer = layer.removeprefix(THEIR_BLOCKS).partition(".")
    if inner.startswith(THEIR_BLOCKS) and layer in _BLOCK_LAYERS_BACK:
        return f"{BLOCKS}{number}.{_BLOCK_LAYERS_BACK[layer]}.{kind}"
    return name


_WHOLE_BACK = {theirs: ours for ours, theirs in WHOLE.items()}
_LAYERS_BACK = {theirs: ours for ours, theirs in LAYERS.items()}
_BLOCK_LAYERS_BACK = {theirs: ours for ours, theirs in BLOCK_LAYERS.items()}
