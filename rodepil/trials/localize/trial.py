"""A trial of a localization: one fold to test, with all that a worker needs for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.sequence import sequence_view
from rodepil.store.views.base import View
from rodepil.trials.group import FoldTrial
from rodepil.trials.localize.measures import recorded
from rodepil.trials.task import Told


@dataclass(frozen=True)
class LocalizeTrial(FoldTrial[LocalizeTrialSettings]):
    """One trial of a localization.

    Attributes
    ----------
    train_clips, test_clips
        How many clips stand on either side.
    """

    table: ClassVar[str] = "detections"

    train_clips: int
    test_clips: int

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
