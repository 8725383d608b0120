"""Batches of sequences, the points of all levels, and the grid that they stand on.

Shapes: B clips, T steps, F features, N points of all levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError


def batch(sequences: Sequence[Tensor], settings: RaseformerSettings) -> tuple[Tensor, Tensor]:
    """Pad sequences to one length.

    Parameters
    ----------
    sequences
        (T_b, F) float each, one row a step.
    settings
        ``max_length`` is the length of shorter ones; longer ones become a multiple of the last
        level's stride.

    Returns
    -------
    tuple of Tensor
        Features (B, T, F), 0 at padding, and which steps are none (B, T) bool.

    Raises
    ------
    ModelError
        When there is no sequence, one is empty, or one has another width or a NaN.
    """
    if not sequences:
        raise ModelError("there are no sequences to batch; give at least one")
    width = settings.feature_width
    for number, one in enumerate(sequences):
        if one.dim() != 2 or one.shape[1] != width or not len(one):  # noqa: PLR2004 - (T, F)
            raise ModelError(
                f"sequence {number} has shape {tuple(one.shape)}, but the model wants (T, {width}) "
                "with a row for each step; is it empty, transposed, or of another view?"
            )
        if not bool(torch.isfinite(one).all()):
            raise ModelError(
                f"sequence {number} holds NaN or infinite numbers; make its features again"
            )
    stride, longest = settings.strides[-1], max(len(one) for one in sequences)
    steps = max(settings.max_length, -(-longest // stride) * stride)
    features = sequences[0].new_zeros(len(sequences), steps, width)
    valid = torch.zeros(len(sequences), steps, dtype=torch.bool, device=features.device)
    for row, one in enumerate(sequences):
        features[row, : len(one)] = one
        valid[row, : len(one)] = True
    return features, valid


def points(
    steps: int, settings: RaseformerSettings, *, device: torch.device | str = "cpu"
) -> Tensor:
    """Return the points of all levels, the finest first.

    Parameters
    ----------
    steps
        T, of the first level; a multiple of the last level's stride.
    settings
        Strides and ranges of the levels.
    device
        Where the tensor shall be.

    Returns
    -------
    Tensor
        (N, 4) float32: place, lowest and highest distance that the point answers for, stride;
        all in steps of the first level.
    """
    rows = []
    for stride, (low, high) in zip(settings.strides, settings.ranges, strict=True):
        place = torch.arange(0, steps, stride, dtype=torch.float32, device=device)
        facts = torch.tensor([low, high, stride], dtype=torch.float32, device=device)
        rows.append(torch.cat((place[:, None], facts.expand(len(place), 3)), dim=1))
    return torch.cat(rows)


def to_grid(seconds: Tensor, *, fps: float, window_frames: int, stride_frames: int) -> Tensor:
    """Return places on the grid of features of times in seconds.

    Step g shows the frames of a window that starts at frame ``g * stride_frames``; a time is on
    the grid where it would be a window's middle.
    """
    return (seconds * fps - 0.5 * window_frames) / stride_frames


def to_seconds(
    grid: Tensor, *, fps: float, window_frames: int, stride_frames: int, duration_s: float
) -> Tensor:
    """Return times in seconds, within [0, `duration_s`], of places on the grid of features."""
    return ((grid * stride_frames + 0.5 * window_frames) / fps).clamp(0.0, duration_s)
