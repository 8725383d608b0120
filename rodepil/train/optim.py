"""The optimizer that a trial's settings name.

Weight decay acts on every parameter alike. The paper states one number, 1e-4, and the code
that TimeSformer was published with leaves out only parameters whose name says batch norm, of
which TimeSformer has none. To spare biases and norms would be another recipe.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from rodepil.config.settings import TrainSettings

FUSED_DEVICES = frozenset({"cpu", "cuda", "mps"})


def make_optimizer(
    parameters: Iterable[nn.Parameter], settings: TrainSettings, device: torch.device
) -> Optimizer:
    """Make SGD or AdamW over `parameters`, in one fused kernel where the device has one.

    Parameters
    ----------
    parameters
        What to train, already on `device`.
    settings
        ``optimizer``, ``learning_rate``, ``momentum``, ``nesterov``, ``weight_decay``.
    device
        Where the parameters live.

    References
    ----------
    Loshchilov and Hutter: Decoupled Weight Decay Regularization. ICLR 2019, arXiv:1711.05101.
    """
    fused = device.type in FUSED_DEVICES or None
    if settings.optimizer == "adamw":
        return AdamW(
            parameters,
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=fused,
        )
    return SGD(
        parameters,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.nesterov,
        weight_decay=settings.weight_decay,
        fused=fused,
    )


def set_learning_rate(optimizer: Optimizer, learning_rate: float) -> None:
    """Give every group of `optimizer` the same learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


def clip_gradients(parameters: Iterable[nn.Parameter], clip_norm: float) -> Tensor:
    """Scale all gradients together so that their norm is at most `clip_norm`.

    Parameters
    ----------
    parameters
        Those whose gradients are scaled, in place.
    clip_norm
        The largest Euclidean norm; 0 leaves the gradients as they are.

    Returns
    -------
    Tensor
        The norm before scaling, a scalar on the gradients' device.
    """
    trained = [parameter for parameter in parameters if parameter.grad is not None]
    norm = nn.utils.get_total_norm(p.grad for p in trained if p.grad is not None)
    if clip_norm > 0:
        nn.utils.clip_grads_with_norm_(trained, clip_norm, norm)
    return norm
