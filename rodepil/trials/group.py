"""What trials of every kind have in common, and a group of them that differ in the fold alone.

What is particular to a kind stands beside what it learns: `rodepil.trials.plan` of
cross-validations, `rodepil.trials.localize.plan` of localizations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

import pyarrow as pa

from rodepil.config.settings import StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.track.dataset import Dataset
from rodepil.trials.folder import TrialFolder
from rodepil.trials.task import AnySettings, AnyTrial

S = TypeVar("S", bound=AnySettings)
T = TypeVar("T", bound=AnyTrial)

GROUP = "group_"
"""Begins the name of a group's folder; a trial's is its id alone."""


@dataclass(frozen=True)
class FoldTrial(Generic[S]):
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
    store
        Where its features lie, which is no part of its identity.
    """

    id: str
    settings: S
    root: Path
    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    store: StoreSettings = field(default_factory=StoreSettings, kw_only=True)

    @property
    def workspace(self) -> Workspace:
        """Where the project's files lie."""
        return Workspace(self.root)

    @property
    def folder(self) -> TrialFolder:
        """The trial's own files."""
        return TrialFolder(self.workspace.trials / self.id)


@dataclass(frozen=True)
class FoldTrials(ABC, Generic[S, T]):
    """Trials that share all but the fold, and a parent run.

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
        Of what the trials work on, by name.
    datasets
        The clips of the group and of each trial, by their ids.
    """

    of_recordings: ClassVar[bool]
    """Whether its clips are cut from recordings, so that its lineage goes back to these."""

    name: str
    group: str
    folder: TrialFolder
    settings: S
    trials: tuple[T, ...]
    digests: dict[str, str]
    datasets: Mapping[str, tuple[Dataset, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        group: str,
        *,
        workspace: Workspace,
        settings: S,
        digests: dict[str, str],
        dealt: Mapping[T, tuple[Dataset, ...]],
    ) -> Self:
        """Return a group of trials.

        Parameters
        ----------
        name, group, settings, digests
            As the attributes are.
        workspace
            The project.
        dealt
            The trials in the order of their folds; of each all clips of the group, those that it
            learns from, and those that it is tested on.
        """
        datasets: dict[str, tuple[Dataset, ...]] = {}
        for trial, (whole, *sides) in dealt.items():
            datasets[trial.id], datasets[group] = tuple(sides), (whole,)
        folder = TrialFolder(workspace.trials / f"{GROUP}{group}")
        return cls(name, group, folder, settings, tuple(dealt), digests, datasets)

    @property
    @abstractmethod
    def tags(self) -> dict[str, str]:
        """What its runs are found by."""

    @property
    @abstractmethod
    def begun(self) -> dict[str, str]:
        """What its lineage says of it: control, first weights, and a task of its own."""


def subjects_in(rows: pa.Table) -> tuple[str, ...]:
    """Return who stands in a table with a column ``subject_id``, sorted, each once."""
    return tuple(sorted(set(rows.column("subject_id").to_pylist())))
