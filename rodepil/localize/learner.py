"""What learns to localize: the network, its loss and optimizer, and the average of its weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel

from rodepil.config.localize import LocalizeTrainSettings
from rodepil.errors import TrainingError
from rodepil.io.seeds import derive_seed
from rodepil.localize.batches import LocalizeBatch, LocalizeBatches
from rodepil.localize.schedule import learning_rate_at
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.losses import LocalizeLoss
from rodepil.models.raseformer.network import Raseformer
from rodepil.train.average import average_of
from rodepil.train.checkpoint import TrialState
from rodepil.train.optim import FUSED_DEVICES, clip_gradients, set_learning_rate

LOSSES = ("train_loss", "class_loss", "boundary_loss")


@dataclass(frozen=True)
class LocalizeLearner:
    """A network, and what drives it; `make_learner` makes one.

    Attributes
    ----------
    lesson
        The ``network`` and its ``loss``, whose moving average is part of what is learned.
    optimizer
        Over the network's parameters.
    average
        The average of the network's weights over the steps, where the recipe wants one.
    settings
        The recipe.
    device
        Where the network lives.
    """

    lesson: nn.ModuleDict
    optimizer: Optimizer
    average: AveragedModel | None
    settings: LocalizeTrainSettings
    device: torch.device

    @property
    def network(self) -> Raseformer:
        """The network that learns."""
        found = self.lesson["network"]
        assert isinstance(found, Raseformer)  # noqa: S101 - what `make_learner` put there
        return found

    @property
    def scored(self) -> Raseformer:
        """The network that is scored and kept: the average of the weights where there is one."""
        found = self.network if self.average is None else self.average.module
        assert isinstance(found, Raseformer)  # noqa: S101 - a copy of the network
        return found

    def step(self, batch: LocalizeBatch, learning_rate: float, seed: int) -> Tensor:
        """Learn from a batch.

        Parameters
        ----------
        batch
            On the network's device.
        learning_rate
            Of this step.
        seed
            Stochastic depth and dropout draw from torch's own generator, which is set to this.

        Returns
        -------
        Tensor
            (4,) float32 on the device: the loss, its two parts, and the gradient's norm before
            clipping.
        """
        torch.manual_seed(seed)
        half = self.settings.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            levels = self.network(batch.features, batch.valid)
        losses = self.lesson["loss"](levels, batch.classes, batch.offsets)
        torch.autograd.backward(losses.total)
        set_learning_rate(self.optimizer, learning_rate)
        norm = clip_gradients(self.network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update_parameters(self.network)
        parts = (losses.total, losses.classes, losses.boundaries, norm)
        return torch.stack([part.detach().float() for part in parts])

    def epoch(self, batches: LocalizeBatches, epoch: int) -> dict[str, float]:
        """Train one epoch.

        Returns
        -------
        dict
            ``train_loss``, its parts ``class_loss`` and ``boundary_loss``, and ``gradient_norm``,
            means over the steps; the ``learning_rate`` of the last one; and ``positives``, by
            which the loss is divided then.

        Raises
        ------
        TrainingError
            A loss or a gradient is not finite.
        """
        self.lesson.train()
        said: list[Tensor] = []
        rate, seed = 0.0, self.settings.seed
        for number, batch in enumerate(batches.epoch(epoch)):
            rate = learning_rate_at(self.settings, epoch, number, len(batches))
            # Looked at one step late, so that a GPU has work while the host waits for the number.
            if said:
                _check_finite(said[-1], epoch, len(said) - 1)
            said.append(self.step(batch, rate, derive_seed("step", seed, epoch, number)))
        _check_finite(said[-1], epoch, len(said) - 1)
        means = torch.stack(said).double().mean(dim=0).tolist()
        named = dict(zip((*LOSSES, "gradient_norm"), means, strict=True))
        positives = float(self.lesson["loss"].get_buffer("positives"))
        return named | {"learning_rate": rate, "positives": positives}

    def state(self, trial_id: str, history: list[dict[str, float]]) -> TrialState:
        """Return all that a trial goes on from."""
        return TrialState(
            trial_id=trial_id,
            model=self.lesson.state_dict(),
            optimizer=self.optimizer.state_dict(),
            average={} if self.average is None else self.average.state_dict(),
            history=history,
        )

    def load(self, state: TrialState) -> None:
        """Go on from there."""
        self.lesson.load_state_dict(state.model)
        self.optimizer.load_state_dict(state.optimizer)
        if self.average is not None:
            self.average.load_state_dict(state.average)


def make_learner(settings: LocalizeTrialSettings, device: torch.device) -> LocalizeLearner:
    """Make what a trial trains, with random weights of its seed."""
    recipe = settings.recipe
    network = build(settings.network, seed=recipe.seed).to(device)
    return LocalizeLearner(
        lesson=nn.ModuleDict({"network": network, "loss": LocalizeLoss(settings.loss).to(device)}),
        optimizer=AdamW(
            parameter_groups(network.parameters(), recipe.weight_decay),
            lr=recipe.learning_rate,
            fused=device.type in FUSED_DEVICES or None,
        ),
        average=average_of(network, recipe.ema_decay),
        settings=recipe,
        device=device,
    )


def parameter_groups(
    parameters: Iterable[nn.Parameter], weight_decay: float
) -> list[dict[str, Any]]:
    """Return the parameters in two groups: what decays, and what does not.

    The weights of convolutions and linear layers decay; biases, norms and scales, which have one
    dimension or none, do not.
    """
    listed = list(parameters)
    matrices = [one for one in listed if one.dim() > 1]
    others = [one for one in listed if one.dim() <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _check_finite(said: Tensor, epoch: int, step: int) -> None:
    loss, *_, norm = said.tolist()
    for name, value in (("loss", loss), ("gradient's norm", norm)):
        if not math.isfinite(value):
            raise TrainingError(
                f"the {name} is {value} in epoch {epoch}, step {step} (both from 0); the "
                "checkpoint of the epoch before is kept. Lower localize.train.learning_rate, set "
                "clip_norm, or train in fp32, and run again"
            )
