"""One trial as one run of Ray Train.

The one mechanism to go on after a worker's crash, a lost node or a kill of everything is the
checkpoint in the trial's folder. Ray's own bookkeeping of a run is new at every attempt and is
thrown away after it.

A trial of one worker trains in the process that starts it (Ray Train's local mode): that one lives
on from trial to trial, and to start it and Ray Train's controller anew for each would cost seconds
a trial. Several workers have processes of their own.

References
----------
.. [1] https://docs.ray.io/en/latest/train/train.html
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from ray.train import FailureConfig, RunConfig, TrainingFailedError, WorkerGroupError
from ray.train.torch import TorchTrainer

from rodepil.errors import TrialError
from rodepil.trials.limits import MAX_FAILURES
from rodepil.trials.share import Share
from rodepil.trials.task import AnyTrial
from rodepil.trials.worker import train_one


def launch(trial: AnyTrial, share: Share, *, max_failures: int = MAX_FAILURES) -> None:
    """Run one trial to its end on the open Ray.

    Raises
    ------
    TrialError
        It failed by what a user has to mend, or its workers failed more than `max_failures`
        times. What else goes wrong in this process is raised as it is.
    """
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
            raise TrialError(_cause(error)) from error
    if trial.folder.finished() is None:
        unseen = (
            f"no result in {trial.folder.path}; does every node of the cluster see that folder?"
        )
        raise TrialError(trial.folder.error() or unseen)


@contextmanager
def _scratch(trial: AnyTrial) -> Iterator[Callable[..., RunConfig]]:
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


def _cause(error: TrainingFailedError) -> str:
    """Return what the first worker that failed said, without the tracebacks."""
    if not isinstance(error, WorkerGroupError) or not error.worker_failures:
        return str(error)
    rank, failure = min(error.worker_failures.items())
    return f"worker {rank} failed: {last_line(str(failure))}"


def last_line(text: str) -> str:
    """Return the error itself, the last line of a traceback as text."""
    return text.strip().splitlines()[-1].removeprefix("rodepil.errors.")
