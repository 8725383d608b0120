"""Start a network from weights that were trained elsewhere, on other clips or on images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torch import nn

from rodepil.errors import ModelError
from rodepil.models.attention import Attention
from rodepil.models.tensors import check_finite, load_exactly
from rodepil.models.timesformer import TimeSformer
from rodepil.models.weights.note import Weights
from rodepil.models.weights.resize import Method, resize_place, resize_time
from rodepil.models.weights.sizes import HEAD, POS_EMBED, TIME_EMBED, Sizes, sizes_of


@dataclass(frozen=True)
class Fit:
    """What was done to weights so that they fit a network.

    Attributes
    ----------
    weights
        Their file's name and their format, in words.
    method
        How embeddings were resized, where they were.
    frames, size_px
        Of the weights and of the network; equal numbers mean that nothing was resized.
    classes
        Of the weights' head (None: they have none) and of the network's.
    head_kept
        Whether the network has the weights' head; else it keeps its own first one.
    has_time
        False where attention over time starts as a copy of that within a frame, switched off.
    mean, std
        Normalisation of pixels in [0, 1] by channel that the weights expect.
    """

    weights: str
    method: Method
    frames: tuple[int, int]
    size_px: tuple[int, int]
    classes: tuple[int | None, int]
    head_kept: bool
    has_time: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def time(self) -> str:
        """What became of time, in words."""
        if not self.has_time:
            return f"starts at zero, {self.frames[1]} frames"
        return _change(self.frames, "frames", self.method)

    @property
    def place(self) -> str:
        """What became of the embedding of place, in words."""
        return _change(self.size_px, "px", self.method)

    @property
    def head(self) -> str:
        """What became of the head, in words."""
        old, new = self.classes
        if self.head_kept:
            return f"kept, {new} classes"
        return f"new, {new} classes; the weights have {old or 'no head'}"

    def __str__(self) -> str:
        colours = f"{numbers(self.mean)} / {numbers(self.std)}"
        return (
            f"{self.weights}; time: {self.time}; place: {self.place}; head: {self.head}; "
            f"normalisation: {colours}"
        )


def start_from(model: nn.Module, weights: Weights, method: Method = "bicubic") -> Fit:
    """Load `weights` into `model`, in place.

    Embeddings of place and time are resized to the network's. The head is loaded where the
    number of classes agrees, and else stays as it is.

    Parameters
    ----------
    model
        A TimeSformer with its first weights.
    weights
        Of the same width, depth, heads, patch and hidden width.
    method
        How embeddings are resized.

    Returns
    -------
    Fit
        What was done.

    Raises
    ------
    ModelError
        When sizes differ that can't be resized, all of which are named as settings; or a number
        is not finite.
    """
    if not isinstance(model, TimeSformer):
        raise ModelError(f"weights {weights.source} want a TimeSformer, not {type(model).__name__}")
    own = model.state_dict()
    mine = sizes_of(own, type(model).__name__)
    heads = cast("Attention", model.get_submodule("blocks.0.attn")).heads
    check_same_network(weights, mine, heads)
    tensors = dict(weights.tensors)
    tensors[TIME_EMBED] = resize_time(tensors[TIME_EMBED], mine.frames, method)
    tensors[POS_EMBED] = resize_place(tensors[POS_EMBED], own[POS_EMBED].shape[1] - 1, method)
    keeps = weights.sizes.classes == mine.classes
    if not keeps:
        tensors |= {name: value for name, value in own.items() if name.startswith(HEAD)}
    check_finite(tensors, str(weights.source))
    load_exactly(model, tensors, str(weights.source))
    return fit_of(weights, mine, method)


def fit_of(weights: Weights, wanted: Sizes, method: Method) -> Fit:
    """Return what has to be done to `weights` for a network of sizes `wanted`."""
    theirs, classes = weights.sizes, wanted.classes or 0
    return Fit(
        weights=f"{Path(weights.source).name}, {weights.title}",
        method=method,
        frames=(theirs.frames, wanted.frames),
        size_px=(theirs.size_px, wanted.size_px),
        classes=(theirs.classes, classes),
        head_kept=theirs.classes == classes,
        has_time=weights.has_time,
        mean=weights.mean,
        std=weights.std,
    )


def check_same_network(weights: Weights, wanted: Sizes, heads: int) -> None:
    """Raise ModelError, with the settings to change, unless the sizes are one network's.

    Parameters
    ----------
    weights
        Their heads are compared where they are known.
    wanted
        The network's sizes; frames, size and classes may differ.
    heads
        The network's heads.
    """
    theirs = weights.sizes
    pairs = {
        "model.width": (theirs.width, wanted.width),
        "model.depth": (theirs.depth, wanted.depth),
        "model.heads": (weights.note.heads or heads, heads),
        "model.patch_px": (theirs.patch_px, wanted.patch_px),
        "model.mlp_ratio": (theirs.hidden / theirs.width, wanted.hidden / wanted.width),
    }
    differ = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    if differ:
        told = ", ".join(f"{key} {own:g} for {has:g}" for key, (has, own) in differ.items())
        remedy = " ".join(f"--set {key}={has:g}" for key, (has, _) in differ.items())
        raise ModelError(
            f"the settings have other sizes than {weights.source}: {told}; set them alike "
            f"({remedy}), or name other weights"
        )


def numbers(values: tuple[float, ...]) -> str:
    """Return `values` in words, one number where all are the same."""
    return " ".join(f"{value:g}" for value in (values[:1] if len(set(values)) == 1 else values))


def _change(pair: tuple[int, int], unit: str, method: str) -> str:
    old, new = pair
    return f"{new} {unit}" if old == new else f"resized {old} -> {new} {unit}, {method}"
