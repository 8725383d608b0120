"""What pictures look like on the whole, so that a network gets them centred and of one scale.

Shapes: B clips, T frames, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from rodepil.errors import TrainingError
from rodepil.vision.normalize import Triple, to_unit

LEAST_STD = 1 / 255
"""A channel that varies by less than a level of 255 is not blown up."""


def channel_statistics(pictures: Iterable[Tensor]) -> tuple[Triple, Triple]:
    """Return mean and standard deviation of every channel over all pixels of all pictures.

    Parameters
    ----------
    pictures
        (B, T, 3, H, W) each, uint8 in [0, 255] or float in [0, 1], on any device.

    Returns
    -------
    tuple
        Mean and standard deviation, three numbers each, for pictures in [0, 1]. A deviation is
        at least 1/255.

    Raises
    ------
    TrainingError
        There are no pictures, or they hold what is no number.
    """
    count = 0
    total, squares = torch.zeros(2, 3, dtype=torch.float64)
    for each in pictures:
        unit = to_unit(each).float()
        count += unit.numel() // 3
        # Within a clip float32 is exact enough; not every device has more.
        total += unit.sum(dim=(1, 3, 4)).cpu().double().sum(0)
        squares += unit.square().sum(dim=(1, 3, 4)).cpu().double().sum(0)
    if not count or not bool(torch.isfinite(total).all()):
        raise TrainingError(
            f"the pictures of {count} pixels have no mean; look at the features "
            "('rodepil features verify') and at train.flow"
        )
    mean = total / count
    std = (squares / count - mean.square()).clamp(min=0).sqrt().clamp(min=LEAST_STD)
    return _three(mean), _three(std)


def _three(values: Tensor) -> Triple:
    one, two, three = values.tolist()
    return one, two, three
