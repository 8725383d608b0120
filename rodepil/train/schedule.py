"""The learning rate: a linear warm-up, then steps down, as a function of the place alone."""

from __future__ import annotations

from rodepil.config.settings import TrainSettings


def learning_rate_at(settings: TrainSettings, epoch: int, step: int, steps: int) -> float:
    """Return the learning rate of one optimizer step.

    Parameters
    ----------
    settings
        ``learning_rate`` is the full rate. Over the first ``warmup_epochs`` epochs it rises in
        equal steps, from its first part to the whole. From each epoch of ``decay_epochs`` on,
        counted from 0, it is multiplied by ``decay_factor``: [11, 14] of 15 epochs lowers it
        before the 12th and the 15th.
    epoch
        The epoch, from 0.
    step
        The step within the epoch, in [0, steps).
    steps
        Steps in an epoch.
    """
    decays = sum(epoch >= start for start in settings.decay_epochs)
    rate = settings.learning_rate * settings.decay_factor**decays
    rising = settings.warmup_epochs * steps
    done = epoch * steps + step + 1
    return rate * done / rising if done < rising else rate
