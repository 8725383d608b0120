"""What a view is: a shape that clips are stored in, by settings, and what makes it.

While a clip is decoded, once for all views, each view's tap is given every frame.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rodepil.config.base import Settings
from rodepil.io.clip_frames import ClipFrame, ClipSpan
from rodepil.io.files import short_hash

KEY_DIGITS = 32

Array = npt.NDArray[Any]
Row = Mapping[str, Array]
"""What a view stores of one clip: an array a column."""


@dataclass(frozen=True)
class Column:
    """One array that a view stores of a clip.

    Parameters
    ----------
    dtype
        NumPy's name of its numbers, for example ``uint8``.
    shape
        Its shape; None in the first place is a length that differs from clip to clip.
    unit
        What its numbers are, for people; empty where nobody says.
    """

    dtype: str
    shape: tuple[int | None, ...]
    unit: str = field(default="", compare=False)

    @property
    def fixed(self) -> tuple[int, ...] | None:
        """The shape where it is the same for all clips."""
        known = tuple(length for length in self.shape if length is not None)
        return known if len(known) == len(self.shape) else None

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape behind a length that differs."""
        return tuple(length for length in self.shape[1:] if length is not None)

    @property
    def arrow(self) -> pa.DataType:
        """The type of the Arrow column."""
        values = pa.from_numpy_dtype(np.dtype(self.dtype))
        if self.shape == ():
            return values
        if self.fixed is None:
            return pa.large_list(pa.field("item", values, nullable=False))
        return pa.fixed_shape_tensor(values, self.fixed)

    def fits(self, array: Array) -> bool:
        """Say whether an array is of this type and shape."""
        if self.fixed is not None:
            return array.dtype == self.dtype and array.shape == self.fixed
        same = array.ndim == len(self.shape) and array.shape[1:] == self.inner
        return array.dtype == self.dtype and same

    def size_bytes(self, length: int = 0) -> int:
        """Return the bytes of one array, `length` long where the length differs."""
        shape = self.fixed if self.fixed is not None else (length, *self.inner)
        return math.prod(shape) * np.dtype(self.dtype).itemsize


class Tap(Protocol):
    """Gathers what a view stores of one clip while that is decoded."""

    def add(self, frame: ClipFrame) -> None:
        """Take one frame; every frame of the clip comes, in order."""

    def finish(self) -> Row:
        """Return an array for every column of the view."""


class View(Settings, ABC):
    """One shape that clips are stored in; its fields are its settings.

    Attributes
    ----------
    kind
        What the kind of view is called in settings.
    code_version
        To be raised whenever the code makes other bytes of the same clip.
    name
        What this view is called in tables and on the command line; by default as its kind. It
        is no part of its identity.
    """

    kind: ClassVar[str]
    code_version: ClassVar[int]

    name: str = ""

    def model_post_init(self, context: Any, /) -> None:
        """Name a view without a name after its kind."""
        del context
        if not self.name:
            object.__setattr__(self, "name", self.kind)

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, Column]:
        """What is stored of a clip, by name. The first column is the one models read."""

    @abstractmethod
    def made_with(self) -> str:
        """Return the versions of the libraries that shape the bytes."""

    @abstractmethod
    def tap(self, span: ClipSpan) -> Tap:
        """Start on a clip.

        Raises
        ------
        FeatureError
            A clip of that length can't be stored in this view.
        """

    def prepare(self) -> None:
        """Load what the view takes, so that what is wrong is said before any clip is decoded.

        Raises
        ------
        RodepilError
            What it is made with is missing or does not fit.
        """

    def unmeant(self) -> str:
        """Return which of the settings that were given says nothing beside the others, if any."""
        return ""

    def made_of(self) -> Mapping[str, str]:
        """Return digests, by name, of what else the bytes are made of, such as weights."""
        return {}

    def follows_training(self) -> bool:
        """Say whether the view is made with what this project trains, after it stores features."""
        return False

    def learned_from(self) -> frozenset[str]:
        """Return the subjects that what makes the view has learned from."""
        return frozenset()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that make the view what it is: all but its name."""
        return self.model_dump(mode="json", exclude={"name"})

    @property
    def main(self) -> str:
        """The column that models read."""
        return next(iter(self.columns))

    def identity(self) -> str:
        """Return the hash of all that a feature's bytes hang on beside the clip."""
        made_of = dict(self.made_of())
        return short_hash(self.kind, self.settings, self.code_version, self.made_with(), made_of)

    def key(self, clip_sha256: str) -> str:
        """Return the key of the view's feature of a clip: same key, same bytes."""
        return feature_key(clip_sha256, self.identity())


def feature_key(clip_sha256: str, identity: str) -> str:
    """Return the key of a clip's feature in the view of that identity."""
    return short_hash(clip_sha256, identity, digits=KEY_DIGITS)
