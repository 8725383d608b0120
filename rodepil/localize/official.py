"""Weights of the published code: read by file, by their official names; nothing in it is run."""

from __future__ import annotations

from pathlib import Path

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError
from rodepil.models.raseformer import keys
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.network import Raseformer
from rodepil.models.weights.torch_file import ZIP_MAGIC, read_torch_file

STATES = ("state_dict_ema", "state_dict")
"""Where a checkpoint keeps weights: their average, which is what was scored, comes first."""


def load_official(path: Path, settings: RaseformerSettings) -> Raseformer:
    """Read a checkpoint of the published code.

    Parameters
    ----------
    path
        What ``torch.save`` wrote: tensors by official name, alone or under one of `STATES`, with
        or without DataParallel's prefix.
    settings
        Sizes of the network; the defaults are the official ones.

    Returns
    -------
    Raseformer
        In evaluation mode, on the CPU.

    Raises
    ------
    ModelError
        The file is missing, damaged or asks for code; a tensor is missing, unexpected, of another
        shape, or not finite.
    """
    network = build(settings, seed=None)
    try:
        with path.open("rb") as stream:
            zipped = stream.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    except OSError as error:
        raise ModelError(
            f"{path} can't be read ({error.strerror}); give the path of a checkpoint"
        ) from error
    tensors, _ = read_torch_file(path, zipped=zipped, keys=STATES)
    keys.load_official(network, tensors, str(path))
    return network.eval()
