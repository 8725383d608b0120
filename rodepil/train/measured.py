"""How the pictures of motion are normalised: by what the training clips show."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from rodepil.store.clipset import Clips
from rodepil.vision.inputs import Inputs
from rodepil.vision.normalize import Triple
from rodepil.vision.statistics import channel_statistics

CLIPS = 256
"""Clips that are measured at most, evenly over the training set: one mean needs no more."""


@torch.inference_mode()
def measured(
    training: Clips, inputs: Inputs, batch_size: int, device: torch.device
) -> tuple[Triple, Triple]:
    """Return mean and standard deviation of a network's pictures, by channel, for [0, 1].

    Every worker measures the same clips, and so does a trial that goes on.

    Parameters
    ----------
    training
        The training set; no test clip is looked at.
    inputs
        Makes the pictures.
    batch_size
        Clips on the device at a time.
    device
        Where the pictures are made.
    """
    n_clips = len(training.labels)
    chosen = torch.arange(min(n_clips, CLIPS)) * n_clips // min(n_clips, CLIPS)
    return channel_statistics(_pictures(training, inputs, torch.split(chosen, batch_size), device))


def _pictures(
    training: Clips, inputs: Inputs, parts: tuple[Tensor, ...], device: torch.device
) -> Iterator[Tensor]:
    for rows, stored in zip(parts, training.batches(parts, device), strict=True):
        yield inputs(stored, [training.clip_ids[row] for row in rows.tolist()])
