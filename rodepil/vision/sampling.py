"""Which frames of a clip a model sees.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


def uniform_indices(n_frames: int, n: int) -> NDArray[np.int64]:
    """Return the frames at the centres of `n` equal parts of a clip.

    Parameters
    ----------
    n_frames
        Frames in the clip, at least 1.
    n
        Frames to take, at least 1; above `n_frames`, frames repeat.

    Returns
    -------
    ndarray
        (n,) int64, rising, each in [0, n_frames). A part of even length has two middle
        frames; the later one is taken.

    Raises
    ------
    ValueError
        When either number is below 1.

    Examples
    --------
    >>> uniform_indices(300, 4).tolist()
    [37, 112, 187, 262]
    """
    if n_frames < 1 or n < 1:
        raise ValueError(f"{n} frames of {n_frames} can't be sampled; both must be at least 1")
    # Integers all the way: the centre (i + 1/2) * n_frames / n, rounded down.
    return (2 * np.arange(n, dtype=np.int64) + 1) * n_frames // (2 * n)


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
