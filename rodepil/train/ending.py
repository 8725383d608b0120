"""When a trial ends: a function of its history alone, so that one taken up again ends alike."""

from __future__ import annotations

from collections.abc import Sequence

from rodepil.config.settings import TrainSettings


def is_over(settings: TrainSettings, losses: Sequence[float]) -> bool:
    """Return whether a trial has come to its end.

    Parameters
    ----------
    settings
        ``epochs``, and ``early_stop_epochs``: None trains them all; else training ends when
        so many epochs in a row brought no loss below the lowest before them. The test fold is
        never asked: to stop by it would be to train on it.
    losses
        The training loss of each epoch that is done, in order.
    """
    if len(losses) >= settings.epochs:
        return True
    if settings.early_stop_epochs is None or not losses:
        return False
    return len(losses) - 1 - losses.index(min(losses)) >= settings.early_stop_epochs
