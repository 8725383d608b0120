"""Write weights in the formats that are read, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from rodepil.io.files import publish
from rodepil.models.weights.note import NOTE_KEY, WeightsNote

Target = Literal["rodepil", "official", "hugging_face"]

PREFIX = "model."


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
        What else to keep beside ``model_state``, for example ``epoch`` and ``cfg``; numbers,
        strings and lists of them.
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
