"""One change of the weights: the passes that gather its gradients, and the step itself.

Shapes: B clips, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.train.learner import Learner
from rodepil.train.loader import Batch, Batches
from rodepil.train.loss import weighted_cross_entropy
from rodepil.train.optim import clip_gradients, set_learning_rate


def rehearse(learner: Learner, batches: Batches) -> None:
    """Do one pass and forget it, so that all steps that count sum gradients alike.

    After its first backward pass DistributedDataParallel groups the gradients anew, and the
    groups decide in which order three or more workers sum. Without this, the first step of a
    trial that is taken up again would differ in its last bits from that of one that ran on.
    """
    if learner.world.size == 1:
        return
    batch = next(batches.epoch(0))
    with learner.autocast():
        logits = learner.parallel(learner.normalize(batch.frames))
    torch.autograd.backward(logits.sum())
    learner.optimizer.zero_grad(set_to_none=True)


def run_pass(learner: Learner, batch: Batch, seed: int) -> Tensor:
    """Add the gradient of one batch to what its step has gathered.

    Each pass divides by the weights of the whole step, so that passes and workers add up to the
    step's weighted mean, however its clips are dealt out. Workers exchange gradients once a
    step, in its last pass.

    Parameters
    ----------
    learner
        Whose gradients.
    batch
        What to learn from.
    seed
        Stochastic depth and dropout draw from torch's own generator, which is set to this.

    Returns
    -------
    Tensor
        This worker's share in the step's loss, a scalar on its device.
    """
    world = learner.world
    torch.manual_seed(seed)
    with world.exchange(learner.parallel, now=batch.ends_step):
        with learner.autocast():
            logits = learner.parallel(learner.normalize(batch.frames))
        loss = weighted_cross_entropy(
            logits,
            batch.targets,
            learner.weights.to(world.device),
            counts=batch.counts,
            total=float(learner.weights[batch.whole].sum()),
        )
        # Workers average gradients; times their number, the average is the step's gradient.
        torch.autograd.backward(loss * world.size)
    return loss.detach()


def change_weights(learner: Learner, learning_rate: float) -> Tensor:
    """Take the optimizer's step along the gathered gradient, and forget it.

    Returns
    -------
    Tensor
        The gradient's norm before clipping, a scalar on the device.
    """
    set_learning_rate(learner.optimizer, learning_rate)
    norm = clip_gradients(learner.module.parameters(), learner.settings.clip_norm)
    learner.optimizer.step()
    learner.optimizer.zero_grad(set_to_none=True)
    if learner.average is not None:
        learner.average.update_parameters(learner.module)
    return norm
