"""One trial as one run of Ray Train, and many of them side by side.

The one mechanism to go on after a worker's crash, a lost node or a kill of everything is the
checkpoint in the trial's folder. Ray's own bookkeeping of a run is new at every attempt and is
thrown away after it.

References
----------
.. [1] https://docs.ray.io/en/latest/train/train.html
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError, WorkerGroupError
from ray.train.torch import TorchTrainer

from rodepil.config.settings import TrainSettings
from rodepil.errors import RodepilError, TrialError
from rodepil.trials.plan import Trial
from rodepil.trials.ray_session import Resources
from rodepil.trials.worker import train_one

Item = TypeVar("Item")

MAX_FAILURES = 2
"""How often the workers of a trial are started again after a crash."""

GLANCE_S = 0.5
"""How long to wait between two looks at trials that run."""


@dataclass(frozen=True)
class Share:
    """What one worker of a trial takes of a cluster.

    Attributes
    ----------
    cpus, gpus
        CPUs (one a thread) and GPUs.
    workers
        Workers of the trial.
    """

    cpus: int
    gpus: int
    workers: int

    @classmethod
    def of(cls, settings: TrainSettings, resources: Resources) -> Share:
        """Return what the settings ask for: a GPU a worker where there are any, else CPUs.

        Raises
        ------
        TrialError
            The cluster does not have as much.
        """
        there = int(resources.get("GPU", 0))
        gpus = int(settings.device == "cuda" or (settings.device == "auto" and there > 0))
        share = cls(settings.threads_per_worker, gpus, settings.workers)
        if not share.slots(resources):
            raise TrialError(
                f"a trial wants {share.workers} workers with {share.cpus} CPUs and {gpus} GPUs "
                f"each, but there are {int(resources.get('CPU', 0))} CPUs and {there} GPUs; "
                "lower train.workers or train.threads_per_worker, or set train.device to cpu"
            )
        return share

    def slots(self, resources: Resources) -> int:
        """Return how many trials fit side by side."""
        fits = int(resources.get("CPU", 0)) // (self.cpus * self.workers)
        if self.gpus:
            fits = min(fits, int(resources.get("GPU", 0)) // (self.gpus * self.workers))
        return fits

    def scaling(self) -> ScalingConfig:
        """Return the same in Ray's words."""
        resources = {"CPU": self.cpus} | ({"GPU": self.gpus} if self.gpus else {})
        return ScalingConfig(
            num_workers=self.workers, use_gpu=self.gpus > 0, resources_per_worker=resources
        )


def launch(trial: Trial, share: Share, *, max_failures: int = MAX_FAILURES) -> None:
    """Run one trial to its end on the open Ray.

    Raises
    ------
    TrialError
        Its workers failed more than `max_failures` times.
    """
    what = f"fold {trial.settings.fold} (trial {trial.id})"
    trial.folder.clear_error()
    with _scratch(trial) as run_config:
        trainer = TorchTrainer(
            train_one,
            train_loop_config={"trial": trial},
            scaling_config=share.scaling(),
            run_config=run_config(failure_config=FailureConfig(max_failures=max_failures)),
        )
        try:
            trainer.fit()
        except TrainingFailedError as error:
            raise TrialError(f"{what}: {_cause(error)}") from error
    if trial.folder.finished() is None:
        unseen = (
            f"no result in {trial.folder.path}; does every node of the cluster see that folder?"
        )
        raise TrialError(f"{what}: {trial.folder.error() or unseen}")


@contextmanager
def _scratch(trial: Trial) -> Iterator[Callable[..., RunConfig]]:
    """Yield what makes a RunConfig of a new name, whose files are gone afterwards.

    Those of attempts that were killed are swept away first. The folder stands among the trials,
    which every node of a cluster sees.
    """
    folder = trial.workspace.trials / ".ray"
    for stale in folder.glob(f"{trial.id}-*"):
        shutil.rmtree(stale, ignore_errors=True)
    name = f"{trial.id}-{secrets.token_hex(4)}"
    try:
        yield partial(RunConfig, name=name, storage_path=str(folder))
    finally:
        shutil.rmtree(folder / name, ignore_errors=True)


def side_by_side(
    trials: Sequence[Trial],
    run: Callable[[Trial], None],
    slots: int,
    glance: Callable[[Trial], None],
) -> Generator[tuple[Trial, RodepilError | None]]:
    """Run trials, `slots` at a time, and yield each with its error when it ends.

    Each is driven from a thread of this process: a trial's work is done in Ray's processes, and
    to drive one from a task of its own would cost another process with torch in it. The threads
    are daemons, since one that waits for a Ray that was shut down may wait for ever.

    Parameters
    ----------
    trials
        What to run, in this order.
    run
        Blocks until a trial is done.
    slots
        Trials at a time, at least 1.
    glance
        Called over and over, in the calling thread, with each trial that is not done.

    Yields
    ------
    tuple
        A trial, and None or why it failed, in the order they end. An error that is no
        `RodepilError` is a fault of the program and is raised.
    """
    todo: SimpleQueue[Trial] = SimpleQueue()
    ended: SimpleQueue[tuple[Trial, BaseException | None]] = SimpleQueue()
    for trial in trials:
        todo.put(trial)
    for number in range(min(slots, len(trials))):
        Thread(target=_drive, args=(run, todo, ended), name=f"slot-{number}", daemon=True).start()
    waiting = list(trials)
    try:
        while waiting:
            last = _taken(ended, GLANCE_S)
            for trial in waiting:
                glance(trial)
            if last:
                waiting.remove(last[0])
                yield last[0], _expected(last[1])
    finally:
        while _taken(todo):
            pass  # what is not begun when the caller stops is not begun at all


def _drive(
    run: Callable[[Trial], None],
    todo: SimpleQueue[Trial],
    ended: SimpleQueue[tuple[Trial, BaseException | None]],
) -> None:
    """Run what is to do, one after the other."""
    while trial := _taken(todo):
        try:
            run(trial)
        except RodepilError as error:
            ended.put((trial, error))
        except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
            ended.put((trial, error))
            return
        else:
            ended.put((trial, None))


def _taken(queue: SimpleQueue[Item], patience_s: float = 0.0) -> Item | None:
    """Return what is next in a queue, or None when nothing comes in time."""
    try:
        return queue.get(block=patience_s > 0, timeout=patience_s or None)
    except Empty:
        return None


def _expected(error: BaseException | None) -> RodepilError | None:
    """Return an error that a user can mend, and raise any other."""
    if error is None or isinstance(error, RodepilError):
        return error
    raise error


def _cause(error: TrainingFailedError) -> str:
    """Return what the first worker that failed said, without the tracebacks."""
    if not isinstance(error, WorkerGroupError) or not error.worker_failures:
        return str(error)
    rank, failure = min(error.worker_failures.items())
    # Ray's error of a worker is its traceback as text, whose last line is the error itself.
    last = str(failure).strip().splitlines()[-1]
    return f"worker {rank} failed: {last.removeprefix('rodepil.errors.')}"
