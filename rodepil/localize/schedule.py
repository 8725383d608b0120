"""The learning rate: a linear warm-up, then a cosine down to 0, step by step."""

from __future__ import annotations

import math

from rodepil.config.localize import LocalizeTrainSettings


def learning_rate_at(settings: LocalizeTrainSettings, epoch: int, step: int, steps: int) -> float:
    """Return the learning rate of one optimizer step.

    Over ``warmup_epochs`` it rises in equal steps, from its first part to the whole; over the
    ``epochs`` after them it falls along half a cosine, from the whole towards 0. (ActionFormer's
    first step has the rate 0, which teaches nothing, and its last 1e-8.)

    Parameters
    ----------
    settings
        ``learning_rate`` is the whole.
    epoch
        The epoch, from 0, those of the warm-up included.
    step
        The step within the epoch, in [0, steps).
    steps
        Steps in an epoch.

    References
    ----------
    Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts. ICLR 2017,
    arXiv:1608.03983.
    """
    done, rising = epoch * steps + step, settings.warmup_epochs * steps
    if done < rising:
        return settings.learning_rate * (done + 1) / rising
    passed = (done - rising) / (settings.epochs * steps)
    return 0.5 * settings.learning_rate * (1 + math.cos(math.pi * passed))
