"""What changes from frame to frame."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from rodepil.vision.modality.registry import Modality, in_colour, register


@register
class AbsDiff(Modality):
    """The absolute difference of two frames, channel by channel."""

    name: ClassVar[str] = "absdiff"
    of_motion: ClassVar[bool] = True

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        """Return ``|after - before|`` in the type of the frames: of bytes to the last bit.

        Raises
        ------
        ValueError
            The two differ in shape or type.
        """
        if before.shape != after.shape or before.dtype != after.dtype:
            raise ValueError(
                f"frames {before.dtype} {tuple(before.shape)} can't be compared with "
                f"{after.dtype} {tuple(after.shape)}; give two of one shape and type"
            )
        if before.is_floating_point():
            return in_colour((after - before).abs())
        return in_colour(torch.maximum(before, after).sub_(torch.minimum(before, after)))
