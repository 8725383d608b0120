"""Tensors by name out of any file or folder of weights; nothing in it is ever run.

What a file is, is told by its first bytes, not by its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from rodepil.errors import ModelError
from rodepil.models.tensors import check_finite, read_tensors
from rodepil.models.weights.torch_file import PICKLE_MAGIC, ZIP_MAGIC, read_torch_file

CONFIG = "config.json"
SAFETENSORS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TORCH = "pytorch_model.bin"

PREFIXES = ("model.", "module.")
"""What a wrapper puts before every name."""

MAX_HEADER_BYTES = 100_000_000
"""The longest header that safetensors allows."""


@dataclass(frozen=True)
class Content:
    """What a file or folder of weights holds.

    Attributes
    ----------
    source
        The file or folder, or timm's name.
    tensors
        By the names of the file, without a wrapper's prefix; finite, and float32 unless they
        are integers.
    metadata
        That of a safetensors file.
    beside
        What stands beside the weights: ``config.json``, or the strings of a PyTorch file.
    """

    source: Path | str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path) -> Content:
    """Read a file or folder of weights.

    Parameters
    ----------
    path
        A safetensors file, a file that ``torch.save`` wrote (zip or older), or a folder with
        ``model.safetensors`` (whole or in parts) or ``pytorch_model.bin`` and ``config.json``.

    Raises
    ------
    ModelError
        When it is missing, truncated, of no known kind, asks for code, or holds NaN.
    """
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    beside: dict[str, Any] = {}
    folder = path.is_dir()
    for file in files_of(path):
        if folder and file.name == CONFIG:
            beside |= _read_json(file)
        elif not folder or file.name != INDEX:
            some, words, strings = _read_file(file)
            tensors |= some
            metadata |= words
            beside |= strings
    return Content(path, plain(tensors, str(path)), metadata, beside)


def files_of(path: Path) -> list[Path]:
    """Return the files that `read` reads, in order.

    Raises
    ------
    ModelError
        When `path` is missing, or a folder without weights.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ModelError(f"there are no weights {path}; check the path")
    config = [path / CONFIG] if (path / CONFIG).is_file() else []
    if (path / SAFETENSORS).is_file():
        return [*config, path / SAFETENSORS]
    if (path / INDEX).is_file():
        return [*config, path / INDEX, *_parts(path / INDEX)]
    if (path / TORCH).is_file():
        return [*config, path / TORCH]
    raise ModelError(
        f"the folder {path} holds neither {SAFETENSORS} (whole, or in parts with its index) nor "
        f"{TORCH}; give the folder that holds one of them, or a file of weights"
    )


def plain(tensors: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Return `tensors` as finite float32 without a wrapper's prefix; integers stay as they are."""
    names = list(tensors)
    while prefix := next(
        (p for p in PREFIXES if names and all(n.startswith(p) for n in names)), ""
    ):
        names = [name.removeprefix(prefix) for name in names]
    values = (v.float() if v.is_floating_point() else v for v in tensors.values())
    named = dict(zip(names, values, strict=True))
    check_finite(named, source, "fetch or convert the weights again")
    return named


def _parts(index: Path) -> list[Path]:
    """Return the parts of a model that `index` names."""
    wanted = _read_json(index).get("weight_map")
    names = sorted(set(map(str, wanted.values()))) if isinstance(wanted, dict) else []
    parts = [index.parent / name for name in names]
    absent = [str(part) for part in parts if part.parent != index.parent or not part.is_file()]
    if absent or not parts:
        raise ModelError(
            f"{index} names {', '.join(absent) or 'no part'}, and every part must lie beside it; "
            "fetch the whole folder again"
        )
    return parts


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is no whole JSON ({error}); fetch the file again") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds a {type(value).__name__}, not names; fetch it again")
    return value


def _read_file(path: Path) -> tuple[Mapping[str, Tensor], dict[str, str], dict[str, str]]:
    """Return tensors, the metadata of safetensors, and the strings of a PyTorch file."""
    with path.open("rb") as stream:
        head = stream.read(9)
    if head[8:] == b"{" and int.from_bytes(head[:8], "little") <= MAX_HEADER_BYTES:
        return *read_tensors(path), {}
    if head.startswith((ZIP_MAGIC, PICKLE_MAGIC)):
        tensors, strings = read_torch_file(path, zipped=head.startswith(ZIP_MAGIC))
        return tensors, {}, strings
    what = f"starts with {head!r}" if head else "is empty"
    raise ModelError(
        f"{path} {what}, so it is neither safetensors nor a file that PyTorch wrote; it is "
        "truncated or something else, fetch it again or give another"
    )
