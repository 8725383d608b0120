"""What a cross-validation wrote down, as the report reads it; `inputs` says from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from rodepil.config.base import Settings
from rodepil.config.settings import FeatureSettings, ModelSettings, TrainSettings
from rodepil.report.numbers import Numbers
from rodepil.train.metrics import Metrics, average


class TrainedWith(Settings, extra="ignore"):
    """The settings that every trial of a cross-validation shares."""

    features: FeatureSettings
    model: ModelSettings
    train: TrainSettings


class TrialRecord(Settings, extra="ignore"):
    """One trial: a fold, who was trained on, who was tested on, and what came of it."""

    fold: int
    trial_id: str
    run_id: str | None
    seconds: float
    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    metrics: dict[str, float]
    history: tuple[dict[str, float], ...]


class CrossvalRecord(Settings, extra="ignore"):
    """A cross-validation as its stage wrote it down."""

    data: str
    control: str
    parent_run_id: str | None
    settings: TrainedWith
    trials: tuple[TrialRecord, ...]


@dataclass(frozen=True)
class Result:
    """A cross-validation: its record, its predictions, and the metrics measured from these.

    Parameters
    ----------
    record
        What the stage wrote down.
    predictions
        Table ``predictions``, every clip of every fold once.
    folds
        Metrics by fold, in rising order of folds.
    """

    record: CrossvalRecord
    predictions: pa.Table
    folds: Mapping[int, Metrics]

    @property
    def mean(self) -> Metrics:
        """The plain mean over the folds, as in the paper."""
        return average(list(self.folds.values()))

    @cached_property
    def numbers(self) -> Numbers:
        """What the statistics say of it."""
        return Numbers(self.predictions)
