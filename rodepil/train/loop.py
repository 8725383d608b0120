"""One epoch of training, and the scoring of a test fold.

Shapes: B clips, K classes, N clips of the test fold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rodepil.config.settings import TrainSettings
from rodepil.errors import TrainingError
from rodepil.store.clipset import ClipSet
from rodepil.train.loader import Batch, TrainingBatches, take
from rodepil.train.loss import weighted_cross_entropy
from rodepil.train.optim import clip_gradients, set_learning_rate
from rodepil.train.process import derive_seed
from rodepil.train.schedule import learning_rate_at
from rodepil.train.world import World
from rodepil.vision.normalize import normalize


@dataclass(frozen=True)
class Learner:
    """What learns: the network, its optimizer, and how they are driven.

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
    """

    module: nn.Module
    parallel: nn.Module
    optimizer: Optimizer
    weights: Tensor
    settings: TrainSettings
    world: World

    def autocast(self) -> torch.autocast:
        """Return the context in which the network computes: bfloat16 where set, else float32."""
        enabled = self.settings.precision == "bf16"
        return torch.autocast(self.world.device.type, torch.bfloat16, enabled=enabled)


def rehearse(learner: Learner, batches: TrainingBatches) -> None:
    """Do one step's passes and forget them, so that all steps that count sum gradients alike.

    After its first backward pass DistributedDataParallel groups the gradients anew, and the
    groups decide in which order three or more workers sum. Without this, the first step of a
    trial that is taken up again would differ in its last bits from that of one that ran on.
    """
    if learner.world.size == 1:
        return
    batch = next(batches.epoch(0))
    with learner.autocast():
        logits = learner.parallel(batch.frames)
    torch.autograd.backward(logits.sum())
    learner.optimizer.zero_grad(set_to_none=True)


def train_epoch(learner: Learner, batches: TrainingBatches, epoch: int) -> dict[str, float]:
    """Train one epoch.

    Returns
    -------
    dict
        ``train_loss`` and ``gradient_norm`` (before clipping), means over the steps, and the
        ``learning_rate`` of the last one. The same on every worker.

    Raises
    ------
    TrainingError
        A loss or a gradient is not finite.
    """
    learner.module.train()
    steps, rate = len(batches), 0.0
    losses: list[Tensor] = []
    norms: list[Tensor] = []
    for step, batch in enumerate(batches.epoch(epoch)):
        rate = learning_rate_at(learner.settings, epoch, step, steps)
        set_learning_rate(learner.optimizer, rate)
        loss, norm = _step(learner, batch, epoch, step)
        # Looked at one step late, so that a GPU has work while the host waits for the number.
        if losses:
            _check_finite(losses[-1], norms[-1], epoch, step - 1)
        losses.append(loss)
        norms.append(norm)
    _check_finite(losses[-1], norms[-1], epoch, steps - 1)
    return {
        "train_loss": math.fsum(float(loss) for loss in losses) / steps,
        "gradient_norm": math.fsum(float(norm) for norm in norms) / steps,
        "learning_rate": rate,
    }


@torch.inference_mode()
def score(learner: Learner, clips: ClipSet, *, freeze: bool) -> Tensor:
    """Return the logits of all clips in their order, (N, K) float32 on the CPU.

    Workers share the clips among themselves, and every one of them gets the whole.

    Parameters
    ----------
    learner
        Whose network is asked.
    clips
        The test fold, N clips.
    freeze
        Repeat the middle frame of each clip.
    """
    learner.module.eval()
    world, n = learner.world, len(clips.labels)
    # Each worker takes ceil(N / size) clips; those past the end repeat clip 0 and are cut off.
    places = torch.arange(-(-n // world.size)) * world.size + world.rank
    places = torch.where(places < n, places, 0)
    parts = []
    for start in range(0, len(places), learner.settings.batch_size):
        indices = places[start : start + learner.settings.batch_size]
        frames = normalize(take(clips, indices, world.device, freeze=freeze))
        with learner.autocast():
            parts.append(learner.module(frames).float())
    return world.interleave(torch.cat(parts))[:n].cpu()


def _step(learner: Learner, batch: Batch, epoch: int, step: int) -> tuple[Tensor, Tensor]:
    """Take one optimizer step; return the loss of the whole batch and the gradient's norm."""
    world, settings = learner.world, learner.settings
    # Stochastic depth and dropout draw from torch's own generator.
    torch.manual_seed(derive_seed("step", settings.seed, epoch, step, world.rank))
    with learner.autocast():
        logits = learner.parallel(batch.frames)
    loss = weighted_cross_entropy(
        logits,
        batch.targets,
        learner.weights.to(world.device),
        counts=batch.counts,
        total=float(learner.weights[batch.whole].sum()),
    )
    learner.optimizer.zero_grad(set_to_none=True)
    # Workers average gradients; times their number, the average is the whole batch's gradient.
    torch.autograd.backward(loss * world.size)
    norm = clip_gradients(learner.module.parameters(), settings.clip_norm)
    learner.optimizer.step()
    return world.sum(loss.detach()), norm


def _check_finite(loss: Tensor, norm: Tensor, epoch: int, step: int) -> None:
    for name, value in (("loss", float(loss)), ("gradient's norm", float(norm))):
        if not math.isfinite(value):
            raise TrainingError(
                f"the {name} is {value} in epoch {epoch}, step {step} (both from 0); the "
                "checkpoint of the epoch before is kept. Lower train.learning_rate, set "
                "train.clip_norm, or train in fp32, and run again"
            )
