"""One trial: settings and two sets of clips in, predictions and a trained network out.

The result is always that of the last epoch. The test fold is scored after every epoch for the
curves alone; to choose the best epoch by it would be to train on the test fold.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from torch import nn

from rodepil.errors import TrainingError
from rodepil.models.registry import build
from rodepil.models.weights import Weights, start_from
from rodepil.store.clipset import ClipSet
from rodepil.train.checkpoint import CheckpointFolder, TrialState
from rodepil.train.compiling import named_compiler_errors, uncompiled
from rodepil.train.ending import is_over
from rodepil.train.learner import make_learner
from rodepil.train.loader import TrainingBatches
from rodepil.train.loop import score, train_epoch
from rodepil.train.loss import class_weights
from rodepil.train.memory import named_memory_errors
from rodepil.train.process import reproducible
from rodepil.train.result import EpochReport, TrialResult, judge, predictions
from rodepil.train.settings import TrialSettings, check_sides
from rodepil.train.step import rehearse
from rodepil.train.world import World
from rodepil.vision.normalize import MEAN, STD

__all__ = [
    "CheckpointFolder",
    "EpochReport",
    "TrialResult",
    "TrialSettings",
    "World",
    "run_trial",
]

CLASSES = 2
"""Labels of a `ClipSet`: 0 normal, 1 seizure."""


def run_trial(
    settings: TrialSettings,
    training: ClipSet,
    testing: ClipSet,
    *,
    trial_id: str,
    world: World,
    checkpoints: CheckpointFolder,
    on_epoch: Callable[[EpochReport], None],
    weights: Weights | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> TrialResult:
    """Train a network on one side of a split and score the other.

    A trial that was stopped goes on from its last checkpoint. On the CPU the result is then
    the same to the last bit, as it is when a trial is run twice.

    Parameters
    ----------
    settings
        The trial.
    training, testing
        The two sides of a `Split`.
    trial_id
        The trial's identity: the run_id of the predictions, and the mark of its checkpoints.
    world
        This worker; every worker of a trial calls this function with the same arguments else.
    checkpoints
        Where to go on from. Rank 0 reads and writes it, after each epoch.
    on_epoch
        Called on every worker after each epoch, before its checkpoint is written; after a
        kill in between, an epoch is reported twice with the same numbers.
    weights
        What the network starts from; None, random weights.
    clock
        Gives seconds.

    Raises
    ------
    ModelError
        The weights do not fit the network.
    TrainingError
        The clips do not fit the settings, a class is missing in training, a loss is not
        finite, memory runs out, the network can't be compiled as asked, or the checkpoints
        belong to another trial.
    SubjectLeak
        A subject stands on both sides.
    """
    check_sides(settings, training, testing)
    train = settings.train
    with (
        reproducible(world.device, train.threads_per_worker),
        named_memory_errors(train, world.size),
        named_compiler_errors(),
    ):
        trial = _Trial(settings, training, testing, trial_id=trial_id, world=world, weights=weights)
        return trial.run(checkpoints, on_epoch, clock)


class _Trial:
    """A trial at work."""

    def __init__(
        self,
        settings: TrialSettings,
        training: ClipSet,
        testing: ClipSet,
        *,
        trial_id: str,
        world: World,
        weights: Weights | None,
    ) -> None:
        self.settings, self.testing, self.trial_id, self.world = settings, testing, trial_id, world
        self.freeze = settings.control == "static"
        train = settings.train
        self.batches = TrainingBatches(training, CLASSES, train, world, freeze=self.freeze)
        module = build(settings.model, settings.features, classes=CLASSES, seed=train.seed)
        self.fit = start_from(module, weights, settings.model.embed_resize) if weights else None
        mean, std = (self.fit.mean, self.fit.std) if self.fit else (MEAN, STD)
        balance = class_weights(training.labels, CLASSES, train.class_weights)
        self.learner = make_learner(module, balance, train, world, mean=mean, std=std)
        self.history: list[EpochReport] = []

    def run(
        self,
        checkpoints: CheckpointFolder,
        on_epoch: Callable[[EpochReport], None],
        clock: Callable[[], float],
    ) -> TrialResult:
        """Do the epochs that are left."""
        self._take_up(checkpoints)
        rehearse(self.learner, self.batches)
        logits = None
        while not self._is_over():
            start, epoch = clock(), len(self.history)
            metrics = train_epoch(self.learner, self.batches, epoch)
            logits = score(self.learner, self.testing, freeze=self.freeze)
            metrics |= judge(logits, self.testing, self.learner.weights) | {
                "seconds": clock() - start
            }
            self.history.append(EpochReport(epoch, metrics))
            on_epoch(self.history[-1])
            if self.world.leads:
                checkpoints.save(self._state())
        if logits is None:
            logits = score(self.learner, self.testing, freeze=self.freeze)
        return TrialResult(
            predictions=predictions(
                logits, self.testing, trial_id=self.trial_id, fold=self.settings.fold
            ),
            model=self._kept(),
            history=self.history,
            seconds=sum(report.metrics["seconds"] for report in self.history),
            fit=self.fit,
        )

    def _is_over(self) -> bool:
        losses = [report.metrics["train_loss"] for report in self.history]
        return is_over(self.settings.train, losses)

    def _kept(self) -> nn.Module:
        """Return the network that the trial ends with, free of the training around it."""
        network = self.learner.scored.cpu().eval()
        return uncompiled(network) if self.settings.train.compile else network

    def _take_up(self, checkpoints: CheckpointFolder) -> None:
        """Go on from the last checkpoint, which rank 0 reads for all."""
        state = self.world.from_leader(checkpoints.load() if self.world.leads else None)
        if state is None:
            return
        if state.trial_id != self.trial_id:
            raise TrainingError(
                f"{checkpoints.folder} holds a checkpoint of trial {state.trial_id}, not of "
                f"{self.trial_id}; remove it or take another folder"
            )
        self.learner.module.load_state_dict(state.model)
        self.learner.optimizer.load_state_dict(state.optimizer)
        if self.learner.average is not None:
            self.learner.average.load_state_dict(state.average)
        self.history = [EpochReport(*item) for item in enumerate(state.history)]

    def _state(self) -> TrialState:
        average = self.learner.average
        return TrialState(
            trial_id=self.trial_id,
            model=self.learner.module.state_dict(),
            optimizer=self.learner.optimizer.state_dict(),
            average={} if average is None else average.state_dict(),
            history=[report.metrics for report in self.history],
        )
