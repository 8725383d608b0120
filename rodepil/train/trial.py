"""One trial: settings and two sets of clips in, predictions and a trained network out.

The result is always that of the last epoch. The test fold is scored after every epoch for the
curves alone; to choose the best epoch by it would be to train on the test fold.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from torch import Tensor, nn

from rodepil.models.registry import build
from rodepil.models.weights import Weights, start_from
from rodepil.store.clipset import Clips
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.compiling import named_compiler_errors, uncompiled
from rodepil.train.course import Course
from rodepil.train.labels import permuted
from rodepil.train.learner import make_learner
from rodepil.train.loader import TrainingBatches
from rodepil.train.loop import score
from rodepil.train.loss import class_weights
from rodepil.train.measured import measured
from rodepil.train.memory import named_memory_errors
from rodepil.train.process import reproducible
from rodepil.train.result import EpochReport, TrialResult, judge, predictions
from rodepil.train.settings import TrialSettings, check_sides, check_start
from rodepil.train.world import World
from rodepil.vision.inputs import make_inputs
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
    training: Clips,
    testing: Clips,
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
        The weights do not fit the network, or are not given though the settings want some.
    TrainingError
        The clips do not fit the settings, a class is missing in training, a loss is not
        finite, memory runs out, the network can't be compiled as asked, or the checkpoints
        belong to another trial.
    SubjectLeak
        A subject stands on both sides.
    """
    check_sides(settings, training, testing)
    check_start(settings.model, weights)
    train = settings.train
    with (
        reproducible(world.device, train.threads_per_worker),
        named_memory_errors(train, world.size),
        named_compiler_errors(),
    ):
        trial = _Trial(settings, training, testing, world=world, weights=weights)
        course = Course(trial.learner, trial.batches, trial_id, checkpoints, clock)
        return trial.run(course, on_epoch)


class _Trial:
    """A trial at work."""

    def __init__(
        self,
        settings: TrialSettings,
        training: Clips,
        testing: Clips,
        *,
        world: World,
        weights: Weights | None,
    ) -> None:
        self.settings, self.testing = settings, testing
        train = settings.train
        if settings.control == "permuted":
            training = permuted(training, seed=train.seed, fold=settings.fold)
        self.inputs = make_inputs(
            settings.features, train.modality, train.flow, control=settings.control, seed=train.seed
        )
        self.batches = TrainingBatches(training, CLASSES, train, world, self.inputs)
        module = build(settings.model, settings.features, classes=CLASSES, seed=train.seed)
        self.fit = start_from(module, weights, settings.model.embed_resize) if weights else None
        mean, std = (self.fit.mean, self.fit.std) if self.fit else (MEAN, STD)
        if self.inputs.modality.of_motion:
            mean, std = measured(training, self.inputs, train.batch_size, world.device)
        balance = class_weights(training.labels, CLASSES, train.class_weights)
        self.learner = make_learner(module, balance, train, world, mean=mean, std=std)

    def run(self, course: Course, on_epoch: Callable[[EpochReport], None]) -> TrialResult:
        """Do the epochs that are left."""
        logits: list[Tensor] = []

        def judged() -> dict[str, float]:
            logits[:] = [score(self.learner, self.testing, self.inputs)]
            return judge(logits[0], self.testing, self.learner.weights)

        while not course.is_over:
            on_epoch(course.advance(judged))
            course.keep()
        if not logits:
            judged()
        return TrialResult(
            predictions=predictions(
                logits[0], self.testing, trial_id=course.identity, fold=self.settings.fold
            ),
            model=self._kept(),
            history=course.history,
            seconds=sum(report.metrics["seconds"] for report in course.history),
            fit=self.fit,
            mean=self.learner.mean,
            std=self.learner.std,
        )

    def _kept(self) -> nn.Module:
        """Return the network that the trial ends with, free of the training around it."""
        network = self.learner.scored.cpu().eval()
        return uncompiled(network) if self.settings.train.compile else network
