"""What localization wrote down, as the report reads it.

C classes, K thresholds of tIoU.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Final

import pyarrow as pa
from pydantic import Field

from rodepil.config.base import Settings
from rodepil.config.localize import LocalizeSettings, RatSeizureSettings, SequenceSettings
from rodepil.report.localize.data import UnitData
from rodepil.scoring import video_key
from rodepil.statistics.intervals import Estimate
from rodepil.statistics.localized import Localized, Replicates, by_class
from rodepil.statistics.matched import Matched, match
from rodepil.statistics.scored import Floats

RESULT: Final = "raseformer"
VIDEO: Final = ("recording_id", "position")
"""Columns by which a video is told, see `rodepil.scoring.video_key`."""

MODELS: Final[Mapping[str, str]] = {
    RESULT: "RaSeformer (top-K)",
    "dense": "Dense local attention (ActionFormer's)",
    "shuffled": "RaSeformer, segments shuffled",
}
"""What is trained, in the order of the report, and what it is called."""

SHORT: Final[Mapping[str, str]] = {RESULT: "top-K", "dense": "dense", "shuffled": "shuffled"}

DETECTORS: Final[Mapping[str, str]] = {
    "yolo": "YOLO (tiny)",
    "motion": "Motion",
    "fixed": "The whole cage",
}
"""What finds the animal of a cage, in the order of the report, and what it is called."""


class LocalizedWith(Settings, extra="ignore"):
    """The settings that every trial of a run shares."""

    ratseizure: RatSeizureSettings
    sequence: SequenceSettings
    localize: LocalizeSettings


class LocalizeTrialRecord(Settings, extra="ignore"):
    """One trial: a fold, and what came of it; shares in [0, 1].

    ``map`` is mAP by threshold, ``ap`` AP by class and threshold; None where a class has no
    truth.
    """

    fold: int
    trial_id: str
    run_id: str | None
    seconds: float
    train_clips: int
    test_clips: int
    map: dict[str, float]
    mean_map: float
    ap: dict[str, dict[str, float | None]]
    frame_accuracy: float
    edit_score: float
    history: tuple[dict[str, float | None], ...]


class LocalizeRecord(Settings, extra="ignore"):
    """A run of localization as its stage wrote it down; ``variant`` is which of `MODELS`."""

    data: str
    name: str
    variant: str | None = None
    parent_run_id: str | None
    settings: LocalizedWith
    tious: tuple[float, ...]
    trials: tuple[LocalizeTrialRecord, ...]
    parameters: int


class SplitRecord(Settings, extra="ignore"):
    """What is told of leaks of the split, in lines."""

    lines: tuple[str, ...]


class FoundAnimals(Settings, extra="ignore"):
    """How well one detector finds the animal; shares in [0, 1]."""

    frames: int
    hit_share: float
    mean_iou: float


class DetectorRecord(Settings, extra="ignore"):
    """How well detectors find animals in held-out recordings, or that none was made."""

    made: bool
    data: str
    least_iou: float = 0.5
    detectors: Mapping[str, FoundAnimals] = Field(default_factory=dict)


@dataclass(frozen=True)
class LocalizeRun:
    """A run: its record, and what it found where that lies beside.

    Parameters
    ----------
    record
        What the stage wrote down.
    found
        Table ``events``, every segment that was found in a tested clip; None, not there.
    data
        The clips; None where they are not there.
    """

    record: LocalizeRecord
    found: pa.Table | None
    data: UnitData | None

    @property
    def name(self) -> str:
        """Which of `MODELS` it is."""
        return self.record.variant or self.record.name

    @property
    def mean(self) -> float:
        """The plain mean over folds of the mean mAP."""
        return fmean(trial.mean_map for trial in self.record.trials)

    def at(self, tiou: float) -> float:
        """Return the plain mean over folds of mAP at a threshold."""
        return fmean(trial.map[key_of(tiou)] for trial in self.record.trials)

    def ap(self, label: str, tiou: float) -> float | None:
        """Return AP of a class, the mean over folds that have it; None, none has."""
        values = [trial.ap.get(label, {}).get(key_of(tiou)) for trial in self.record.trials]
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    def mean_ap(self, label: str) -> float | None:
        """Return AP of a class, the mean over thresholds."""
        values = [self.ap(label, tiou) for tiou in self.record.tious]
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    @cached_property
    def matched(self) -> Matched | None:
        """What was found, matched with the truth; None where either is not there."""
        if self.found is None or self.data is None:
            return None
        folds = {trial.fold for trial in self.record.trials}
        videos = self.data.tested(folds)
        return match(self.data.events, self.found, videos, self.record.tious, self.data.classes)

    @cached_property
    def sure(self) -> Localized | None:
        """MAP with its intervals."""
        return None if self.drawn is None else self.drawn.sure()

    @cached_property
    def drawn(self) -> Replicates | None:
        """MAP in every resample of subjects; None where what was found can't be matched."""
        return None if self.matched is None else Replicates.of(self.matched)

    @cached_property
    def by_class(self) -> Floats | None:
        """AP of every class at every threshold from what was found, (C, K)."""
        return None if self.matched is None else by_class(self.matched)

    def apart_from(self, other: LocalizeRun) -> Estimate:
        """Return the mean mAP less that of another run, with its interval over subjects."""
        if self.drawn is None or other.drawn is None or not self._is_beside(other):
            return Estimate(self.mean - other.mean, None)
        return self.drawn.less(other.drawn)

    def _is_beside(self, other: LocalizeRun) -> bool:
        """Whether both were tested on the same subjects, at the same thresholds."""
        sides = [
            one and (one.subjects, one.fold.tolist(), one.thresholds)
            for one in (self.matched, other.matched)
        ]
        return sides[0] == sides[1]

    def on(self, folds: Collection[int]) -> LocalizeRun:
        """Return the run on some of its folds alone."""
        if {trial.fold for trial in self.record.trials} <= {*folds}:
            return self
        kept = tuple(trial for trial in self.record.trials if trial.fold in folds)
        record = self.record.model_copy(update={"trials": kept})
        if self.found is None or self.data is None:
            return LocalizeRun(record, None, self.data)
        tested = self.data.tested(folds)
        names = zip(*(self.found.column(name).to_pylist() for name in VIDEO), strict=True)
        rows = [video_key(*name) in tested for name in names]
        return LocalizeRun(record, self.found.filter(pa.array(rows, pa.bool_())), self.data)


def key_of(tiou: float) -> str:
    """Return how records name a threshold: ``0.3``."""
    return f"{tiou:g}"
