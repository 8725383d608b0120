"""Files of named tensors: written whole, read without running code, checked before use.

Only safetensors is read here: a format of numbers and a JSON header, with nothing to execute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rodepil.errors import ModelError
from rodepil.io.files import publish

SHOWN = 8


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write `tensors` and `metadata` to a safetensors file, whole or not at all."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with publish(path) as beside:
        save_file(plain, beside, metadata=dict(metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple
        Tensors by name, on the CPU, and the file's metadata.

    Raises
    ------
    ModelError
        When the file is missing, truncated or of another format; or a number in it is NaN or
        infinite.
    """
    with _opened(path) as stream:
        metadata = dict(stream.metadata() or {})
        tensors = {name: stream.get_tensor(name) for name in sorted(stream.keys())}
    check_finite(tensors, str(path))
    return tensors, metadata


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file, whose tensors are not read.

    Raises
    ------
    ModelError
        When the file is missing, truncated or of another format.
    """
    with _opened(path) as stream:
        return dict(stream.metadata() or {})


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise ModelError(f"there is no model file {path}; give the path of a .safetensors file")
    try:
        with safe_open(path, framework="pt", device="cpu") as stream:
            yield stream
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} is no whole safetensors file ({error}); it is truncated or of another "
            "format, and a pickled checkpoint is not read because it can run code; copy the "
            "file again, or write it again with rodepil"
        ) from error


def check_finite(
    tensors: Mapping[str, Tensor],
    source: str,
    remedy: str = "train the model again, or take an earlier checkpoint",
) -> None:
    """Raise ModelError when a number in `tensors` is NaN or infinite.

    Parameters
    ----------
    tensors
        By name.
    source
        Where they come from, for the message.
    remedy
        What to do.
    """
    bad = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        raise ModelError(f"{source} holds NaN or infinite numbers in {_some(bad)}; {remedy}")


def load_exactly(model: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load `tensors` into `model`, each in its place and none left over.

    Parameters
    ----------
    model
        Changed in place.
    tensors
        By the names of the model's state dict.
    source
        Where they come from, for the message.

    Raises
    ------
    ModelError
        When a tensor is missing, unexpected or of another shape; all are named.
    """
    wanted = model.state_dict()
    missing = sorted(wanted.keys() - tensors.keys())
    unexpected = sorted(tensors.keys() - wanted.keys())
    shapes = [
        f"{name} {tuple(tensors[name].shape)} for {tuple(wanted[name].shape)}"
        for name in sorted(wanted.keys() & tensors.keys())
        if tensors[name].shape != wanted[name].shape
    ]
    faults = (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
    found = [f"{len(names)} {kind}: {_some(names)}" for kind, names in faults if names]
    if found:
        raise ModelError(
            f"{source} does not fit {type(model).__name__}; {'; '.join(found)}; "
            "load it with the settings it was made with"
        )
    model.load_state_dict(dict(tensors))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
