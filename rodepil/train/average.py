"""An average of the weights over the steps, which scores steadier than the last step's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

WARM_UP = 10
"""What the decay's warm-up divides by, beside the number of steps."""


def average_of(module: nn.Module, decay: float) -> AveragedModel | None:
    """Return what averages the weights of `module`, or None for a decay of 0.

    After each step call ``update_parameters(module)``. The first step's weights are taken as
    they are. From then on the average keeps `decay` of itself, but after n steps at most
    ``(1 + n) / (10 + n)`` [1]_, which makes the mean age of the weights in it a tenth of the
    steps taken until `decay` makes it less. Without this warm-up a short training would end
    near where it began: 0.999 and 1,200 steps leave 30 % of the first step's weights.

    Parameters
    ----------
    module
        The network, on its device and not yet compiled; it is copied.
    decay
        In [0, 1).

    References
    ----------
    .. [1] TensorFlow: tf.train.ExponentialMovingAverage, its `num_updates`.
    .. [2] Polyak, Juditsky: Acceleration of Stochastic Approximation by Averaging. SIAM Journal
       on Control and Optimization 30, 1992.
    """
    if decay == 0:
        return None
    average = AveragedModel(module, multi_avg_fn=partial(_approach, decay=decay))
    return average.requires_grad_(requires_grad=False)


@torch.no_grad()
def _approach(
    averages: Sequence[Tensor], weights: Sequence[Tensor], steps: Tensor, *, decay: float
) -> None:
    """Move averages towards weights, in place; `steps` is how many they have seen, a scalar."""
    # All on the device: to read the number of steps would make the host wait for a GPU.
    share = 1 - torch.clamp((1.0 + steps) / (WARM_UP + steps), max=decay)
    for average, weight in zip(averages, weights, strict=True):
        average.lerp_(weight, share.to(average.dtype))
