"""Checkpoints that ``torch.save`` wrote: plain data and tensors are read, code is refused."""

from __future__ import annotations

import re
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from pickletools import genops

import torch
from torch import Tensor

from rodepil.errors import ModelError

STATE_KEYS = ("model_state", "state_dict", "model")
"""Where checkpoints keep the weights beside an optimizer and other things."""

ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"

LEGACY_PICKLES = 5
"""Pickles in a row at the start of a file that PyTorch before 1.6 wrote."""

SHOWN = 8
_ASKED = re.compile(r"GLOBAL (\S+)")


def read_torch_file(
    path: Path, *, zipped: bool, keys: Sequence[str] = STATE_KEYS
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a checkpoint's weights.

    Parameters
    ----------
    path
        The file: weights by name, alone or under one of `keys`.
    zipped
        Whether it is a zip archive, which is mapped into memory so that an optimizer's state is
        never read, or one of the older kind.
    keys
        Where the weights may be; the first that is there is taken.

    Returns
    -------
    tuple
        Tensors by name, and the strings that stand beside the weights.

    Raises
    ------
    ModelError
        When it is truncated, asks for code, or holds no weights by name.
    """
    loaded = _load(path, zipped=zipped)
    whole = loaded if isinstance(loaded, Mapping) else {}
    inner = (whole[key] for key in keys if isinstance(whole.get(key), Mapping))
    state = next(inner, whole)
    odd = [str(name) for name, value in state.items() if not _is_weight(name, value)]
    if odd or not state:
        more = f", {', '.join(odd[:SHOWN])} of {len(state)} are none" if odd else ""
        raise ModelError(
            f"{path} holds a {type(loaded).__name__}, wanted are tensors by name, alone or under "
            f"{', '.join(keys)}{more}; save the state dict of the model"
        )
    beside = {} if state is whole else {k: v for k, v in whole.items() if isinstance(v, str)}
    return {name: value.detach() for name, value in state.items()}, beside


def _load(path: Path, *, zipped: bool) -> object:
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore")  # of old pickles: they are read or refused all the same
            # A path is wanted for a map, but one with this suffix is not read as a PyTorch file.
            mapped = zipped and path.suffix != ".safetensors"
            loaded: object = torch.load(
                path if mapped else stream, map_location="cpu", weights_only=True, mmap=mapped
            )
    except Exception as error:  # the reader can break anywhere in the bytes of a damaged file
        if isinstance(error, UnpicklingError) and (zipped or not _is_cut_off(path)):
            raise ModelError(
                f"{path} asks for more than numbers and names ({_wish(error)}): to read it could "
                "run code, so it is refused; take the official file, or let its source save the "
                "weights alone as safetensors"
            ) from error
        raise ModelError(
            f"{path} is no whole PyTorch file ({type(error).__name__}); it is truncated or "
            "damaged, fetch it again"
        ) from error
    return loaded


def _is_cut_off(path: Path) -> bool:
    """Tell whether one of the pickles at the start of the file has no end; none is run."""
    with path.open("rb") as stream:
        for _ in range(LEGACY_PICKLES):
            if not stream.peek(1):
                return False
            try:
                deque(genops(stream), maxlen=0)
            except ValueError:
                return True
    return False


def _wish(error: Exception) -> str:
    """Return the name of the code that PyTorch says was asked for."""
    found = _ASKED.search(str(error))
    return found[1] if found else "an unknown kind of object"


def _is_weight(name: object, value: object) -> bool:
    if not isinstance(name, str) or not isinstance(value, Tensor):
        return False
    return value.layout == torch.strided and value.device.type == "cpu"
