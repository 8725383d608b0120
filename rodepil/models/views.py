"""Views that a network makes: a clip's features, and a sequence of them over sliding windows.

The registry of views imports this when one is asked for. Shapes: T windows, C width.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, PrivateAttr

from rodepil.config.base import Positive
from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError, SubjectLeak
from rodepil.io.clip_frames import ClipFrame, ClipSpan, Picture, decoder_version
from rodepil.models.device import DeviceName
from rodepil.models.extract import (
    I3D_STAND_IN,
    Extractor,
    Origin,
    Recipe,
    extractor,
    find_model,
    recipe_of,
)
from rodepil.models.i3d import WINDOWS_AT_ONCE
from rodepil.models.weights import digest
from rodepil.store.views import Column, Row, View, register, training_view
from rodepil.store.views.frames import FrameView

STAND_IN = "stand_in"
TRIAL_ID = re.compile(r"[0-9a-f]{16}")

ROOT = "root"
"""Under which the context of validation holds the project's folder."""


class ModelView(View):
    """What a network makes of clips; its file is known by its digest, wherever it lies.

    Features are computed in float32, a clip at a time: the same on one device to the last bit,
    on another up to rounding, so that the device is no part of what they are.

    Attributes
    ----------
    model
        The network: a file of weights, the folder or the id of a trial, or a name that
        'rodepil weights list' knows. Relative paths start from the project's folder.
    frames, size_px
        What pretrained weights are fitted to, by default their own. A trained model's card says
        what it reads.
    device
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the best that is there.
    """

    model: Annotated[str, Field(min_length=1, exclude=True)]
    frames: Positive | None = None
    size_px: Positive | None = None
    device: Annotated[DeviceName, Field(exclude=True)] = "auto"

    _root: Path = PrivateAttr()
    _sha256: str | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        """Note the project's folder: workers of a cluster start elsewhere."""
        super().model_post_init(context)
        root = context.get(ROOT) if isinstance(context, Mapping) else None
        self._root = Path(root or Path.cwd()).resolve()

    def made_with(self) -> str:
        """Return the versions of decoder and PyTorch, whichever device that was built for."""
        return f"{decoder_version()}, torch {torch.__version__.partition('+')[0]}"

    def made_of(self) -> Mapping[str, str]:
        """Return the digest of the network's file.

        Raises
        ------
        ModelError
            There is none.
        """
        return {"weights": self.origin.sha256}

    def follows_training(self) -> bool:
        """Say whether the network is the project's stand-in or a trial, there already or not."""
        workspace = Workspace(self._root)
        try:
            place = find_model(self.model, self._root)
        except ModelError:  # not there yet
            if self.model in (STAND_IN, I3D_STAND_IN) or TRIAL_ID.fullmatch(self.model):
                return True
            place = workspace.root / self.model
        if isinstance(place, str):
            return False
        file = Path(os.path.normpath(place))
        trained = (workspace.trials, workspace.stand_in, workspace.i3d_stand_in)
        return any(map(file.is_relative_to, trained))

    def learned_from(self) -> frozenset[str]:
        """Return the subjects that the network knows.

        Raises
        ------
        SubjectLeak
            Nothing tells, so that it may know any.
        """
        known = self.recipe.learned_from
        if known is None:
            raise SubjectLeak(
                f"view '{self.name}' is made by {self.origin.source}, which does not say whose "
                "clips it learned from; train that model again, name another, or give published "
                "weights the name that 'rodepil weights list' has for them"
            )
        return frozenset(known)

    @property
    def origin(self) -> Origin:
        """The network by content; once known it stays, also in workers that the view travels to."""
        source = find_model(self.model, self._root)
        if self._sha256 is None:
            self._sha256 = digest(source)
        return Origin(source, self._sha256, self.frames, self.size_px)

    @property
    def recipe(self) -> Recipe:
        """How the network makes features."""
        return recipe_of(self.origin)

    def prepare(self) -> None:
        """Load the network.

        Raises
        ------
        ModelError
            It is missing, damaged or gives no features; or the device is not there.
        """
        self.extractor()

    def extractor(self) -> Extractor:
        """Return the network, loaded once a process."""
        return extractor(self.origin, self.device)


@register
class EmbeddingView(ModelView):
    """A clip's features: what the last layer of a network reads."""

    kind: ClassVar[str] = "embedding"
    code_version: ClassVar[int] = 1

    @property
    def columns(self) -> Mapping[str, Column]:
        """``embedding`` (C,) float32."""
        return {"embedding": Column("float32", (self.recipe.width,))}

    def tap(self, span: ClipSpan) -> _EmbeddingTap:
        """Start on a clip."""
        return _EmbeddingTap(self.extractor(), [(0, span.n_frames)])


@register
class SequenceView(ModelView):
    """Features over windows that slide along a clip, each sampled as whole clips are.

    Attributes
    ----------
    window_frames
        Frames of the clip that a window spans. A clip that is shorter is one window.
    stride_frames
        Frames of the clip from a window's start to the next one's.
    """

    kind: ClassVar[str] = "sequence"
    code_version: ClassVar[int] = 1

    window_frames: Positive = 16
    stride_frames: Positive = 4

    @property
    def columns(self) -> Mapping[str, Column]:
        """``sequence`` (T, C) float32, T the windows that fit whole."""
        return {"sequence": Column("float32", (None, self.recipe.width))}

    def tap(self, span: ClipSpan) -> _Windows | _Sliding:
        """Start on a clip."""
        length = min(self.window_frames, span.n_frames)
        extract = self.extractor()
        if extract.slides(length, self.stride_frames):
            return _Sliding(extract, span, self.stride_frames)
        starts = range(0, span.n_frames - length + 1, self.stride_frames)
        return _Windows(extract, [(start, length) for start in starts])


class _Windows:
    """Makes the features of windows as they fill; holds no frame that no window still wants.

    Parameters
    ----------
    extract
        The network.
    windows
        First frame and length of each, in order.

    Raises
    ------
    FeatureError
        A window has no two frames as far apart as the network's pairs.
    """

    def __init__(self, extract: Extractor, windows: Sequence[tuple[int, int]]) -> None:
        self._extract = extract
        self._view = cast("FrameView", training_view(extract.recipe.features))
        self._waiting = deque(start + self._view.numbers(length) for start, length in windows)
        self._wanted = frozenset(int(number) for each in self._waiting for number in each)
        self._held: dict[int, Picture] = {}
        self._made: list[npt.NDArray[np.float32]] = []

    def add(self, frame: ClipFrame) -> None:
        if frame.number in self._wanted:
            self._held[frame.number] = frame.pixels(self._view.size_px, "rgb")
        while self._waiting and self._waiting[0].max() <= frame.number:
            pixels = np.stack([self._held[int(number)] for number in self._waiting.popleft()])
            stored = self._view.columns[self._view.main].fixed or ()
            self._made.append(self._extract(pixels.reshape(stored)))
            first = self._waiting[0].min() if self._waiting else frame.number + 1
            self._held = {number: held for number, held in self._held.items() if number >= first}

    def finish(self) -> Row:
        return {"sequence": np.stack(self._made)}


class _Sliding:
    """Makes the features of windows of frames in a row, some at once, as their frames come.

    Parameters
    ----------
    extract
        A network that shares what windows have in common.
    span
        The clip: at least one window long.
    stride
        Frames from a window's start to the next one's.
    """

    def __init__(self, extract: Extractor, span: ClipSpan, stride: int) -> None:
        self._extract, self._stride = extract, stride
        features = extract.recipe.features
        self._size_px = features.size_px
        self._shift = WINDOWS_AT_ONCE * stride
        self._full = features.frames + self._shift - stride
        self._last = span.n_frames - 1 - (span.n_frames - features.frames) % stride
        self._held: list[Picture] = []
        self._made: list[npt.NDArray[np.float32]] = []

    def add(self, frame: ClipFrame) -> None:
        if frame.number > self._last:
            return
        self._held.append(frame.pixels(self._size_px, "rgb"))
        if len(self._held) == self._full or frame.number == self._last:
            self._made.append(self._extract.slide(np.stack(self._held), self._stride))
            del self._held[: self._shift]

    def finish(self) -> Row:
        return {"sequence": np.concatenate(self._made)}


class _EmbeddingTap(_Windows):
    """Makes the features of the one window that is the whole clip."""

    def finish(self) -> Row:
        (embedding,) = self._made
        return {"embedding": embedding}
