"""What a trial takes of a cluster, and how many fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rodepil.errors import TrialError
from rodepil.trials.limits import Resources
from rodepil.trials.task import AnyTraining

if TYPE_CHECKING:
    from ray.train import ScalingConfig

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
        from ray.train import ScalingConfig  # noqa: PLC0415 - takes seconds, and a dry run none

        if self.workers == 1:
            return ScalingConfig(num_workers=0)
        return ScalingConfig(
            num_workers=self.workers, use_gpu=self.gpus > 0, resources_per_worker=self._each()
        )

    def _each(self) -> dict[str, float]:
        return {"CPU": self.cpus} | ({"GPU": self.gpus} if self.gpus else {})
