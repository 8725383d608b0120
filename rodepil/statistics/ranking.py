"""How well scores rank clips: AUROC, average precision, sensitivity at few false alarms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from rodepil.statistics.curves import Standing
from rodepil.statistics.intervals import Estimate, rate
from rodepil.statistics.resample import CHANCE, Chance, draw, once, over_folds
from rodepil.statistics.scored import Floats, Ints, take

FALSE_POSITIVE_RATES: Final = (0.01, 0.05)


@dataclass(frozen=True)
class AtLimit:
    """The sensitivity that a limit of false positives leaves.

    Parameters
    ----------
    limit
        False positives for each negative clip, in [0, 1].
    sensitivity
        Over all clips.
    threshold
        Scores at or above it are called; None, if no threshold that finds anything keeps to
        the limit.
    """

    limit: float
    sensitivity: Estimate
    threshold: float | None


@dataclass(frozen=True)
class Ranking:
    """How well a row's scores rank clips.

    Parameters
    ----------
    auroc, average_precision
        Over all clips together, so that scores of different models are held against each other.
    auroc_by_fold
        The plain mean over the folds that have both classes.
    at_rates
        Sensitivity at set false positive rates of clips.
    """

    auroc: Estimate
    average_precision: Estimate
    auroc_by_fold: Estimate
    at_rates: tuple[AtLimit, ...]


def rank(
    predictions: pa.Table,
    *,
    rates: tuple[float, ...] = FALSE_POSITIVE_RATES,
    chance: Chance = CHANCE,
) -> Ranking:
    """Return how well a row's scores rank clips, with intervals over subjects.

    Parameters
    ----------
    predictions
        Table ``predictions`` of the folds that are done.
    rates
        False positive rates, each in [0, 1].
    chance
        Resamples, level and seed of the intervals.

    Raises
    ------
    TableError, TrainingError, SubjectLeak
        As `rodepil.statistics.scored.take`.
    """
    scored = take(predictions)
    standing = Standing.of(scored)
    one, many = once(scored.fold), draw(scored.fold, chance)
    everyone = np.arange(len(scored.subjects))

    def estimate(measure: Callable[[Floats], Floats]) -> Estimate:
        return rate(float(measure(one)[0]), measure(many), scored.fold, chance.level)

    def whole(measure: Callable[[Floats, Ints], Floats]) -> Estimate:
        return estimate(lambda weights: measure(weights, everyone))

    def at_limit(limit: float) -> AtLimit:
        found = estimate(lambda weights: standing.sensitivity(weights, limit))
        return AtLimit(limit, found, standing.threshold(limit))

    return Ranking(
        auroc=whole(standing.auroc),
        average_precision=whole(standing.average_precision),
        auroc_by_fold=estimate(lambda weights: _over_folds(scored.fold, weights, standing.auroc)),
        at_rates=tuple(at_limit(limit) for limit in rates),
    )


def _over_folds(fold: Ints, weights: Floats, measure: Callable[[Floats, Ints], Floats]) -> Floats:
    """Return the mean over folds, (R,), of a measure of weights and members."""

    def measured(members: Ints, weighted: Floats) -> Floats:
        return measure(weighted, members)[:, None]

    return over_folds(fold, weights, measured)[:, 0]
