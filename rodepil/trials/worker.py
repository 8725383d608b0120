"""What runs inside a worker of Ray Train: one rank of one trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext

import ray
import ray.train
import ray.train.torch
import torch

from rodepil.data.split import split_by_fold
from rodepil.errors import RodepilError
from rodepil.io import tables
from rodepil.models.card import ModelCard, save_model
from rodepil.models.weights import Weights
from rodepil.store import Manifest, open_store, training_view
from rodepil.store.clipset import Clips
from rodepil.store.loading import keep
from rodepil.train.metrics import measure
from rodepil.train.result import EpochReport, TrialResult
from rodepil.train.trial import run_trial
from rodepil.train.world import World, choose_device
from rodepil.trials.folder import Finished
from rodepil.trials.localize.trial import LocalizeTrial
from rodepil.trials.localize.worker import localize
from rodepil.trials.sampling import sampled
from rodepil.trials.task import AnyTraining
from rodepil.trials.trial import Trial


def train_one(config: Mapping[str, Trial | LocalizeTrial]) -> None:
    """Train the trial under the key ``trial``, going on from where it was left.

    Rank 0 holds the trial's folder and writes its files; `finished.json` is the last. What a user
    has to mend is written there as well and not raised, for Ray would only start the same again.
    With several workers it is raised: the others wait for this one, and Ray ends them all.
    """
    trial = config["trial"]
    world = _world(trial.settings.train)
    try:
        with trial.folder.claimed() if world.leads else nullcontext():
            _begin(trial, world)
    except RodepilError as error:
        if world.size > 1:
            raise
        trial.folder.write_error(str(error))


def _begin(trial: Trial | LocalizeTrial, world: World) -> None:
    if world.from_leader(trial.folder.finished() is not None):
        return  # a retry of a worker that died after its last word
    if isinstance(trial, LocalizeTrial):
        localize(trial, world)
    else:
        _train(trial, world)


def _train(trial: Trial, world: World) -> None:
    training, testing = load(trial, world.device)
    weights = trial.start.load() if trial.start else None
    with sampled(trial.folder.path, world.device) if world.leads else nullcontext():
        result = run_trial(
            trial.settings,
            training,
            testing,
            trial_id=trial.id,
            world=world,
            checkpoints=trial.folder.checkpoints,
            on_epoch=trial.folder.add_epoch if world.leads else _say_nothing,
            weights=weights,
        )
    if world.leads:
        _write(trial, result, learned_from(training.subject_ids, weights))


def load(trial: Trial, device: torch.device) -> tuple[Clips, Clips]:
    """Return the trial's training and test clips, through the guard.

    They are kept on the device where they fit.
    """
    workspace = trial.workspace
    clips = tables.read("clips", workspace.clips)
    split = split_by_fold(clips, tables.read("folds", workspace.folds), trial.settings.fold)
    features = tables.read("features", trial.features)
    store = open_store(trial.store, workspace, features)
    view = training_view(trial.settings.features)
    manifest = Manifest(clips, workspace.clips.parent)
    training = store.dataset(view, split, "train", manifest=manifest)
    testing = store.dataset(view, split, "test", manifest=manifest)
    return keep(training, device), keep(testing, device)


def learned_from(subjects: Iterable[str], weights: Weights | None) -> tuple[str, ...] | None:
    """Return the subjects that a network knows, sorted: those it was trained on, here and before.

    Parameters
    ----------
    subjects
        Of the training clips.
    weights
        What training started from; where nothing tells what they learned from, neither does this.
    """
    before = weights.note.learned_from if weights else ()
    return None if before is None else tuple(sorted({*subjects, *before}))


def _world(settings: AnyTraining) -> World:
    """Return this worker's place, with the GPU that Ray gave it if it gave one."""
    torch.set_num_threads(settings.threads_per_worker)
    if ray.get_gpu_ids():
        device = torch.device("cuda", 0)
    else:
        # A GPU that torch sees and Ray did not give belongs to someone else.
        best = "mps" if torch.backends.mps.is_available() else "cpu"
        device = choose_device(best if settings.device == "auto" else settings.device)
    if settings.workers == 1:  # the process of Ray Tune itself, where Ray Train tells no place
        return World(rank=0, size=1, device=device, local=0)
    context = ray.train.get_context()
    if device.type == "cuda":
        device = ray.train.torch.get_device()
    return World(
        rank=context.get_world_rank(),
        size=context.get_world_size(),
        device=device,
        local=context.get_local_rank(),
    )


def _say_nothing(report: EpochReport) -> None:
    """Leave it to rank 0 to write down an epoch, from where the driver reads it.

    Ray is not told: `ray.train.report` holds every worker until the driver has looked.
    """
    del report


def _write(trial: Trial, result: TrialResult, learned_from: tuple[str, ...] | None) -> None:
    """Write what came of a trial, and last that it is done."""
    folder, settings = trial.folder, trial.settings
    card = ModelCard(
        model=settings.model,
        features=settings.features,
        control=settings.control,
        started_from=str(result.fit or ""),
        data=settings.data,
        trial_id=trial.id,
        learned_from=learned_from,
        modality=settings.train.modality,
        flow=settings.train.flow,
        mean=result.mean,
        std=result.std,
    )
    save_model(folder.model, result.model, card)
    folder.write_predictions(result.predictions)
    folder.write_history(result.history)
    columns = (result.predictions.column(name).to_numpy() for name in ("label", "score"))
    folder.finish(
        Finished(
            trial_id=trial.id,
            fold=settings.fold,
            metrics=measure(*columns).as_dict(),
            seconds=result.seconds,
        )
    )
