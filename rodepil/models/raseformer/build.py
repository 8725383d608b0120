"""Make RaSeformer with random weights from a seed."""

from __future__ import annotations

import math

import torch
from torch import nn

from rodepil.config.raseformer import RaseformerSettings
from rodepil.models.raseformer.layers import BRANCH_SCALE
from rodepil.models.raseformer.network import Raseformer


def build(settings: RaseformerSettings, *, seed: int | None = 0) -> Raseformer:
    """Make the network on the CPU.

    Parameters
    ----------
    settings
        Sizes; the defaults are the official ones.
    seed
        The same seed gives the same weights. None leaves them without values, for a network
        whose weights are loaded next.
    """
    # Made without values: the layers' own would be thrown away, and drawn from global state.
    with torch.device("meta"):
        model = Raseformer(settings)
    model.to_empty(device="cpu")
    if seed is not None:
        initialize(model, torch.Generator().manual_seed(seed))
    return model


def initialize(model: Raseformer, generator: torch.Generator) -> None:
    """Give `model` random weights, in place.

    Weights are uniform within the inverse root of what a number of the output is summed of; norms
    and levels start as the identity, residual branches at 1e-4, biases at 0 but for that of the
    classes, with which every class has the probability ``class_prior``.

    Parameters
    ----------
    model
        The network.
    generator
        Where the numbers come from; it must be on the CPU.

    References
    ----------
    Lin et al.: Focal Loss for Dense Object Detection. ICCV 2017, arXiv:1708.02002.
    """
    prior = model.settings.class_prior
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("_scale"):
                parameter.fill_(BRANCH_SCALE)
            elif name.endswith("bias"):
                parameter.zero_()
            elif parameter.dim() < 2:  # noqa: PLR2004 - a norm or a level's scale
                parameter.fill_(1.0)
            else:
                bound = parameter[0].numel() ** -0.5
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
        model.class_head.out.get_parameter("bias").fill_(-math.log((1 - prior) / prior))
