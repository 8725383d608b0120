"""A trial of a cross-validation: one fold to test, with all that a worker needs for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rodepil.store import training_view
from rodepil.store.views.base import View
from rodepil.train.trial import TrialSettings
from rodepil.trials.group import FoldTrial
from rodepil.trials.start import Start
from rodepil.trials.task import Told


@dataclass(frozen=True)
class Trial(FoldTrial[TrialSettings]):
    """One trial of a cross-validation.

    Attributes
    ----------
    start
        The weights that it starts from, if it does.
    snapshot
        The table of its features, absolute; None, the project's.
    """

    table: ClassVar[str] = "predictions"

    start: Start | None = None
    snapshot: Path | None = None

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
        where = f"fold {self.settings.fold} (trial {self.id})"
        return ", ".join([*particular(self.settings), where])


def particular(settings: TrialSettings) -> tuple[str, ...]:
    """Return what sets a cross-validation apart: its modality and its control, if anything."""
    words = ((settings.train.modality, "rgb"), (settings.control, "none"))
    return tuple(word for word, usual in words if word != usual)
