"""The trials of a cross-validation, with all that a worker needs to run one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.controls import Control
from rodepil.config.settings import ModelSettings, ProjectSettings, StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, folds_digest
from rodepil.data.origin import data_of
from rodepil.data.split import split_by_fold
from rodepil.errors import SettingError
from rodepil.io import tables
from rodepil.store import training_view
from rodepil.store.views.base import View
from rodepil.track.dataset import Dataset
from rodepil.train.trial import TrialSettings
from rodepil.trials.datasets import sides, whole
from rodepil.trials.folder import TrialFolder
from rodepil.trials.identity import group_id, trial_id
from rodepil.trials.start import Start, find_start
from rodepil.trials.task import Told
from rodepil.vision.inputs import make_inputs


@dataclass(frozen=True)
class Trial:
    """One trial: picklable, and enough for a worker anywhere that sees the project's folder.

    Attributes
    ----------
    id
        Its identity.
    settings
        What to train.
    root
        The project's folder, absolute.
    train_subjects, test_subjects
        Who stands on either side.
    start
        The weights that it starts from, if it does.
    store
        Where its features lie, which is no part of its identity.
    snapshot
        The table of its features, absolute; None, the project's.
    """

    table: ClassVar[str] = "predictions"

    id: str
    settings: TrialSettings
    root: Path
    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    start: Start | None = None
    store: StoreSettings = field(default_factory=StoreSettings)
    snapshot: Path | None = None

    @property
    def workspace(self) -> Workspace:
        """Where the project's files lie."""
        return Workspace(self.root)

    @property
    def folder(self) -> TrialFolder:
        """The trial's own files."""
        return TrialFolder(self.workspace.trials / self.id)

    @property
    def features(self) -> Path:
        """The table of its features."""
        return self.snapshot or self.workspace.features

    @property
    def clips(self) -> Path:
        """The manifest of its clips."""
        return self.workspace.clips

    @property
    def folds(self) -> Path:
        """The table of their folds."""
        return self.workspace.folds

    @property
    def view(self) -> View:
        """What it learns from."""
        return training_view(self.settings.features)

    @property
    def epochs(self) -> int:
        """Epochs that it has when it is not stopped early."""
        return self.settings.train.epochs

    def told(self) -> Told:
        """Return what a run is told of the finished trial."""
        return Told(self.table, self.folder.predictions())

    def __str__(self) -> str:
        return f"fold {self.settings.fold} (trial {self.id})"


@dataclass(frozen=True)
class Plan:
    """The trials of one cross-validation.

    Attributes
    ----------
    name
        What people call it; those of its trials begin with it.
    group
        What the trials share, as a hash.
    folder
        The group's own files.
    settings
        Those of the first trial; all but the fold are shared.
    trials
        In the order of their folds.
    digests
        Of clips, folds, view, and pretrained weights if there are any, by name.
    datasets
        The clips of the group and of each trial, by their ids.
    """

    name: str
    group: str
    folder: TrialFolder
    settings: TrialSettings
    trials: tuple[Trial, ...]
    digests: dict[str, str]
    datasets: Mapping[str, tuple[Dataset, ...]] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """What its runs are found by."""
        return {
            "control": self.settings.control,
            "modality": self.settings.train.modality,
            "data": self.settings.data,
        }


def title_of(settings: TrialSettings) -> str:
    """Return what a cross-validation is called: what is particular about it, if anything."""
    particular = (
        settings.train.modality if settings.train.modality != "rgb" else "",
        settings.control if settings.control != "none" else "",
    )
    return ", ".join(["cross-validation", *filter(None, particular)])


def make_plan(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    control: Control = "none",
    folds: Sequence[int] | None = None,
    name: str | None = None,
    snapshot: Path | None = None,
) -> Plan:
    """Return the trials of a cross-validation, each split checked by the guard.

    Parameters
    ----------
    settings, workspace
        The project.
    control
        What it goes without (`rodepil.config.controls`).
    folds
        Folds to test; by default all.
    name
        What to call it, by default after what is particular about it.
    snapshot
        The table of its features, by default the project's.

    Raises
    ------
    SettingError
        There is no such modality, or one frame shall show motion; or the control can't be had of
        such clips, or leaves out what is not there.
    ModelError
        The pretrained weights are missing; it says where to get them.
    TableError
        The clips or folds table is missing or broken.
    FoldError, SubjectLeak
        The fold table does not fit the clips, has no such fold, or leaks.
    """
    train = settings.train
    make_inputs(settings.features, train.modality, train.flow, control=control)  # or refuses
    clips = tables.read("clips", workspace.clips)
    dealt = tables.read("folds", workspace.folds)
    numbers = sorted(set(pc.unique(dealt.column("fold")).to_pylist() if folds is None else folds))
    digests = {
        "clips": clips_digest(clips),
        "folds": folds_digest(dealt),
        "view": training_view(settings.features).identity(),
    }
    model = _model(settings.model, control)
    start = find_start(model, workspace)
    if start:
        digests["weights"] = start.digest
    shared = TrialSettings(
        model=model,
        features=settings.features,
        train=settings.train,
        control=control,
        data=data_of(settings, workspace),
    )
    group = group_id(shared, digests)
    trials: list[Trial] = []
    datasets: dict[str, tuple[Dataset, ...]] = {}
    for fold in numbers:
        settings_of = shared.model_copy(update={"fold": fold})
        split = split_by_fold(clips, dealt, fold)
        trial = Trial(
            id=trial_id(settings_of, digests),
            settings=settings_of,
            root=workspace.root,
            start=start,
            store=settings.store,
            snapshot=snapshot,
            train_subjects=_subjects(split.train),
            test_subjects=_subjects(split.test),
        )
        trials.append(trial)
        datasets[trial.id] = sides(split, digests, workspace)
        datasets[group] = (whole(split, digests, workspace),)
    folder = TrialFolder(workspace.trials / f"group_{group}")
    title = name or title_of(shared)
    return Plan(title, group, folder, shared, tuple(trials), digests, datasets)


def _model(settings: ModelSettings, control: Control) -> ModelSettings:
    """Return the network of a cross-validation under `control`."""
    if control != "scratch":
        return settings
    if settings.pretrained == "none":
        raise SettingError(
            "the control 'scratch' leaves pretrained weights out, and model.pretrained is 'none': "
            "the cross-validation itself starts from random ones"
        )
    return settings.model_copy(update={"pretrained": "none", "weights": None})


def _subjects(rows: pa.Table) -> tuple[str, ...]:
    return tuple(sorted(set(rows.column("subject_id").to_pylist())))
