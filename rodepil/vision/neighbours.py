"""Which two frames motion is told by.

Shapes: B clips, T frames that a network sees, C channels, H W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.config.modality import Pairs


def pairs_of(frames: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Return the frames that a network sees, each with its neighbour.

    Parameters
    ----------
    frames
        (B, N, C, H, W) as the view stores them, in one row: N = 2 T with ``native`` pairs, frame
        and neighbour by turns; N = T + 1 with ``sampled`` ones; else N = T.
    pairs
        What is stored.

    Returns
    -------
    tuple of Tensor
        (B, T, C, H, W) each, earlier and later frame; views where they can be. With ``sampled``
        a frame's neighbour is the one before it, so that it is the second of the two itself.
        Without pairs it is the next frame, and the last frame's is the one before it.

    Raises
    ------
    ValueError
        There are no two frames.
    """
    n_frames = frames.shape[1]
    if n_frames < 2:  # noqa: PLR2004
        raise ValueError(
            f"clips of {n_frames} frame show no motion; set features.pairs to native, or "
            "features.frames to 2 or more"
        )
    if pairs == "native":
        return frames[:, 0::2], frames[:, 1::2]
    if pairs == "sampled":
        return frames[:, :-1], frames[:, 1:]
    before, after = frames[:, :-1], frames[:, 1:]
    return torch.cat([before, before[:, -1:]], 1), torch.cat([after, after[:, -1:]], 1)


def seen(frames: Tensor, pairs: Pairs) -> Tensor:
    """Return the frames that a network sees without their neighbours, (B, T, C, H, W), a view."""
    if pairs == "native":
        return frames[:, 0::2]
    return frames[:, 1:] if pairs == "sampled" else frames
