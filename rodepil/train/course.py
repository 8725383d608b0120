"""The epochs of a training: each is kept when it is done, and the next goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable

from rodepil.errors import TrainingError
from rodepil.train.checkpoint import CheckpointFolder, TrialState
from rodepil.train.ending import is_over
from rodepil.train.learner import Learner
from rodepil.train.loader import Batches
from rodepil.train.loop import train_epoch
from rodepil.train.result import EpochReport
from rodepil.train.step import rehearse


class Course:
    """A learner on its way through the epochs.

    Parameters
    ----------
    learner
        What learns, with its first weights.
    batches
        What it learns from.
    identity
        The mark of its checkpoints.
    checkpoints
        Where to go on from. Rank 0 reads and writes it.
    clock
        Gives seconds.

    Raises
    ------
    TrainingError
        The checkpoints can't be read, or belong to another training.
    """

    def __init__(
        self,
        learner: Learner,
        batches: Batches,
        identity: str,
        checkpoints: CheckpointFolder,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.learner, self.batches, self.identity = learner, batches, identity
        self.checkpoints, self.clock = checkpoints, clock
        self.history: list[EpochReport] = []
        self._take_up()
        rehearse(learner, batches)

    @property
    def is_over(self) -> bool:
        """Whether no epoch is left."""
        losses = [report.metrics["train_loss"] for report in self.history]
        return is_over(self.learner.settings, losses)

    def advance(self, judge: Callable[[], dict[str, float]]) -> EpochReport:
        """Train an epoch and return what is known of it; `keep` then writes it down.

        Parameters
        ----------
        judge
            Measures the network after the epoch; its numbers join those of the training.
        """
        start, epoch = self.clock(), len(self.history)
        metrics = train_epoch(self.learner, self.batches, epoch) | judge()
        self.history.append(EpochReport(epoch, metrics | {"seconds": self.clock() - start}))
        return self.history[-1]

    def keep(self) -> None:
        """Write the checkpoint of the epochs so far, on rank 0."""
        if not self.learner.world.leads:
            return
        average = self.learner.average
        self.checkpoints.save(
            TrialState(
                trial_id=self.identity,
                model=self.learner.module.state_dict(),
                optimizer=self.learner.optimizer.state_dict(),
                average={} if average is None else average.state_dict(),
                history=[report.metrics for report in self.history],
            )
        )

    def _take_up(self) -> None:
        """Go on from the last checkpoint, which rank 0 reads for all."""
        world = self.learner.world
        state = world.from_leader(self.checkpoints.load() if world.leads else None)
        if state is None:
            return
        if state.trial_id != self.identity:
            raise TrainingError(
                f"{self.checkpoints.folder} holds a checkpoint of trial {state.trial_id}, not of "
                f"{self.identity}; remove it or take another folder"
            )
        self.learner.module.load_state_dict(state.model)
        self.learner.optimizer.load_state_dict(state.optimizer)
        if self.learner.average is not None:
            self.learner.average.load_state_dict(state.average)
        self.history = [EpochReport(*item) for item in enumerate(state.history)]
