"""Many trials side by side: Ray Tune starts each as a run of Ray Train, as many as fit.

Tune's own bookkeeping is thrown away: what is finished stands in the trials' folders, from where
whatever was stopped goes on.

References
----------
.. [1] https://docs.ray.io/en/latest/tune/api/api.html
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from filelock import FileLock, Timeout
from ray import tune

from rodepil.errors import RodepilError, TrialError
from rodepil.trials.launch import launch
from rodepil.trials.limits import MAX_FAILURES
from rodepil.trials.share import Share
from rodepil.trials.task import AnyTrial
from rodepil.trials.teller import SAID, Ended, Teller

GLANCE_S = 0.5
"""How long to wait between two looks at trials that run."""

STOP_S = 30.0
"""How long to wait for Tune to end when the caller stops."""

TUNE = ""
"""Stands for Tune itself among those that ended."""
EARLY = "Ray Tune ended before all trials; run the same command again to go on"


@dataclass(frozen=True)
class Load:
    """What is to be run.

    Attributes
    ----------
    trials
        In the order in which to begin them; no two are the same.
    shares
        What a trial takes, by its id.
    slots
        Trials at a time, at least 1.
    max_failures
        How often one is started again after a crash.
    """

    trials: Sequence[AnyTrial]
    shares: Mapping[str, Share]
    slots: int
    max_failures: int = MAX_FAILURES


def run_side_by_side(
    load: Load, glance: Callable[[AnyTrial], None]
) -> Generator[tuple[AnyTrial, RodepilError | None]]:
    """Run trials on the open Ray and yield each with its error when it ends.

    Tune is driven from a daemon thread of this process, so that the caller's thread is free to
    record what comes, and to be interrupted: Ray then ends with the caller's session, and a
    thread that waits for a Ray that was shut down may wait for ever.

    Parameters
    ----------
    load
        What to run.
    glance
        Called over and over, in the calling thread, with each trial that is not done.

    Yields
    ------
    tuple
        A trial, and None or why it failed, in the order they end.

    Raises
    ------
    TrialError
        Ray went away.
    """
    teller = Teller(SimpleQueue(), Event())
    tuning = Thread(target=_tune, args=(load, teller), name="tune", daemon=True)
    tuning.start()
    waiting = {trial.id: trial for trial in load.trials}
    try:
        while waiting:
            last = _taken(teller.ended)
            for trial in waiting.values():
                glance(trial)
            if last:
                trial_id, error = last
                if error is not None and not isinstance(error, RodepilError):
                    raise error
                if trial_id == TUNE:
                    raise error or TrialError(EARLY)
                yield waiting.pop(trial_id), error
    finally:
        teller.stopped.set()
        # Whatever it asks of a Ray that was shut down would start another one.
        tuning.join(STOP_S)


def _taken(queue: SimpleQueue[Ended]) -> Ended | None:
    """Return what is next in a queue, or None when nothing comes in time."""
    try:
        return queue.get(timeout=GLANCE_S)
    except Empty:
        return None


def _tune(load: Load, teller: Teller) -> None:
    """Run Tune to its end, and tell of it when it comes before all trials have ended."""
    folder = load.trials[0].workspace.trials / ".ray"
    name = f"tune-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with FileLock(folder / f"{name}.lock"):
            _tuner(load, teller, folder, name).fit()
    except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
        teller.ended.put((TUNE, error))
    else:
        teller.ended.put((TUNE, None))
    finally:
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / f"{name}.lock").unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what Tune left of processes that were killed: the locks of those are free."""
    for lock in folder.glob("tune-*.lock"):
        with suppress(Timeout), FileLock(lock, timeout=0):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)


def _tuner(load: Load, teller: Teller, folder: Path, name: str) -> tune.Tuner:
    bundles = {trial.id: [load.shares[trial.id].bundle()] for trial in load.trials}
    known = {trial.id: (trial, load.shares[trial.id]) for trial in load.trials}
    drive = tune.with_parameters(_drive, known=known, max_failures=load.max_failures)
    return tune.Tuner(
        tune.with_resources(
            drive, lambda config: tune.PlacementGroupFactory(bundles[config["trial"]])
        ),
        param_space={"trial": tune.grid_search(list(known))},
        tune_config=tune.TuneConfig(
            max_concurrent_trials=load.slots,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: str(trial.config["trial"]),
        ),
        run_config=tune.RunConfig(
            name=name,
            storage_path=str(folder),
            callbacks=[teller],
            failure_config=tune.FailureConfig(max_failures=load.max_failures),
            verbose=0,
        ),
    )


def _drive(
    config: Mapping[str, str], *, known: Mapping[str, tuple[AnyTrial, Share]], max_failures: int
) -> None:
    """Run one trial of Tune; what a user has to mend is told and not raised, so as to end there."""
    trial, share = known[config["trial"]]
    try:
        launch(trial, share, max_failures=max_failures)
    except RodepilError as error:
        tune.report({SAID: str(error)})
    else:
        tune.report({SAID: ""})
