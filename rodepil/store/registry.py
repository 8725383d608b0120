"""What a view is, and where views are found by name.

A view is one shape that clips are stored in. A new kind is one class in one file: a `View`
under the decorator `register`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt

from rodepil.config.base import Settings
from rodepil.config.settings import FeatureSettings
from rodepil.errors import FeatureError
from rodepil.io.files import short_hash

KEY_DIGITS = 32


class View(Settings, ABC):
    """One shape that clips are stored in; its fields are its settings.

    Attributes
    ----------
    name
        What the view is called in tables and settings.
    code_version
        To be raised whenever the code makes other bytes of the same clip.
    """

    name: ClassVar[str]
    code_version: ClassVar[int]

    @classmethod
    @abstractmethod
    def of(cls, settings: FeatureSettings) -> Self:
        """Make the view that the project's settings ask for."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one clip's tensor, uint8."""

    @abstractmethod
    def made_with(self) -> str:
        """Return the versions of the libraries that shape the bytes."""

    @abstractmethod
    def decode(self, path: Path, n_frames: int | None = None) -> npt.NDArray[np.uint8]:
        """Make the tensor of the clip at `path`.

        Parameters
        ----------
        path
            A clip.
        n_frames
            Frames that the clip must decode to; by default as many as it does.

        Raises
        ------
        VideoError
            The clip can't be decoded.
        FeatureError
            It decodes to another number of frames.
        """

    def identity(self) -> str:
        """Return the hash of the view's settings, code version and libraries."""
        fields = self.model_dump(mode="json")
        return short_hash(self.name, fields, self.code_version, self.made_with())

    def key(self, clip_sha256: str) -> str:
        """Return the key of the view's feature of a clip: same key, same bytes."""
        return feature_key(clip_sha256, self.identity())


def feature_key(clip_sha256: str, identity: str) -> str:
    """Return the key of a clip's feature in the view of that identity."""
    return short_hash(clip_sha256, identity, digits=KEY_DIGITS)


_KINDS: dict[str, type[View]] = {}
ViewClass = TypeVar("ViewClass", bound=type[View])


def register(kind: ViewClass) -> ViewClass:
    """Make a class of views known by its name; a decorator."""
    if kind.name in _KINDS:
        raise ValueError(f"two views are named '{kind.name}': {_KINDS[kind.name]} and {kind}")
    _KINDS[kind.name] = kind
    return kind


def kind_of(name: str) -> type[View]:
    """Return the class of views of that name.

    Raises
    ------
    FeatureError
        There is none.
    """
    if name not in _KINDS:
        raise FeatureError(
            f"no view is named '{name}'; set features.view to one of {sorted(_KINDS)}"
        )
    return _KINDS[name]
