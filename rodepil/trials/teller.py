"""Tells of trials that end under Ray Tune, and why they do.

References
----------
.. [1] https://docs.ray.io/en/latest/tune/api/callbacks.html
"""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

from ray import tune
from ray.tune.experiment import Trial as TuneTrial

from rodepil.errors import TrialError
from rodepil.trials.launch import last_line

SAID = "said"
"""What a trial that was not trained says; empty where it was."""

Ended = tuple[str, BaseException | None]
"""A trial's id, and why it failed if it did."""


class StoppedError(Exception):
    """The caller has stopped."""


class Teller(tune.Callback):
    """Tells of trials that end, and ends Tune when nobody listens any more.

    Parameters
    ----------
    ended
        Where it tells of them.
    stopped
        Whether the caller has stopped.
    """

    def __init__(self, ended: SimpleQueue[Ended], stopped: Event) -> None:
        self.ended, self.stopped = ended, stopped

    def __reduce__(self) -> tuple[type[tune.Callback], tuple[()]]:
        """Leave nothing of it in the files that Tune keeps, from which nothing goes on."""
        return (tune.Callback, ())

    def on_step_begin(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """End Tune, and all that runs under it, when the caller has stopped."""
        del iteration, trials, info
        if self.stopped.is_set():
            raise StoppedError

    def on_trial_complete(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """Tell of one that ran to its end."""
        del iteration, trials, info
        said = (trial.last_result or {}).get(SAID)
        unheard = "it ended without a word; run the same command again"
        reason = unheard if said is None else said
        self.ended.put((trial.config["trial"], TrialError(reason) if reason else None))

    def on_trial_error(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """Tell of one that crashed once more than it may."""
        del iteration, trials, info
        self.ended.put((trial.config["trial"], TrialError(_why(trial))))


def _why(trial: TuneTrial) -> str:
    """Return why a trial crashed the last time, without the tracebacks."""
    if not trial.error_file or not Path(trial.error_file).is_file():
        return "it crashed, and Ray does not say why"
    text = Path(trial.error_file).read_text(encoding="utf-8").rpartition("Failure # ")[2].strip()
    # After Ray's heading stands what is known of a process that died, or the lines of code that
    # lead to an error and then the error itself.
    lines = text.splitlines()
    return last_line(text) if '\n  File "' in text or len(lines) == 1 else lines[1]
