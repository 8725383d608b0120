"""Clips of actions, each a pure function of a seed and its number.

N clips, T frames, H = W = size_px pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rodepil.errors import SettingError
from rodepil.simulate.actions.look import film
from rodepil.simulate.actions.moves import ACTIONS, Hand

MIN_FRAMES, MIN_SIZE_PX = 2, 8
_MOVES = tuple(ACTIONS.values())
Frames = npt.NDArray[np.uint8]


def make_action(
    seed: int, index: int, *, frames: int = 16, size_px: int = 32
) -> tuple[Frames, int]:
    """Make one clip, the same for the same arguments whatever else is made.

    Parameters
    ----------
    seed
        At least 0; another seed gives other clips.
    index
        The clip's number, at least 0. Its remainder by the number of actions is the label, so
        that clips in a row hold all actions alike often.
    frames, size_px
        T, and H and W.

    Returns
    -------
    tuple
        Frames (T, 3, H, W) uint8 in [0, 255], grey, and the label: a place in `ACTIONS`.

    Raises
    ------
    SettingError
        Too few frames to move in, or too few pixels to show it.
    """
    _check(frames, size_px)
    rng = np.random.default_rng([seed, index])
    label = index % len(_MOVES)
    grey = film(_MOVES[label](Hand(frames, rng)), size_px, rng)
    return np.repeat(grey[:, None], 3, axis=1), label


def make_actions(
    seed: int, indices: Sequence[int], *, frames: int = 16, size_px: int = 32
) -> tuple[Frames, npt.NDArray[np.int64]]:
    """Make clips into one array.

    Parameters
    ----------
    seed, frames, size_px
        As in `make_action`.
    indices
        N numbers of clips.

    Returns
    -------
    tuple
        Frames (N, T, 3, H, W) uint8 in [0, 255], and labels (N,) int64.
    """
    _check(frames, size_px)
    clips = np.empty((len(indices), frames, 3, size_px, size_px), np.uint8)
    labels = np.empty(len(indices), np.int64)
    for row, index in enumerate(indices):
        clips[row], labels[row] = make_action(seed, index, frames=frames, size_px=size_px)
    return clips, labels


def _check(frames: int, size_px: int) -> None:
    if frames < MIN_FRAMES or size_px < MIN_SIZE_PX:
        raise SettingError(
            f"actions of {frames} frames of {size_px} px show no movement; set features.frames to "
            f"at least {MIN_FRAMES} and features.size_px to at least {MIN_SIZE_PX}"
        )
