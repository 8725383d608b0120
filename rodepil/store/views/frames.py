"""Frames of a clip, alone or with the neighbour that motion is told by.

Shapes: T frames, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rodepil.config.modality import Pairs
from rodepil.errors import FeatureError
from rodepil.io.clip_frames import CHANNELS, ClipFrame, ClipSpan, Colour, Picked, decoder_version
from rodepil.io.sampling import uniform_indices
from rodepil.store.views.base import Column, Row, View
from rodepil.store.views.registry import register

Positive = Annotated[int, Field(gt=0)]


@register
class FrameView(View):
    """Frames sampled uniformly from a clip.

    Attributes
    ----------
    frames
        Frames to take, T: those at the centres of T equal parts of the clip.
    size_px
        Height and width to resize to.
    colour
        ``rgb`` or ``grey``.
    pairs
        ``native`` stores with each frame the one `gap` frames later in the clip; near the end the
        pair begins earlier, so that it stays whole. ``sampled`` stores one frame more, ahead of
        the T: the clip's first, half a sampling step before the first of them.
    gap
        Frames of the clip between the two of a native pair.
    """

    kind: ClassVar[str] = "frames"
    code_version: ClassVar[int] = 2

    frames: Positive = 16
    size_px: Positive = 224
    colour: Colour = "rgb"
    pairs: Pairs = "none"
    gap: Positive = 1

    @property
    def columns(self) -> Mapping[str, Column]:
        """``frames``, uint8 in [0, 255]: (T, C, H, W), (T, 2, C, H, W) or (T + 1, C, H, W)."""
        pixels = (CHANNELS[self.colour], self.size_px, self.size_px)
        leading = {
            "none": (self.frames,),
            "native": (self.frames, 2),
            "sampled": (self.frames + 1,),
        }
        return {"frames": Column("uint8", (*leading[self.pairs], *pixels), "levels of 255")}

    def unmeant(self) -> str:
        """Return that there is a gap without native pairs, where that is so."""
        if self.pairs == "native" or self.gap == 1:
            return ""
        return (
            f"gap {self.gap} is of native pairs, but pairs is '{self.pairs}'; set pairs: native, "
            "or take the gap out"
        )

    def made_with(self) -> str:
        """Return the versions of decoder and resizer."""
        return decoder_version()

    def tap(self, span: ClipSpan) -> _FrameTap:
        """Start on a clip.

        Raises
        ------
        FeatureError
            The clip has no two frames `gap` apart.
        """
        wanted = self.numbers(span.n_frames)
        # Native pairs overlap where T is large: frames are gathered in order, then put in place.
        order = np.argsort(wanted, kind="stable")
        picked = Picked(wanted[order], self.size_px, self.colour)
        return _FrameTap(picked, np.argsort(order, kind="stable"), self.columns["frames"])

    def numbers(self, n_frames: int) -> npt.NDArray[np.int64]:
        """Return which frames of a clip are stored, in the order in which they are.

        Raises
        ------
        FeatureError
            The clip has no two frames `gap` apart.
        """
        picked = uniform_indices(max(n_frames, 1), self.frames)
        if self.pairs == "none":
            return picked
        if self.pairs == "sampled":
            step = max(n_frames, 1) // self.frames
            return np.concatenate([[max(0, int(picked[0]) - step)], picked])
        if n_frames <= self.gap:
            raise FeatureError(
                f"a clip of {n_frames} frames has no two frames {self.gap} apart; set a smaller gap"
            )
        first = np.minimum(picked, n_frames - 1 - self.gap)
        return np.stack([first, first + self.gap], axis=1).reshape(-1)


class _FrameTap:
    """Gathers a clip's frames."""

    def __init__(self, picked: Picked, places: npt.NDArray[np.int64], column: Column) -> None:
        self._picked, self._places, self._column = picked, places, column

    def add(self, frame: ClipFrame) -> None:
        self._picked.add(frame)

    def finish(self) -> Row:
        in_order = bool((np.diff(self._places) >= 0).all())
        pixels = self._picked.pixels if in_order else self._picked.pixels[self._places]
        return {"frames": pixels.reshape(self._column.fixed or ())}
