"""A row of Table III: mean, standard deviation and interval of the five metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rodepil.statistics.intervals import Estimate, rate
from rodepil.statistics.rates import NAMES, five, mean_rates
from rodepil.statistics.resample import CHANCE, Chance, draw, once
from rodepil.statistics.scored import Floats, Scored, take
from rodepil.train.metrics import THRESHOLD


@dataclass(frozen=True)
class Spreading:
    """One metric of a row.

    Parameters
    ----------
    mean
        The plain mean over folds, in [0, 1], and its interval over subjects.
    deviation
        Standard deviation over folds (n - 1 below); None of a single fold.
    """

    mean: Estimate
    deviation: float | None


@dataclass(frozen=True)
class RowSummary:
    """A row: its folds, its number of subjects and clips, and its metrics by name.

    `lone_folds` of the folds hold one subject.
    """

    folds: tuple[int, ...]
    lone_folds: int
    subjects: int
    clips: int
    metrics: Mapping[str, Spreading]


def summarize(
    predictions: pa.Table,
    *,
    threshold: float = THRESHOLD,
    chance: Chance = CHANCE,
) -> RowSummary:
    """Return mean, standard deviation and interval of the five metrics of a row.

    Parameters
    ----------
    predictions
        Table ``predictions`` of the folds that are done.
    threshold
        Scores at or above it count as a seizure.
    chance
        Resamples, level and seed of the intervals.

    Raises
    ------
    TableError, TrainingError, SubjectLeak
        As `rodepil.statistics.scored.take`.
    """
    scored = take(predictions)
    counts = scored.confusion(threshold)
    values = mean_rates(counts, scored.fold, once(scored.fold))[0]
    replicates = mean_rates(counts, scored.fold, draw(scored.fold, chance))
    by_fold = fold_rates(scored, threshold)
    metrics = {
        name: Spreading(
            mean=rate(float(values[at]), replicates[:, at], scored.fold, chance.level),
            deviation=float(np.std(by_fold[:, at], ddof=1)) if len(by_fold) > 1 else None,
        )
        for at, name in enumerate(NAMES)
    }
    lone = int((np.unique(scored.fold, return_counts=True)[1] == 1).sum())
    return RowSummary(scored.folds, lone, len(scored.subjects), len(scored.clip_ids), metrics)


def fold_rates(scored: Scored, threshold: float = THRESHOLD) -> Floats:
    """Return the five metrics of every fold, (F, 5) float64 in [0, 1]."""
    counts = scored.confusion(threshold)
    return five(np.stack([counts[scored.fold == fold].sum(axis=0) for fold in scored.folds]))
