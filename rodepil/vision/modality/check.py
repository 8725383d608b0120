"""What a modality must return, held of what it does return.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.errors import ModalityError
from rodepil.vision.modality.registry import CHANNELS, Modality
from rodepil.vision.normalize import WHITE

ROUNDING = 1e-3


class Check:
    """Looks at the pictures of one modality: at their shape and type always, at numbers once."""

    def __init__(self) -> None:
        self._looked = False

    def __call__(self, modality: Modality, frames: Tensor, pictures: object) -> Tensor:
        """Return the pictures.

        Parameters
        ----------
        modality
            What made them.
        frames
            (B, T, C, H, W), one of the two stacks that they were made of.
        pictures
            What it returned.

        Raises
        ------
        ModalityError
            They are no (B, T, 3, H, W) of uint8 or of floats; or in the first batch floats are
            not finite where the frames are, or not in [0, 1].
        """
        wanted = (*frames.shape[:2], CHANNELS, *frames.shape[-2:])
        if not isinstance(pictures, Tensor) or pictures.shape != wanted:
            got = tuple(pictures.shape) if isinstance(pictures, Tensor) else type(pictures).__name__
            raise _error(modality, f"{got}, wanted {wanted} of frames {tuple(frames.shape)}")
        if not pictures.is_floating_point() and pictures.dtype != torch.uint8:
            what = f"{pictures.dtype}, wanted uint8 in [0, 255] or floats in [0, 1]"
            raise _error(modality, what)
        if not self._looked:
            self._looked = True
            _check_numbers(modality, frames, pictures)
        return pictures


def _check_numbers(modality: Modality, frames: Tensor, pictures: Tensor) -> None:
    if not pictures.is_floating_point() or not pictures.numel():
        return
    if frames.is_floating_point() and not bool(frames.isfinite().all()):
        return
    low, high = (float(value) for value in pictures.detach().aminmax())
    if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # NaN is neither
        hint = f"; divide by {WHITE:g}" if 1 < high <= WHITE else ""
        raise _error(modality, f"floats from {low:.4g} to {high:.4g}, wanted [0, 1]{hint}")


def _error(modality: Modality, what: str) -> ModalityError:
    made = type(modality)
    return ModalityError(
        f"modality '{modality.name}' ({made.__module__}.{made.__qualname__}) returned {what}; mend "
        "its __call__"
    )
