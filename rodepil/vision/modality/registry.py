"""Modalities found by their name.

Every module beside this one is looked through; those of other packages are named by entry points
of the group ``rodepil.modalities``, and imported when one is asked for that is not known yet.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from torch import Tensor

from rodepil.config.modality import MODALITIES, FlowInputSettings
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError
from rodepil.io.plugins import entry_names, import_beside, load_entries
from rodepil.io.wording import choice

GROUP = "rodepil.modalities"
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

    def unfit_for(self, size_px: int) -> str:
        """Return what speaks against frames of that size; empty where nothing does."""
        if size_px >= self.min_side_px:
            return ""
        return (
            f"wants frames of {self.min_side_px} px or more, and features.size_px is {size_px}; "
            "raise it"
        )

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
    import_beside(__name__)
    return tuple(sorted({*_KNOWN, *entry_names(GROUP)}))


def make_modality(
    name: str, settings: FlowInputSettings | None = None, *, key: str = "train.modality"
) -> Modality:
    """Return the modality of that name.

    Parameters
    ----------
    name, settings
        What it is.
    key
        The setting or option that names it, for errors.

    Raises
    ------
    SettingError
        There is none.
    """
    every = known()
    if name not in _KNOWN:
        load_entries(GROUP, name)
    if name not in _KNOWN:
        raise SettingError(f"{key} names '{name}', which is no modality; {choice(name, every)}")
    return _KNOWN[name](settings or FlowInputSettings())


def refuse_unknown(settings: ProjectSettings, origin: Callable[[str], str]) -> None:
    """Refuse settings that name a modality that there is not.

    Parameters
    ----------
    settings
        Their ``train.modality`` and ``compare.modalities``.
    origin
        Returns the file that a key was set in.

    Raises
    ------
    SettingError
        It names file and key.
    """
    named = {
        "train.modality": (settings.train.modality,),
        "compare.modalities": settings.compare.modalities,
    }
    for key, names in named.items():
        for name in names:
            if name not in MODALITIES and name not in (every := known()):
                raise SettingError(
                    f"{origin(key)}: {key} names '{name}', which is no modality; "
                    f"{choice(name, every)}"
                )


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
