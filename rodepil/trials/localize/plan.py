"""The trials of a localization, with all that a worker needs to run one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.origin import units_data_name
from rodepil.config.settings import ProjectSettings, StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, events_digest, folds_digest
from rodepil.data.split import split_by_fold
from rodepil.errors import FoldError
from rodepil.io import tables
from rodepil.localize.settings import LocalizeTrialSettings, Variant
from rodepil.models.sequence import sequence_view
from rodepil.store.views.base import View
from rodepil.track.dataset import Dataset
from rodepil.trials.folder import TrialFolder
from rodepil.trials.localize.datasets import units_of
from rodepil.trials.localize.identity import localize_group_id, localize_trial_id
from rodepil.trials.localize.measures import recorded
from rodepil.trials.task import Told

TESTED = 0
"""The fold of the given split's testing side, the only one that it tests."""


@dataclass(frozen=True)
class LocalizeTrial:
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
    train_clips, test_clips
        How many clips do.
    store
        Where its features lie, which is no part of its identity.
    """

    table: ClassVar[str] = "detections"

    id: str
    settings: LocalizeTrialSettings
    root: Path
    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    train_clips: int
    test_clips: int
    store: StoreSettings = field(default_factory=StoreSettings)

    @property
    def workspace(self) -> Workspace:
        """Where the project's files lie."""
        return Workspace(self.root)

    @property
    def folder(self) -> TrialFolder:
        """The trial's own files."""
        return TrialFolder(self.workspace.trials / self.id)

    @property
    def clips(self) -> Path:
        """The manifest of its clips."""
        return self.workspace.units_clips

    @property
    def folds(self) -> Path:
        """The table of their folds."""
        return self.workspace.units_folds

    @property
    def features(self) -> Path:
        """The table of its features."""
        return self.workspace.units_features

    @property
    def view(self) -> View:
        """What it learns from."""
        return sequence_view(self.settings.sequence, self.root)

    @property
    def epochs(self) -> int:
        """Epochs in all, those of the warm-up too."""
        return self.settings.epochs

    def told(self) -> Told:
        """Return what a run is told of the finished trial."""
        done = self.folder.finished()
        metrics = recorded(done.metrics) if done else {}
        return Told(self.table, self.folder.detections(), metrics)

    def __str__(self) -> str:
        return f"{self.settings.variant}, fold {self.settings.fold} (trial {self.id})"


@dataclass(frozen=True)
class LocalizePlan:
    """The trials of one localization.

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
        Of clips, events, folds and view, by name.
    datasets
        The clips of the group and of each trial, by their ids.
    """

    name: str
    group: str
    folder: TrialFolder
    settings: LocalizeTrialSettings
    trials: tuple[LocalizeTrial, ...]
    digests: dict[str, str]
    datasets: Mapping[str, tuple[Dataset, ...]] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """What its runs are found by."""
        settings = self.settings
        return {
            "task": "localize",
            "variant": settings.variant,
            "split": settings.ratseizure.split,
            "data": settings.data,
        }


@dataclass(frozen=True)
class _Units:
    """Clips of action units as they lie in a project."""

    clips: pa.Table
    events: pa.Table
    folds: pa.Table

    @classmethod
    def read(cls, workspace: Workspace) -> _Units:
        return cls(
            tables.read("clips", workspace.units_clips),
            tables.read("events", workspace.units_events),
            tables.read("folds", workspace.units_folds),
        )

    def digests(self) -> dict[str, str]:
        return {
            "clips": clips_digest(self.clips),
            "events": events_digest(self.events),
            "folds": folds_digest(self.folds),
        }


def localize_settings(
    settings: ProjectSettings, *, fold: int = 0, variant: Variant = "raseformer"
) -> LocalizeTrialSettings:
    """Return what makes the trial of a fold, of a project's settings."""
    return LocalizeTrialSettings.of(
        settings.localize,
        ratseizure=settings.ratseizure,
        sequence=settings.sequence,
        fold=fold,
        variant=variant,
        data=units_data_name(settings),
    )


def title_of(variant: Variant) -> str:
    """Return what a localization is called: what is particular about it, if anything."""
    return "localization" if variant == "raseformer" else f"localization, {variant}"


def plan_localization(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    variant: Variant = "raseformer",
    folds: Sequence[int] | None = None,
    name: str | None = None,
) -> LocalizePlan:
    """Return the trials of a localization, each split checked by the guard.

    Parameters
    ----------
    settings, workspace
        The project.
    variant
        The model itself, or what it is compared with.
    folds
        Folds to test; by default the testing side of the given split, or all of a split by
        subject.
    name
        What to call it, by default after what is particular about it.

    Raises
    ------
    ModelError
        The network that makes the sequences is missing.
    TableError
        A table of the clips is missing or broken.
    FoldError, SubjectLeak
        The fold table does not fit the clips or the split, has no such fold, or leaks.
    """
    units = _Units.read(workspace)
    numbers = _tested(settings, units.folds, folds, workspace)
    view = sequence_view(settings.sequence, workspace.root)
    digests = {**units.digests(), "view": view.identity()}
    shared = localize_settings(settings, fold=numbers[0], variant=variant)
    group = localize_group_id(shared, digests)
    trials: list[LocalizeTrial] = []
    datasets: dict[str, tuple[Dataset, ...]] = {}
    for fold in numbers:
        own = shared.model_copy(update={"fold": fold})
        split = split_by_fold(units.clips, units.folds, fold, by_label=False)
        trial = LocalizeTrial(
            id=localize_trial_id(own, digests),
            settings=own,
            root=workspace.root,
            train_subjects=_subjects(split.train),
            test_subjects=_subjects(split.test),
            train_clips=split.train.num_rows,
            test_clips=split.test.num_rows,
            store=settings.store,
        )
        trials.append(trial)
        whole, *sides = units_of(split, units.events, digests, workspace)
        datasets[trial.id], datasets[group] = tuple(sides), (whole,)
    folder = TrialFolder(workspace.trials / f"group_{group}")
    title = name or title_of(variant)
    return LocalizePlan(title, group, folder, shared, tuple(trials), digests, datasets)


def _tested(
    settings: ProjectSettings,
    dealt: pa.Table,
    folds: Sequence[int] | None,
    workspace: Workspace,
) -> list[int]:
    """Return the folds to test, in order.

    Raises
    ------
    FoldError
        There is none, or the split does not test one that is asked for.
    """
    there = sorted(pc.unique(dealt.column("fold")).to_pylist())
    split = settings.ratseizure.split
    tested = [fold for fold in there if split == "subject" or fold == TESTED]
    if not tested:
        raise FoldError(
            f"{workspace.units_folds} has no fold to test under the split '{split}', only {there}; "
            "make it again (dvc repro units_clips)"
        )
    wanted = sorted(set(tested if folds is None else folds))
    unknown = sorted(set(wanted) - set(tested))
    if unknown or not wanted:
        which = f"fold {unknown[0]}" if unknown else "no fold at all"
        raise FoldError(
            f"{which} is asked for, and the split '{split}' of {workspace.units_folds} tests "
            f"{tested}; choose of these, or set ratseizure.split=subject"
        )
    return wanted


def _subjects(rows: pa.Table) -> tuple[str, ...]:
    return tuple(sorted(set(rows.column("subject_id").to_pylist())))
