"""One epoch of training, and the scoring of a test fold.

Shapes: B clips, K classes, N clips of the test fold.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rodepil.errors import TrainingError
from rodepil.io.seeds import derive_seed
from rodepil.store.clipset import Clips
from rodepil.train.learner import Learner
from rodepil.train.loader import Batches
from rodepil.train.schedule import learning_rate_at
from rodepil.train.step import change_weights, run_pass
from rodepil.vision.inputs import Inputs


def train_epoch(learner: Learner, batches: Batches, epoch: int) -> dict[str, float]:
    """Train one epoch.

    Parameters
    ----------
    learner
        What learns.
    batches
        What it learns from; their ``ends_step`` says which passes make a step.
    epoch
        The epoch, from 0.

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
    settings, world, rate = learner.settings, learner.world, 0.0
    losses: list[Tensor] = []
    norms: list[Tensor] = []
    parts: list[Tensor] = []
    for number, batch in enumerate(batches.epoch(epoch)):
        seed = derive_seed("step", settings.seed, epoch, number, world.rank)
        parts.append(run_pass(learner, batch, seed))
        if not batch.ends_step:
            continue
        rate = learning_rate_at(settings, epoch, len(losses), len(batches))
        norm = change_weights(learner, rate)
        # Looked at one step late, so that a GPU has work while the host waits for the number.
        if losses:
            _check_finite(losses[-1], norms[-1], epoch, len(losses) - 1)
        losses.append(world.sum(torch.stack(parts).sum()))
        norms.append(norm)
        parts.clear()
    _check_finite(losses[-1], norms[-1], epoch, len(losses) - 1)
    return {
        "train_loss": math.fsum(float(loss) for loss in losses) / len(losses),
        "gradient_norm": math.fsum(float(norm) for norm in norms) / len(norms),
        "learning_rate": rate,
    }


@torch.inference_mode()
def score(learner: Learner, clips: Clips, inputs: Inputs) -> Tensor:
    """Return the logits of all clips in their order, (N, K) float32 on the CPU.

    Workers share the clips among themselves, and every one of them gets the whole.

    Parameters
    ----------
    learner
        Whose network is asked: the average of the weights where the recipe wants one.
    clips
        The test fold, N clips.
    inputs
        Makes of stored frames what the network sees.
    """
    network, world, n = learner.scored.eval(), learner.world, len(clips.labels)
    size = learner.settings.batch_size
    # Each worker takes ceil(N / workers) clips, made whole batches for a compiled network;
    # those past the end repeat clip 0 and are cut off.
    rows = -(-n // world.size)
    if learner.settings.compile:
        rows = -(-rows // size) * size
    places = torch.arange(rows) * world.size + world.rank
    places = torch.where(places < n, places, 0)
    parts, split = [], torch.split(places, size)
    for part, taken in zip(split, clips.batches(split, world.device), strict=True):
        names = [clips.clip_ids[place] for place in part.tolist()]
        frames = learner.normalize(inputs(taken, names))
        with learner.autocast():
            parts.append(network(frames).float())
    return world.interleave(torch.cat(parts))[:n].cpu()


def _check_finite(loss: Tensor, norm: Tensor, epoch: int, step: int) -> None:
    for name, value in (("loss", float(loss)), ("gradient's norm", float(norm))):
        if not math.isfinite(value):
            raise TrainingError(
                f"the {name} is {value} in epoch {epoch}, step {step} (both from 0); the "
                "checkpoint of the epoch before is kept. Lower learning_rate, set clip_norm, or "
                "train in fp32, and run again"
            )
