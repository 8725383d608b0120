"""Which frames of a clip a model sees.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from torch import Tensor

from rodepil.io.sampling import uniform_indices

__all__ = ["static", "uniform_indices"]


def static(frames: Tensor) -> Tensor:
    """Repeat the middle frame of each clip, which leaves no motion in it.

    Parameters
    ----------
    frames
        (B, T, C, H, W), any dtype.

    Returns
    -------
    Tensor
        The same shape and dtype; a view of frame T // 2, not to be written to.
    """
    return frames[:, frames.shape[1] // 2, None].expand_as(frames)
