"""What inside a worker of Ray trains a localizer."""

from __future__ import annotations

from contextlib import nullcontext

from rodepil.data.split import split_by_fold
from rodepil.io import tables
from rodepil.localize.card import LocalizerCard, save_localizer
from rodepil.localize.sequences import Sequences, sequences_of
from rodepil.localize.trial import LocalizeResult, run_trial
from rodepil.store import Manifest, open_store
from rodepil.train.result import EpochReport
from rodepil.train.world import World
from rodepil.trials.folder import Finished
from rodepil.trials.localize.measures import measures_of
from rodepil.trials.localize.trial import LocalizeTrial
from rodepil.trials.sampling import sampled


def localize(trial: LocalizeTrial, world: World) -> None:
    """Train a trial, going on from where it was left, and write what comes of it.

    Parameters
    ----------
    trial
        The trial, whose folder this worker holds.
    world
        The worker's place.
    """
    training, testing = load(trial)
    with sampled(trial.folder.path, world.device) if world.leads else nullcontext():
        result = run_trial(
            trial.settings,
            training,
            testing,
            trial_id=trial.id,
            world=world,
            checkpoints=trial.folder.checkpoints,
            on_epoch=trial.folder.add_epoch if world.leads else _say_nothing,
        )
    if world.leads:
        _write(trial, result, training)


def load(trial: LocalizeTrial) -> tuple[Sequences, Sequences]:
    """Return the trial's training and test clips, through the guard.

    Raises
    ------
    FeatureError
        The snapshot is of other clips or settings, or a feature can't be made again.
    TrainingError, AnnotationError
        Features or segments do not fit the clips.
    """
    workspace = trial.workspace
    clips = tables.read("clips", trial.clips)
    events = tables.read("events", workspace.units_events)
    folds = tables.read("folds", workspace.units_folds)
    split = split_by_fold(clips, folds, trial.settings.fold, by_label=False)
    store = open_store(trial.store, workspace, tables.read("features", trial.features))
    manifest = Manifest(clips, trial.clips.parent)
    view = trial.view
    training = store.dataset(view, split, "train", manifest=manifest)
    testing = store.dataset(view, split, "test", manifest=manifest)
    return (
        sequences_of(split.train, events, training, trial.settings),
        sequences_of(split.test, events, testing, trial.settings),
    )


def _say_nothing(report: EpochReport) -> None:
    """Leave it to rank 0 to write down an epoch, from where the driver reads it."""
    del report


def _write(trial: LocalizeTrial, result: LocalizeResult, training: Sequences) -> None:
    """Write what came of a trial, and last that it is done."""
    folder, settings, view = trial.folder, trial.settings, trial.view
    card = LocalizerCard.of(
        settings,
        trial_id=trial.id,
        learned_from={*training.subject_ids, *view.learned_from()},
        extractor_sha256=view.made_of().get("weights"),
    )
    save_localizer(folder.model, result.model, card)
    folder.write_detections(result.detections)
    folder.write_history(result.history)
    folder.finish(
        Finished(
            trial_id=trial.id,
            fold=settings.fold,
            metrics=measures_of(result.scores, result.frames),
            seconds=result.seconds,
        )
    )
