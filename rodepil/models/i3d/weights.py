"""I3D from files: the published ``rgb_imagenet.pt``, or any that holds its names.

Nothing that is read can run code. A file of another width makes a network of that width.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.i3d.network import I3D, LOGITS, STEM
from rodepil.models.registry import register
from rodepil.models.tensors import load_exactly
from rodepil.models.weights.convert import write_official
from rodepil.models.weights.note import NOTE_KEY, WeightsNote, read_note
from rodepil.models.weights.read import Content, read

HALF = (0.5, 0.5, 0.5)
"""Mean and standard deviation that bring [0, 1] to [-1, 1]."""

FIRST = f"{STEM[0]}.conv3d.weight"
COUNTED = ".num_batches_tracked"
"""Of batch norm; files of before PyTorch 0.4 don't have it, and nothing here reads it."""

PUBLISHED = ("rgb_imagenet.pt", "rgb_charades.pt")
"""Files that others trained, on what has nothing to do with this project's subjects."""

FRAMES, SIZE_PX = 16, 224
LOGITS_STD = 0.01


def is_i3d(tensors: Mapping[str, Tensor]) -> bool:
    """Tell whether these are the weights of an I3D."""
    return FIRST in tensors


def load_i3d(path: Path, *, classes: int | None = None, seed: int = 0) -> I3D:
    """Read a network from a file.

    Parameters
    ----------
    path
        A state dict that ``torch.save`` wrote, or safetensors.
    classes
        Number of logits; None takes those of the file. Where the file has another number of
        them, or none, they start anew.
    seed
        What new logits are drawn from.

    Raises
    ------
    ModelError
        The file is missing, damaged or asks for code; or holds something else than an I3D.
    """
    generator = torch.Generator().manual_seed(seed)
    return i3d_of(read(path), classes=classes, generator=generator).eval()


def i3d_of(
    content: Content,
    *,
    frames: int = FRAMES,
    size_px: int = SIZE_PX,
    classes: int | None = None,
    generator: torch.Generator | None = None,
) -> I3D:
    """Return the network whose weights a file holds; see `load_i3d`.

    Raises
    ------
    ModelError
        Tensors are missing, unexpected or of another shape.
    """
    source, tensors = str(content.source), dict(content.tensors)
    if not is_i3d(tensors) or tensors[FIRST].dim() != 5:  # noqa: PLR2004 - of a convolution
        raise ModelError(
            f"{source} holds no I3D ('{FIRST}' with five axes is missing); give rgb_imagenet.pt, "
            "or another state dict with its names"
        )
    has = len(tensors[f"{LOGITS}.weight"]) if f"{LOGITS}.weight" in tensors else 0
    wanted = has if classes is None else classes
    network = _empty(len(tensors[FIRST]), frames=frames, size_px=size_px, classes=wanted)
    if wanted != has:
        tensors = {name: value for name, value in tensors.items() if not name.startswith(LOGITS)}
        if wanted:
            tensors |= _new_logits(network, generator)
    for name in network.state_dict():
        if name.endswith(COUNTED):
            tensors.setdefault(name, torch.tensor(0))
    load_exactly(network, tensors, source)
    return network


def learned_from(content: Content) -> tuple[str, ...] | None:
    """Return the project's subjects that weights know; None where nothing tells.

    Raises
    ------
    ModelError
        The file's note can't be read.
    """
    said = content.metadata.get(NOTE_KEY, content.beside.get(NOTE_KEY))
    note = read_note(said, content.source)
    if note is not None:
        return note.learned_from
    return () if Path(content.source).name in PUBLISHED else None


def write_i3d(path: Path, network: I3D, learned_from: tuple[str, ...] | None) -> None:
    """Write a network into a file that `load_i3d` reads, whole or not at all.

    Parameters
    ----------
    path
        Where it shall stand, usually ``….pt``.
    network
        Of any width.
    learned_from
        The subjects whose clips it was trained on; None where that is not known.
    """
    note = WeightsNote(mean=HALF, std=HALF, normalisation="that of I3D", learned_from=learned_from)
    write_official(path, network.state_dict(), note)


@register("i3d")
def _build(
    settings: ModelSettings,
    features: FeatureSettings,
    classes: int,
    generator: torch.Generator | None,
) -> nn.Module:
    """Return an I3D; ``settings.width`` is that of its first convolution, 64 the published one."""
    sizes = {"frames": features.frames, "size_px": features.size_px}
    network = _empty(settings.width, **sizes, classes=classes)
    if generator is not None:
        initialize(network, generator)
    return network


def initialize(network: I3D, generator: torch.Generator) -> None:
    """Give `network` random weights, in place: He's normal, and batch norm that changes nothing.

    References
    ----------
    He et al.: Delving Deep into Rectifiers. ICCV 2015, arXiv:1502.01852.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.reset_parameters()
        elif isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
    if network.classes:
        network.load_state_dict(_new_logits(network, generator), strict=False)


def _empty(width: int, *, frames: int, size_px: int, classes: int) -> I3D:
    """Return a network without values: the layers' own would be drawn from global state."""
    with torch.device("meta"):
        network = I3D(width, frames=frames, size_px=size_px, classes=classes)
    return network.to_empty(device="cpu")


def _new_logits(network: I3D, generator: torch.Generator | None) -> dict[str, Tensor]:
    shape = network.get_parameter(f"{LOGITS}.weight").shape
    weight = LOGITS_STD * torch.randn(shape, generator=generator)
    return {f"{LOGITS}.weight": weight, f"{LOGITS}.bias": torch.zeros(shape[0])}
