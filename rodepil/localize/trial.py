"""One trial: settings and two sets of sequences in, found segments and a trained network out.

The result is always that of the last epoch. The test fold is scored after every `score_every`
epochs for the curves alone; to choose the best epoch by it would be to train on the test fold.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import torch

from rodepil.errors import TrainingError
from rodepil.localize.batches import LocalizeBatches
from rodepil.localize.learner import make_learner
from rodepil.localize.localizer import Finder
from rodepil.localize.score import Scores, score
from rodepil.localize.sequences import Sequences, shuffled
from rodepil.localize.settings import LocalizeTrialSettings, check_sides
from rodepil.models.raseformer.network import Raseformer
from rodepil.scoring import FrameScores, MeanAveragePrecision
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.process import reproducible
from rodepil.train.result import EpochReport
from rodepil.train.world import World

__all__ = [
    "CheckpointFolder",
    "EpochReport",
    "LocalizeResult",
    "LocalizeTrialSettings",
    "World",
    "run_trial",
]


@dataclass(frozen=True)
class LocalizeResult:
    """What a trial ends with.

    Attributes
    ----------
    detections
        Table ``events``: what was found in the test fold, clip by clip, each clip's best first.
    scores
        AP by class and threshold, and mAP.
    frames
        Frame-wise accuracy and edit score.
    model
        The trained network, on the CPU, in evaluation mode.
    history
        One report an epoch, those of earlier sittings included.
    seconds
        Time in all epochs.
    """

    detections: pa.Table
    scores: MeanAveragePrecision
    frames: FrameScores
    model: Raseformer
    history: list[EpochReport]
    seconds: float

    @property
    def parameters(self) -> int:
        """Numbers that the network learned."""
        return sum(parameter.numel() for parameter in self.model.parameters())


def run_trial(
    settings: LocalizeTrialSettings,
    training: Sequences,
    testing: Sequences,
    *,
    trial_id: str,
    world: World,
    checkpoints: CheckpointFolder,
    on_epoch: Callable[[EpochReport], None],
    clock: Callable[[], float] = time.perf_counter,
) -> LocalizeResult:
    """Train a localizer on one side of a split and score the other.

    A trial that was stopped goes on from its last checkpoint. On the CPU the result is then the
    same to the last bit, as it is when a trial is run twice.

    Parameters
    ----------
    settings
        The trial.
    training, testing
        The two sides of a `Split`.
    trial_id
        The trial's identity: the mark of its checkpoints.
    world
        This worker, the only one.
    checkpoints
        Where to go on from; written after each epoch.
    on_epoch
        Called after each epoch, before its checkpoint is written; after a kill in between, an
        epoch is reported twice with the same numbers.
    clock
        Gives seconds.

    Raises
    ------
    TrainingError
        A set is empty or does not fit the settings, there is more than one worker, a loss is not
        finite, memory runs out, or the checkpoints belong to another trial.
    SubjectLeak
        A subject stands on both sides.
    """
    check_sides(settings, training, testing)
    if world.size != 1:
        raise TrainingError(
            f"a trial of localization with {world.size} workers; set localize.train.workers to 1"
        )
    with (
        reproducible(world.device, settings.recipe.threads_per_worker),
        _named_memory_errors(settings.recipe.batch_size),
    ):
        trial = _Trial(settings, training, testing, world.device)
        trial.take_up(checkpoints, trial_id)
        return trial.run(checkpoints, trial_id, on_epoch, clock)


class _Trial:
    """A trial at work."""

    def __init__(
        self,
        settings: LocalizeTrialSettings,
        training: Sequences,
        testing: Sequences,
        device: torch.device,
    ) -> None:
        self.settings, self.testing = settings, testing
        if settings.variant == "shuffled":
            training = shuffled(training, seed=settings.recipe.seed, fold=settings.fold)
        self.batches = LocalizeBatches(training, settings, device)
        self.learner = make_learner(settings, device)
        self.history: list[EpochReport] = []

    def take_up(self, checkpoints: CheckpointFolder, trial_id: str) -> None:
        """Go on from the last checkpoint, if there is one."""
        state = checkpoints.load()
        if state is None:
            return
        if state.trial_id != trial_id:
            raise TrainingError(
                f"{checkpoints.folder} holds a checkpoint of trial {state.trial_id}, not of "
                f"{trial_id}; remove it or take another folder"
            )
        self.learner.load(state)
        self.history = [EpochReport(*item) for item in enumerate(state.history)]

    def run(
        self,
        checkpoints: CheckpointFolder,
        trial_id: str,
        on_epoch: Callable[[EpochReport], None],
        clock: Callable[[], float],
    ) -> LocalizeResult:
        """Do the epochs that are left."""
        scores: Scores | None = None
        while len(self.history) < self.settings.epochs:
            start, epoch = clock(), len(self.history)
            metrics = self.learner.epoch(self.batches, epoch)
            done = epoch + 1
            if done % self.settings.recipe.score_every == 0 or done == self.settings.epochs:
                scores = self._scores()
                metrics |= scores.metrics()
            metrics["seconds"] = clock() - start
            self.history.append(EpochReport(epoch, metrics))
            on_epoch(self.history[-1])
            history = [report.metrics for report in self.history]
            checkpoints.save(self.learner.state(trial_id, history))
        return self._result(scores or self._scores())

    def _scores(self) -> Scores:
        settings = self.settings
        finder = Finder(self.learner.scored, settings.segments, settings.grid, settings.labels)
        return score(finder, self.testing, settings.tious)

    def _result(self, scores: Scores) -> LocalizeResult:
        return LocalizeResult(
            detections=scores.detections,
            scores=scores.precision,
            frames=scores.frames,
            model=copy.deepcopy(self.learner.scored).cpu().eval(),
            history=self.history,
            seconds=sum(report.metrics["seconds"] for report in self.history),
        )


@contextmanager
def _named_memory_errors(batch_size: int) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"the device is out of memory with localize.train.batch_size {batch_size}; lower it, "
            "set localize.train.precision to bf16, or take a smaller localize.network"
        ) from error
