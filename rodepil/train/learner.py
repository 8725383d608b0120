"""What learns: a network and all that drives it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from rodepil.config.settings import TrainSettings
from rodepil.errors import TrainingError
from rodepil.models.timesformer import TimeSformer
from rodepil.train.average import average_of
from rodepil.train.compiling import compile_in_place
from rodepil.train.optim import make_optimizer
from rodepil.train.world import World
from rodepil.vision.normalize import MEAN, STD, Triple, normalize


@dataclass(frozen=True)
class Learner:
    """A network, its optimizer, and how they are driven; `make_learner` makes one.

    Parameters
    ----------
    module
        The network on this worker's device.
    parallel
        The same network as it is called in training (`World.parallel`).
    optimizer
        Over the network's parameters.
    weights
        (K,) float32 on the CPU, the class weights of the loss.
    settings
        The recipe.
    world
        This worker among all.
    average
        The average of the network's weights over the steps, where the recipe wants one.
    mean, std
        Normalisation of pixels in [0, 1] by channel, as the network expects it.
    """

    module: nn.Module
    parallel: nn.Module
    optimizer: Optimizer
    weights: Tensor
    settings: TrainSettings
    world: World
    average: AveragedModel | None = None
    mean: Triple = MEAN
    std: Triple = STD

    @property
    def scored(self) -> nn.Module:
        """The network that is scored and kept: the average of the weights where there is one."""
        return self.module if self.average is None else self.average.module

    def autocast(self) -> torch.autocast:
        """Return the context in which the network computes: bfloat16 where set, else float32."""
        enabled = self.settings.precision == "bf16"
        return torch.autocast(self.world.device.type, torch.bfloat16, enabled=enabled)

    def normalize(self, frames: Tensor) -> Tensor:
        """Return frames (B, T, 3, H, W), uint8 or in [0, 1], as the network expects them."""
        return normalize(frames, self.mean, self.std)


def make_learner(
    module: nn.Module,
    weights: Tensor,
    settings: TrainSettings,
    world: World,
    *,
    mean: Triple = MEAN,
    std: Triple = STD,
) -> Learner:
    """Make a learner of a network, as the recipe wants it.

    Parameters
    ----------
    module
        The network; it moves to the worker's device and is changed in place.
    weights
        (K,) float32 on the CPU, the class weights of the loss.
    settings
        The recipe: ``optimizer`` and its numbers, ``ema_decay``, ``compile``,
        ``activation_checkpointing``, ``precision``.
    world
        This worker.
    mean, std
        Normalisation that the network's weights expect.

    Raises
    ------
    TrainingError
        Activation checkpointing is asked of a network that has none.
    """
    module = module.to(world.device)
    if settings.activation_checkpointing:
        _checkpoint_activations(module)
    average = average_of(module, settings.ema_decay)
    if settings.compile:
        for network in (module, *([] if average is None else [average.module])):
            compile_in_place(network)
    return Learner(
        module=module,
        parallel=world.parallel(module),
        optimizer=make_optimizer(module.parameters(), settings, world.device),
        weights=weights,
        settings=settings,
        world=world,
        average=average,
        mean=mean,
        std=std,
    )


def _checkpoint_activations(module: nn.Module) -> None:
    if not isinstance(module, TimeSformer):
        raise TrainingError(
            f"{type(module).__name__} has no activation checkpointing; "
            "set train.activation_checkpointing to false"
        )
    module.activation_checkpointing = True
