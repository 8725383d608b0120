"""Weights from elsewhere: found, read in any format, checked, and fitted to a network.

The doors: `find` says where weights are, `load` reads them, `start_from` puts them into a network,
`digest` identifies them, `describe` tells what they are, `convert` writes them in another format
and `write_official` a checkpoint as the published ones are. Nothing that is loaded can run code.
"""

from __future__ import annotations

from pathlib import Path

from rodepil.errors import ModelError
from rodepil.models.weights.catalog import CATALOG, Published, find, locate
from rodepil.models.weights.convert import convert, write_official
from rodepil.models.weights.describe import describe, describe_fit
from rodepil.models.weights.digest import digest
from rodepil.models.weights.fit import Fit, start_from
from rodepil.models.weights.formats import read_weights
from rodepil.models.weights.note import Weights, WeightsNote
from rodepil.models.weights.read import read
from rodepil.models.weights.vit import read_timm

__all__ = [
    "CATALOG",
    "Fit",
    "Published",
    "Weights",
    "WeightsNote",
    "convert",
    "describe",
    "describe_fit",
    "digest",
    "find",
    "load",
    "locate",
    "start_from",
    "write_official",
]


def load(source: Path | str, pretrained: str | None = None) -> Weights:
    """Read weights in whichever known format, without running anything.

    Parameters
    ----------
    source
        A file or folder, or timm's name as a str, as `find` returns it.
    pretrained
        What the settings say that they learned; None asks nothing.

    Returns
    -------
    Weights
        All tensors of a TimeSformer (the head may be missing), float32 and finite.

    Raises
    ------
    ModelError
        When the weights are missing, truncated, unknown, unsafe, incomplete or not finite; or a
        network of images where one of clips is asked for, or the other way round.
    """
    content = read_timm(source) if isinstance(source, str) else read(source)
    weights = read_weights(content)
    if pretrained is not None and weights.has_time != (pretrained != "imagenet"):
        kind = "clips" if weights.has_time else "single images"
        named = "kinetics or stand_in" if weights.has_time else "imagenet"
        raise ModelError(
            f"{source} holds the weights of a network of {kind} ({weights.title}), and the "
            f"settings say pretrained '{pretrained}'; set model.pretrained to {named}, or name "
            "other weights"
        )
    return weights
