"""One trial as one run of Ray Train, and what it takes of a cluster.

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError, WorkerGroupError
from ray.train.torch import TorchTrainer

from rodepil.errors import TrialError
from rodepil.trials.limits import MAX_FAILURES
from rodepil.trials.ray_session import Resources
from rodepil.trials.task import AnyTraining, AnyTrial
from rodepil.trials.worker import train_one

HEAD = "node:__internal_head__"
"""What Ray's first node alone has 1 of."""
SLIVER = 0.001
"""What of it a trial holds that has its CPUs and GPUs in workers of its own."""


@dataclass(frozen=True)
class Share:
    """What one worker of a trial takes of a cluster.

    Attributes
    ----------
    cpus
        CPUs, one a thread.
    gpus
        GPUs; below 1 several trials share one.
    workers
        Workers of the trial.
    """

    cpus: int
    gpus: float
    workers: int

    @classmethod
    def of(
        cls,
        settings: AnyTraining,
        nodes: Sequence[Resources],
        gpus_per_trial: float | None = None,
    ) -> Share:
        """Return what the settings ask for: a GPU a worker where there are any, else CPUs.

        Parameters
        ----------
        settings
            What the trial takes: the section ``train``.
        nodes
            What each node of the cluster has.
        gpus_per_trial
            GPUs for all workers of a trial together, in place of one a worker.

        Raises
        ------
        TrialError
            The cluster does not have as much, or a worker would get a broken number above 1.
        """
        cpus, there = (int(sum(node.get(name, 0) for node in nodes)) for name in ("CPU", "GPU"))
        wanted = settings.device == "cuda" or (settings.device == "auto" and there > 0)
        gpus: float = int(wanted)
        if gpus_per_trial is not None:
            gpus = gpus_per_trial / settings.workers
            if gpus < 0 or (gpus > 1 and not gpus.is_integer()):
                raise TrialError(
                    f"{gpus_per_trial:g} GPUs for {settings.workers} workers are {gpus:g} each; "
                    "give a whole number, or a part of one GPU"
                )
        share = cls(settings.threads_per_worker, gpus, settings.workers)
        if not share.slots(nodes):
            on = f" on {len(nodes)} nodes, and a worker's are on one" if len(nodes) > 1 else ""
            raise TrialError(
                f"a trial wants {share.workers} workers with {share.cpus} CPUs and {gpus:g} GPUs "
                f"each, but there are {cpus} CPUs and {there} GPUs{on}; "
                "lower train.workers or train.threads_per_worker, or set train.device to cpu"
            )
        return share

    def slots(self, nodes: Sequence[Resources]) -> int:
        """Return how many trials fit side by side, each worker on one node."""
        return sum(self._workers_on(node) for node in nodes) // self.workers

    def _workers_on(self, node: Resources) -> int:
        """Return how many workers fit on a node."""
        fits = int(node.get("CPU", 0)) // self.cpus
        if self.gpus:
            fits = min(fits, int(node.get("GPU", 0) / self.gpus + 1e-9))
        return fits

    def bundle(self) -> dict[str, float]:
        """Return what the process takes that starts the trial, in Ray's words.

        One that has workers beside it sits on the first node and takes no CPU.
        """
        return {HEAD: SLIVER} if self.workers > 1 else self._each()

    def scaling(self) -> ScalingConfig:
        """Return the workers in Ray's words; none means the process that starts them."""
        if self.workers == 1:
            return ScalingConfig(num_workers=0)
        return ScalingConfig(
            num_workers=self.workers, use_gpu=self.gpus > 0, resources_per_worker=self._each()
        )

    def _each(self) -> dict[str, float]:
        return {"CPU": self.cpus} | ({"GPU": self.gpus} if self.gpus else {})


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
