"""What running and recording know of trials, whatever is learned: clips' labels, or segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from rodepil.config.settings import StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.store.views.base import View
from rodepil.track.dataset import Dataset
from rodepil.trials.folder import TrialFolder


@dataclass(frozen=True)
class Told:
    """What a run is told at its end.

    Attributes
    ----------
    name
        The table's.
    table
        What the network said of the tested clips; figures are drawn of it.
    metrics
        Numbers by name.
    """

    name: str
    table: pa.Table
    metrics: Mapping[str, float] = field(default_factory=dict)


class AnyTraining(Protocol):
    """What a trial takes of a machine."""

    @property
    def device(self) -> str:
        """``auto``, ``cpu``, ``cuda`` or ``mps``."""

    @property
    def workers(self) -> int:
        """Processes that train together."""

    @property
    def threads_per_worker(self) -> int:
        """CPUs of each."""


class AnySettings(Protocol):
    """What makes a trial the trial that it is."""

    @property
    def fold(self) -> int:
        """The fold that is tested."""

    @property
    def data(self) -> str:
        """What the data are called."""

    @property
    def train(self) -> AnyTraining:
        """How it is trained."""

    def model_dump(self, *, mode: str = ..., exclude: Any = ...) -> dict[str, Any]:
        """Return all of it as a mapping."""


class AnyTrial(Protocol):
    """One trial, picklable."""

    @property
    def table(self) -> str:
        """What the table is called that it leaves, in its folder and in its run."""

    @property
    def id(self) -> str:
        """Its identity."""

    @property
    def settings(self) -> AnySettings:
        """What to train."""

    @property
    def epochs(self) -> int:
        """Epochs that it has when it is not stopped early."""

    @property
    def workspace(self) -> Workspace:
        """Where the project's files lie."""

    @property
    def folder(self) -> TrialFolder:
        """Its own files."""

    @property
    def store(self) -> StoreSettings:
        """Where its features lie."""

    @property
    def clips(self) -> Path:
        """The manifest of its clips."""

    @property
    def folds(self) -> Path:
        """The table of their folds."""

    @property
    def features(self) -> Path:
        """The table of its features."""

    @property
    def view(self) -> View:
        """What it learns from."""

    @property
    def train_subjects(self) -> tuple[str, ...]:
        """Who it learns from."""

    @property
    def test_subjects(self) -> tuple[str, ...]:
        """Who it is tested on."""

    def told(self) -> Told:
        """Return what a run is told of the finished trial."""


class AnyPlan(Protocol):
    """Trials that share all but the fold."""

    @property
    def name(self) -> str:
        """What people call it; those of its trials begin with it."""

    @property
    def group(self) -> str:
        """What the trials share, as a hash."""

    @property
    def folder(self) -> TrialFolder:
        """The group's own files."""

    @property
    def settings(self) -> AnySettings:
        """Those of the first trial; all but the fold are shared."""

    @property
    def trials(self) -> Sequence[AnyTrial]:
        """In the order of their folds."""

    @property
    def digests(self) -> Mapping[str, str]:
        """Of what it works on, by name."""

    @property
    def datasets(self) -> Mapping[str, tuple[Dataset, ...]]:
        """The clips of the group and of each trial, by their ids."""

    @property
    def tags(self) -> Mapping[str, str]:
        """What its runs are found by."""

    @property
    def begun(self) -> Mapping[str, str]:
        """What its lineage says of it: control, first weights, and a task of its own."""

    @property
    def of_recordings(self) -> bool:
        """Whether its clips are cut from recordings."""


class AnyFold(Protocol):
    """What came of one fold."""

    @property
    def trial(self) -> AnyTrial:
        """The trial."""


class AnyResult(Protocol):
    """What came of a plan."""

    @property
    def run_id(self) -> str:
        """The parent run."""

    @property
    def folds(self) -> Sequence[AnyFold]:
        """One a fold, in order."""

    def told(self) -> Told:
        """Return what the parent run is told."""

    def write(self, folder: Path, name: str) -> Path:
        """Write a record as ``name.json`` and its table beside it, and return the record."""
