"""One trial: settings and two sets of clips in, predictions and a trained network out.

The result is always that of the last epoch. The test fold is scored after every epoch for the
curves alone; to choose the best epoch by it would be to train on the test fold.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import torch

from rodepil.config.settings import (
    FeatureSettings,
    ModelSettings,
    NonNegative,
    Settings,
    TrainSettings,
)
from rodepil.errors import SubjectLeak, TrainingError
from rodepil.models.registry import build
from rodepil.store.clipset import ClipSet
from rodepil.train.checkpoint import CheckpointFolder, TrialState
from rodepil.train.loader import TrainingBatches
from rodepil.train.loop import Learner, rehearse, score, train_epoch
from rodepil.train.loss import CLASSES, class_weights
from rodepil.train.optim import make_optimizer
from rodepil.train.process import reproducible
from rodepil.train.result import EpochReport, TrialResult, judge, predictions
from rodepil.train.world import World

__all__ = [
    "CheckpointFolder",
    "EpochReport",
    "TrialResult",
    "TrialSettings",
    "World",
    "run_trial",
]


class TrialSettings(Settings):
    """What makes a trial the trial that it is; with the data's digests, its identity.

    ``control`` 'static' shows the middle frame of a clip in place of every frame, in training
    and in testing: what is learned then can be seen in one frame. ``data`` names the data for
    the report.
    """

    model: ModelSettings = ModelSettings()
    features: FeatureSettings = FeatureSettings()
    train: TrainSettings = TrainSettings()
    fold: NonNegative = 0
    control: Literal["none", "static"] = "none"
    data: str = "simulated"


def run_trial(
    settings: TrialSettings,
    training: ClipSet,
    testing: ClipSet,
    *,
    trial_id: str,
    world: World,
    checkpoints: CheckpointFolder,
    on_epoch: Callable[[EpochReport], None],
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
    clock
        Gives seconds.

    Raises
    ------
    TrainingError
        The clips do not fit the settings, a class is missing in training, a loss is not
        finite, memory runs out, or the checkpoints belong to another trial.
    SubjectLeak
        A subject stands on both sides.
    """
    _check(settings, training, testing)
    with reproducible(world.device, settings.train.threads_per_worker):
        try:
            return _Trial(settings, training, testing, trial_id, world).run(
                checkpoints, on_epoch, clock
            )
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"the device is out of memory with train.batch_size {settings.train.batch_size} "
                "a worker; lower it, or set train.precision to bf16"
            ) from error


class _Trial:
    """A trial at work."""

    def __init__(
        self,
        settings: TrialSettings,
        training: ClipSet,
        testing: ClipSet,
        trial_id: str,
        world: World,
    ) -> None:
        self.settings, self.testing, self.trial_id, self.world = settings, testing, trial_id, world
        self.freeze = settings.control == "static"
        self.batches = TrainingBatches(training, settings.train, world, freeze=self.freeze)
        module = build(
            settings.model, settings.features, classes=CLASSES, seed=settings.train.seed
        ).to(world.device)
        self.learner = Learner(
            module=module,
            parallel=world.parallel(module),
            optimizer=make_optimizer(module.parameters(), settings.train, world.device),
            weights=class_weights(training.labels, settings.train.class_weights, CLASSES),
            settings=settings.train,
            world=world,
        )
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
        for epoch in range(len(self.history), self.settings.train.epochs):
            start = clock()
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
            model=self.learner.module.cpu().eval(),
            history=self.history,
            seconds=sum(report.metrics["seconds"] for report in self.history),
        )

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
        self.history = [EpochReport(*item) for item in enumerate(state.history)]

    def _state(self) -> TrialState:
        return TrialState(
            trial_id=self.trial_id,
            model=self.learner.module.state_dict(),
            optimizer=self.learner.optimizer.state_dict(),
            history=[report.metrics for report in self.history],
        )


def _check(settings: TrialSettings, training: ClipSet, testing: ClipSet) -> None:
    """Refuse sets that can't make a trial."""
    size_px = settings.features.size_px
    wanted = (settings.features.frames, 3, size_px, size_px)
    for side, clips in (("training", training), ("testing", testing)):
        if not len(clips.labels):
            raise TrainingError(
                f"the {side} set of fold {settings.fold} is empty; make other folds"
            )
        if tuple(clips.frames.shape[1:]) != wanted or clips.frames.dtype != torch.uint8:
            raise TrainingError(
                f"the {side} set holds {clips.frames.dtype} of shape "
                f"{tuple(clips.frames.shape[1:])}, but the settings want uint8 of {wanted}; "
                "make the features again (dvc repro features)"
            )
    shared = sorted(set(training.subject_ids) & set(testing.subject_ids))
    if shared:
        raise SubjectLeak(
            f"subjects {shared} are on both sides of fold {settings.fold}; "
            "take both sets from a Split, after 'rodepil folds make'"
        )
