"""Networks by name: a builder enters itself with a decorator, as in timm.

`build` is the one door. A builder takes the settings of the network and of the view that it
reads, the number of classes, and a generator for the weights (None: they will be loaded).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError


@runtime_checkable
class Pools(Protocol):
    """A network that gives its features as well as scores."""

    @property
    def pooled_width(self) -> int:
        """C, the length of a clip's features."""

    def pooled(self, clips: Tensor) -> Tensor:
        """Return the features (B, C) that the head reads, of normalised clips (B, T, 3, H, W)."""


@runtime_checkable
class Slides(Pools, Protocol):
    """A network that makes of windows that overlap once what they have in common."""

    def shares(self, stride_frames: int) -> bool:
        """Tell whether windows at that stride have anything in common."""

    def slide(self, clip: Tensor, stride_frames: int) -> Tensor:
        """Return the features (W, C) of all windows of normalised frames (N, 3, H, W)."""


Builder = Callable[[ModelSettings, FeatureSettings, int, torch.Generator | None], nn.Module]

_BUILDERS: dict[str, Builder] = {}


def register(name: str) -> Callable[[Builder], Builder]:
    """Enter the decorated builder under `name`.

    Raises
    ------
    ModelError
        When another builder already has the name.
    """

    def enter(builder: Builder) -> Builder:
        if name in _BUILDERS:
            raise ModelError(f"a model named '{name}' is registered already; take another name")
        _BUILDERS[name] = builder
        return builder

    return enter


def names() -> list[str]:
    """Return the names of all networks, sorted."""
    return sorted(_BUILDERS)


def build(
    settings: ModelSettings, features: FeatureSettings, *, classes: int = 2, seed: int | None = 0
) -> nn.Module:
    """Make the network that `settings` name, on the CPU, with random weights from `seed`.

    Parameters
    ----------
    settings
        Name and sizes of the network.
    features
        The view that it shall read: frames and size.
    classes
        Number of logits.
    seed
        The same seed gives the same weights. None leaves them without values, which saves
        seconds for a large network whose weights are loaded next.

    Raises
    ------
    ModelError
        When no network has that name, or sizes do not fit together.
    """
    if settings.name not in _BUILDERS:
        raise ModelError(f"no model is named '{settings.name}'; there are: {', '.join(names())}")
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    return _BUILDERS[settings.name](settings, features, classes, generator)
