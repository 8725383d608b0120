"""A network that makes features of clips: found by name, loaded once a process, fed frames.

Shapes: T frames, H W pixels, C width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError
from rodepil.models.card import ModelCard, load_model, read_card
from rodepil.models.registry import Pools, build
from rodepil.models.weights import Weights, digest, load, locate, start_from
from rodepil.models.weights.read import CONFIG, SAFETENSORS
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.normalize import normalize

DeviceName = Literal["auto", "cpu", "cuda", "mps"]

HEADER_AT = 8
"""Where the JSON of a safetensors file begins."""

AT_ONCE = 8
"""Networks that a process keeps: those of all views that are made of a clip at once."""


@dataclass(frozen=True)
class Origin:
    """Which network, by content.

    Parameters
    ----------
    source
        Its file or folder, absolute, or timm's name.
    sha256
        The digest of what must be there.
    frames, size_px
        What pretrained weights are fitted to; None leaves them as they are.
    """

    source: Path | str
    sha256: str
    frames: int | None = None
    size_px: int | None = None


@dataclass(frozen=True)
class Recipe:
    """How features are made.

    Attributes
    ----------
    features
        The view of a clip that the network reads.
    width
        C, the length of a clip's features.
    mean, std
        Normalisation of pixels in [0, 1] by channel.
    inputs
        Makes of stored frames what the network sees.
    learned_from
        The subjects that it knows; None where nothing tells.
    """

    features: FeatureSettings
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    inputs: Inputs
    learned_from: tuple[str, ...] | None


@dataclass(frozen=True)
class Extractor:
    """A network that makes features, in evaluation mode on its device."""

    recipe: Recipe
    network: nn.Module

    @torch.inference_mode()
    def __call__(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the features of one clip, alone, so that they don't hang on those beside it.

        Parameters
        ----------
        frames
            uint8, range [0, 255], as the view of the recipe's features stores them: with plain
            frames (T, 3, H, W).

        Returns
        -------
        numpy.ndarray
            (C,) float32.
        """
        device = next(self.network.parameters()).device
        with _exact():
            # A window has no name; one that all share gives them one order where they want one.
            pictures = self.recipe.inputs(torch.from_numpy(frames)[None].to(device), ("window",))
            pooled = cast("Pools", self.network).pooled(
                normalize(pictures, self.recipe.mean, self.recipe.std)
            )
        row: npt.NDArray[np.float32] = pooled[0].float().cpu().numpy()
        return row


def find_model(name: str, root: Path) -> Path | str:
    """Return the file, folder or timm's name that `name` means.

    Parameters
    ----------
    name
        A file of weights, the folder or the id of a trial, or a name that 'rodepil weights list'
        knows.
    root
        The project, whose folder relative paths start from.

    Raises
    ------
    ModelError
        Nothing of that name is there.
    """
    workspace = Workspace(root)
    for folder in (workspace.root / name, workspace.trials / name):
        if (folder / SAFETENSORS).is_file() and not (folder / CONFIG).exists():
            return folder / SAFETENSORS
    return locate(name, workspace.weights, workspace.root)


@lru_cache(AT_ONCE)
def recipe_of(origin: Origin) -> Recipe:
    """Return how a network makes features; where a card tells it, no weights are read.

    Raises
    ------
    ModelError
        The network is missing or damaged, gives no features, or does not fit `origin`.
    """
    card = _card(origin.source)
    if card is None:
        return extractor(origin, "cpu").recipe
    network = build(card.model, card.features, classes=len(card.classes), seed=None)
    return _recipe_of_card(origin, card, network)


@lru_cache(AT_ONCE)
def extractor(origin: Origin, device: DeviceName) -> Extractor:
    """Load a network.

    Raises
    ------
    ModelError
        It is missing, damaged, another than `origin` says, or gives no features; or the device
        is not there.
    """
    place = _place(device)
    if _card(origin.source) is None:
        made = _of_weights(origin, load(origin.source))
    else:
        network, card = load_model(Path(origin.source))
        made = Extractor(_recipe_of_card(origin, card, network), network)
    if digest(origin.source) != origin.sha256:
        raise ModelError(
            f"{origin.source} was replaced since the features were planned; run the command again"
        )
    made.network.to(place).eval()
    return made


def _card(source: Path | str) -> ModelCard | None:
    """Return the card of a trained network; None for pretrained weights of any format."""
    if not isinstance(source, Path) or not source.is_file():
        return None
    with source.open("rb") as stream:
        head = stream.read(HEADER_AT + 1)
    return read_card(source) if head[HEADER_AT:] == b"{" else None


def _recipe_of_card(origin: Origin, card: ModelCard, network: nn.Module) -> Recipe:
    for name in ("frames", "size_px"):
        wanted, has = getattr(origin, name), getattr(card.features, name)
        if wanted not in (None, has):
            raise ModelError(
                f"{origin.source} was trained with {name} {has}, the view says {wanted}; leave "
                f"{name} out of the view"
            )
    return Recipe(
        features=card.features,
        width=_pools(network).pooled_width,
        mean=card.mean,
        std=card.std,
        inputs=card.inputs(),
        learned_from=card.learned_from,
    )


def _of_weights(origin: Origin, weights: Weights) -> Extractor:
    """Return a network with pretrained weights, resized to what the view says."""
    sizes, note = weights.sizes, weights.note
    if note.heads is None:
        raise ModelError(
            f"{origin.source} does not tell how many attention heads its network has; write it "
            "anew with 'rodepil weights convert --heads'"
        )
    model = ModelSettings(
        width=sizes.width,
        depth=sizes.depth,
        heads=note.heads,
        patch_px=sizes.patch_px,
        mlp_ratio=sizes.hidden / sizes.width,
    )
    features = FeatureSettings(
        frames=origin.frames or sizes.frames, size_px=origin.size_px or sizes.size_px
    )
    network = build(model, features, classes=sizes.classes or 1)
    start_from(network, weights)
    width = _pools(network).pooled_width
    recipe = Recipe(features, width, note.mean, note.std, make_inputs(features), note.learned_from)
    return Extractor(recipe, network)


def _pools(network: nn.Module) -> Pools:
    if not isinstance(network, Pools):
        raise ModelError(
            f"{type(network).__name__} gives scores and no features; add 'pooled' and "
            "'pooled_width' to it (rodepil.models.registry.Pools), or name another model"
        )
    return network


def _place(name: DeviceName) -> torch.device:
    """Return the device of that name; ``auto`` is the best that is there."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, present in there.items() if present))
    if not there[name]:
        found = [kind for kind, present in there.items() if present]
        raise ModelError(f"device '{name}' is not there; name one of {found} or auto")
    return torch.device(name)


@contextmanager
def _exact() -> Iterator[None]:
    """Compute in whole float32 with one thread: how many there are would change the last bits.

    Clips are computed side by side by processes instead.
    """
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.set_num_threads(threads)
