"""A network that makes features of clips: found by name, loaded once a process, fed frames.

Shapes: T frames, H W pixels, C width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError
from rodepil.models.card import ModelCard, load_model, read_card
from rodepil.models.device import DeviceName, exact, place_of
from rodepil.models.i3d.weights import FRAMES, HALF, SIZE_PX, i3d_of, is_i3d, learned_from
from rodepil.models.registry import Pools, Slides, build
from rodepil.models.weights import Weights, digest, load, locate, start_from
from rodepil.models.weights.formats import read_weights
from rodepil.models.weights.read import CONFIG, SAFETENSORS, Content, read
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.normalize import normalize

HEADER_AT = 8
"""Where the JSON of a safetensors file begins."""

I3D_STAND_IN, I3D_FILE = "i3d_stand_in", "i3d.pt"
"""What settings call the project's own narrow I3D, and its file."""

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
        with exact():
            pooled = cast("Pools", self.network).pooled(self._pictures(frames))
        row: npt.NDArray[np.float32] = pooled[0].float().cpu().numpy()
        return row

    def slides(self, window_frames: int, stride_frames: int) -> bool:
        """Tell whether `slide` makes windows of frames in a row, and faster than one by one."""
        features, inputs = self.recipe.features, self.recipe.inputs
        plain = features.pairs == inputs.control == "none" and not inputs.modality.of_motion
        if not plain or (window_frames, 1) != (features.frames, features.oversample):
            return False
        return isinstance(self.network, Slides) and self.network.shares(stride_frames)

    @torch.inference_mode()
    def slide(self, frames: npt.NDArray[np.uint8], stride: int) -> npt.NDArray[np.float32]:
        """Return the features (W, C) float32 of all windows of (N, 3, H, W) that fit whole."""
        with exact():
            made = cast("Slides", self.network).slide(self._pictures(frames)[0], stride)
        rows: npt.NDArray[np.float32] = made.float().cpu().numpy()
        return rows

    def _pictures(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        device = next(self.network.parameters()).device
        # A window has no name; one that all share gives them one order where they want one.
        pictures = self.recipe.inputs(torch.from_numpy(frames)[None].to(device), ("window",))
        return normalize(pictures, self.recipe.mean, self.recipe.std)


def find_model(name: str, root: Path) -> Path | str:
    """Return the file, folder or timm's name that `name` means.

    Parameters
    ----------
    name
        A file of weights, the folder or the id of a trial, a name that 'rodepil weights list'
        knows, or ``i3d_stand_in``.
    root
        The project, whose folder relative paths start from.

    Raises
    ------
    ModelError
        Nothing of that name is there.
    """
    workspace = Workspace(root)
    if name == I3D_STAND_IN:
        return _stand_in(workspace)
    for folder in (workspace.root / name, workspace.trials / name):
        if (folder / SAFETENSORS).is_file() and not (folder / CONFIG).exists():
            return folder / SAFETENSORS
    return locate(name, workspace.weights, workspace.root)


def _stand_in(workspace: Workspace) -> Path:
    path = workspace.i3d_stand_in / I3D_FILE
    if not path.is_file():
        raise ModelError(
            f"the stand-in for I3D's weights is not at {path}; make it (dvc repro i3d_stand_in), "
            "or name a file of weights in sequence.model"
        )
    return path


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
    place = place_of(device)
    if _card(origin.source) is None:
        made = _of_file(origin)
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


def _of_file(origin: Origin) -> Extractor:
    """Return a network of pretrained weights, of whichever kind they are."""
    if isinstance(origin.source, str):
        return _of_weights(origin, load(origin.source))
    content = read(origin.source)
    if is_i3d(content.tensors):
        return _of_i3d(origin, content)
    return _of_weights(origin, read_weights(content))


def _of_i3d(origin: Origin, content: Content) -> Extractor:
    features = FeatureSettings(frames=origin.frames or FRAMES, size_px=origin.size_px or SIZE_PX)
    network = i3d_of(content, frames=features.frames, size_px=features.size_px)
    known, inputs = learned_from(content), make_inputs(features)
    recipe = Recipe(features, network.pooled_width, HALF, HALF, inputs, known)
    return Extractor(recipe, network)


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
