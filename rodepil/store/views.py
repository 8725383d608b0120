"""The views that the project comes with. Shapes: T frames, C channels, H W pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rodepil.config.settings import FeatureSettings
from rodepil.errors import FeatureError
from rodepil.io.picking import count_packets, decoder_version, pick_frames
from rodepil.io.sampling import uniform_indices
from rodepil.store.registry import View, kind_of, register

Positive = Annotated[int, Field(gt=0)]


@register
class FrameView(View):
    """RGB frames sampled uniformly from a clip.

    Attributes
    ----------
    frames
        Frames to take, T: those at the centres of T equal parts of the clip.
    size_px
        Height and width to resize to.
    """

    name: ClassVar[str] = "frames"
    code_version: ClassVar[int] = 1

    frames: Positive = 16
    size_px: Positive = 224

    @classmethod
    def of(cls, settings: FeatureSettings) -> Self:
        """Make the view that the project's settings ask for."""
        return cls(frames=settings.frames, size_px=settings.size_px)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one clip's tensor: (T, 3, H, W) uint8."""
        return (self.frames, 3, self.size_px, self.size_px)

    def made_with(self) -> str:
        """Return the versions of decoder and resizer."""
        return decoder_version()

    def decode(self, path: Path, n_frames: int | None = None) -> npt.NDArray[np.uint8]:
        """Return (T, 3, H, W) uint8 RGB, range [0, 255], of the clip at `path`."""
        expected = count_packets(path) if n_frames is None else n_frames
        picked, decoded = pick_frames(path, self._wanted(expected), self.size_px)
        if decoded == 0 or n_frames not in (None, decoded):
            raise FeatureError(
                f"{path} decodes to {decoded} frames, wanted {expected or 'at least 1'}; "
                "make the clip again ('rodepil curate')"
            )
        if decoded != expected:  # some packets do not decode: what decodes is the clip
            picked, _ = pick_frames(path, self._wanted(decoded), self.size_px)
        return picked

    def _wanted(self, n_frames: int) -> npt.NDArray[np.int64]:
        return uniform_indices(max(n_frames, 1), self.frames)


def view_of(settings: FeatureSettings) -> View:
    """Return the view that the project's settings ask for.

    Raises
    ------
    FeatureError
        No view has that name.
    """
    return kind_of(settings.view).of(settings)
