"""Which frames of a clip a model sees: the one sampling rule, shared by store and vision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def uniform_indices(n_frames: int, n: int) -> npt.NDArray[np.int64]:
    """Return the frames at the centres of `n` equal parts of a clip.

    The clip's frames are cut into `n` parts of equal length; of each part the frame is taken
    that holds the part's centre, ``floor((i + 1/2) * n_frames / n)``. Computed in integers, so
    that it is the same on every machine.

    Parameters
    ----------
    n_frames
        Frames in the clip, at least 1.
    n
        Frames wanted, at least 1. More than `n_frames` repeats frames.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64, never falling, in [0, n_frames - 1].

    Raises
    ------
    ValueError
        `n_frames` or `n` is under 1.

    References
    ----------
    Bertasius et al. (2021) sample frames uniformly over a clip; so does RodEpil.
    """
    if n_frames < 1 or n < 1:
        raise ValueError(f"uniform_indices got n_frames={n_frames} and n={n}; both want 1 or more")
    parts = np.arange(n, dtype=np.int64)
    return (2 * parts + 1) * n_frames // (2 * n)
