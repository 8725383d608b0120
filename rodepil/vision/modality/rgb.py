"""Frames as they are."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from rodepil.vision.modality.registry import Modality, in_colour, register


@register
class Rgb(Modality):
    """The first frame of each pair."""

    name: ClassVar[str] = "rgb"
    of_motion: ClassVar[bool] = False

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        """Return `before`."""
        del after
        return in_colour(before)
