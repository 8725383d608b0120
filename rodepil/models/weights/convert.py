"""Write weights in the formats that are read, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from rodepil.errors import ModelError
from rodepil.io.files import publish, write_json
from rodepil.models.layers import LAYER_NORM_EPS
from rodepil.models.tensors import write_tensors
from rodepil.models.weights.keys import BACKBONE, to_hugging_face
from rodepil.models.weights.note import NOTE_KEY, Weights, WeightsNote
from rodepil.models.weights.read import CONFIG, SAFETENSORS

Target = Literal["rodepil", "official", "hugging_face"]

PREFIX = "model."


def convert(weights: Weights, path: Path, target: Target, heads: int | None = None) -> None:
    """Write `weights` in another format; `load` reads each to the last bit.

    Parameters
    ----------
    weights
        What to write; heads, normalisation and origin go with them.
    path
        A new file; for ``hugging_face`` a new folder, that ``from_pretrained`` takes.
    target
        The format.
    heads
        Attention heads, where the weights don't tell.

    Raises
    ------
    ModelError
        When something stands at `path`; or heads are unknown where the format must tell them, or
        contradict the weights.
    """
    if path.exists():
        raise ModelError(f"{path} exists already; name a new file or folder, or remove it first")
    known = weights.note.heads
    if heads is not None and known not in (None, heads):
        raise ModelError(f"{weights.source} has {known} heads, not {heads}; leave the number out")
    note = WeightsNote.model_validate(
        {
            **weights.note.model_dump(),
            "heads": heads or known,
            "origin": weights.note.origin or f"{Path(weights.source).name}, {weights.title}",
        }
    )
    if target == "official":
        write_official(path, weights.tensors, note)
    elif target == "rodepil":
        write_tensors(path, _owned(weights.tensors), {NOTE_KEY: note.model_dump_json()})
    else:
        config = {**_config(weights, note.heads), NOTE_KEY: note.model_dump_json()}
        with publish(path) as folder:
            write_json(folder / CONFIG, config)
            theirs = {to_hugging_face(name): value for name, value in weights.tensors.items()}
            write_tensors(folder / SAFETENSORS, _owned(theirs), {"format": "pt"})


def write_official(
    path: Path,
    tensors: Mapping[str, Tensor],
    note: WeightsNote | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a file of the structure that the published checkpoints have.

    The same tensors and words give the same bytes.

    Parameters
    ----------
    path
        Where the file shall stand, usually ``….pyth``.
    tensors
        By the names of `TimeSformer`, such as its state dict.
    note
        Heads, normalisation and origin, which that structure has no place for.
    extra
        What else to keep beside ``model_state``, for example ``epoch`` and ``cfg``: numbers,
        strings, and lists of them.
    """
    state = {PREFIX + name: tensor for name, tensor in _owned(tensors).items()}
    whole: dict[str, Any] = {"cfg": "", **(extra or {}), "model_state": state}
    if note is not None:
        whole[NOTE_KEY] = note.model_dump_json()
    # Written through a stream: given a path, torch.save puts its (temporary) name into the file.
    with publish(path) as beside, beside.open("wb") as stream:
        torch.save(whole, stream)


def _owned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies that share no memory, so that each is stored once and alone."""
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }


def _config(weights: Weights, heads: int | None) -> dict[str, Any]:
    """Return Hugging Face's settings of the network."""
    if heads is None:
        raise ModelError(
            f"{weights.source} does not tell how many attention heads its network has, and a "
            "Hugging Face folder must; give them with --heads"
        )
    sizes = weights.sizes
    labels = [f"LABEL_{number}" for number in range(sizes.classes or 0)]
    named = {
        "architectures": ["TimesformerForVideoClassification"],
        "id2label": {str(number): label for number, label in enumerate(labels)},
        "label2id": {label: number for number, label in enumerate(labels)},
    }
    return {
        **(named if labels else {"architectures": ["TimesformerModel"]}),
        "model_type": BACKBONE.rstrip("."),
        "attention_type": "divided_space_time",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": sizes.width,
        "image_size": sizes.size_px,
        "intermediate_size": sizes.hidden,
        "layer_norm_eps": LAYER_NORM_EPS,
        "num_attention_heads": heads,
        "num_channels": 3,
        "num_frames": sizes.frames,
        "num_hidden_layers": sizes.depth,
        "patch_size": sizes.patch_px,
        "qkv_bias": True,
    }
