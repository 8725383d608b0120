"""Modalities found by their name.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import ClassVar, TypeVar

from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.errors import SettingError

CHANNELS = 3
GREY = 1


@dataclass(frozen=True)
class Modality(ABC):
    """Makes the pictures that a network reads, on the frames' device.

    Attributes
    ----------
    name
        What it is called in settings.
    of_motion
        Whether it compares two frames. Its pictures then look like no photographs, and are
        normalised by what the training clips show.
    min_side_px
        Frames with a shorter side are refused.

    Parameters
    ----------
    settings
        How flow is found and shown.
    """

    name: ClassVar[str]
    of_motion: ClassVar[bool]
    min_side_px: ClassVar[int] = 1

    settings: FlowInputSettings

    @abstractmethod
    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        """Return a picture for each pair of frames.

        Parameters
        ----------
        before, after
            (B, T, C, H, W) each, C of 1 or 3; uint8 in [0, 255], or float in [0, 1].

        Returns
        -------
        Tensor
            (B, T, 3, H, W), uint8 in [0, 255] or float in [0, 1], so that weights that know
            colours apply.
        """


_KNOWN: dict[str, type[Modality]] = {}
ModalityClass = TypeVar("ModalityClass", bound=type[Modality])


def register(modality: ModalityClass) -> ModalityClass:
    """Make a class known by its name; a decorator.

    Raises
    ------
    ValueError
        Another class has that name.
    """
    other = _KNOWN.setdefault(modality.name, modality)
    if (other.__module__, other.__qualname__) != (modality.__module__, modality.__qualname__):
        raise ValueError(f"two modalities are called '{modality.name}': {other} and {modality}")
    return modality


def known() -> tuple[str, ...]:
    """Return the names of all modalities, sorted."""
    package = __name__.rpartition(".")[0]
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
    return tuple(sorted(_KNOWN))


def make_modality(name: str, settings: FlowInputSettings | None = None) -> Modality:
    """Return the modality of that name.

    Raises
    ------
    SettingError
        There is none.
    """
    if name not in known():
        raise SettingError(
            f"train.modality is '{name}', which is no modality; set one of {list(known())}"
        )
    return _KNOWN[name](settings or FlowInputSettings())


def in_colour(pictures: Tensor) -> Tensor:
    """Return (B, T, C, H, W) with 3 channels; grey is repeated, without a copy.

    Raises
    ------
    ValueError
        C is neither 1 nor 3.
    """
    if pictures.shape[-3] == GREY:
        return pictures.expand(*pictures.shape[:-3], CHANNELS, *pictures.shape[-2:])
    if pictures.shape[-3] != CHANNELS:
        raise ValueError(
            f"frames of shape {tuple(pictures.shape)} have {pictures.shape[-3]} channels, wanted "
            "1 or 3 in the third place from the end"
        )
    return pictures
