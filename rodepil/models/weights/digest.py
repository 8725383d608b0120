"""What identifies weights: the content of their files, whatever these are called."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from rodepil.io.files import sha256_file
from rodepil.models.weights.read import files_of
from rodepil.models.weights.vit import read_timm, vit_note


def digest(source: Path | str) -> str:
    """Return the SHA-256 of weights, 64 hexadecimal digits.

    Parameters
    ----------
    source
        A file: of its bytes. A folder: of the names and digests of the files that are read, in
        order. timm's name, a str: of the tensors and the note on them, which timm loads.

    Raises
    ------
    ModelError
        When there is nothing, or timm can't load it.
    """
    if isinstance(source, str):
        content = read_timm(source)
        note = vit_note(content).model_dump_json()
        return hashlib.sha256(f"{digest_of(content.tensors)} {note}".encode()).hexdigest()
    files = files_of(source)
    if source.is_file():
        return sha256_file(source)
    lines = (f"{file.name} {sha256_file(file)}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def digest_of(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of tensors by name, in the order of their names."""
    whole = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.numpy().tobytes())
    return whole.hexdigest()
