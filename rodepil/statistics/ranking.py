"""How well scores rank clips: AUROC, average precision, sensitivity at few false alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from rodepil.errors import TrainingError
from rodepil.statistics.curves import Standing
from rodepil.statistics.intervals import Estimate, rate
from rodepil.statistics.resample import CHANCE, Chance, draw, once, over_folds
from rodepil.statistics.scored import Floats, Ints, Scored, take

FALSE_POSITIVE_RATES: Final = (0.01, 0.05)
FALSE_ALARMS_A_DAY: Final = (1.0, 10.0)
DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class AtLimit:
    """The sensitivity that a limit of false alarms leaves.

    Parameters
    ----------
    limit
        False alarms for each negative clip, in [0, 1], or clips in 24 h of tested video.
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
    auroc_by_fold, average_precision_by_fold
        The plain mean over `ranked_folds`, those that have both classes.
    at_rates
        Sensitivity at set false positive rates of clips.
    at_alarms
        Sensitivity at set false alarms in 24 h; empty where durations were not given. Every
        clip called wrongly is an alarm, and the hours are those of the clips tested: of
        recordings that lost still windows to curation, the alarms an hour are fewer.
    """

    auroc: Estimate
    average_precision: Estimate
    auroc_by_fold: Estimate
    average_precision_by_fold: Estimate
    ranked_folds: tuple[int, ...]
    at_rates: tuple[AtLimit, ...]
    at_alarms: tuple[AtLimit, ...]


def rank(
    predictions: pa.Table,
    *,
    durations_s: Mapping[str, float] | None = None,
    rates: tuple[float, ...] = FALSE_POSITIVE_RATES,
    alarms: tuple[float, ...] = FALSE_ALARMS_A_DAY,
    chance: Chance = CHANCE,
) -> Ranking:
    """Return how well a row's scores rank clips, with intervals over subjects.

    Parameters
    ----------
    predictions
        Table ``predictions`` of the folds that are done.
    durations_s
        Seconds of video by clip_id; None, not known.
    rates
        False positive rates, each in [0, 1].
    alarms
        False alarms in 24 h, each at least 0.
    chance
        Resamples, level and seed of the intervals.

    Raises
    ------
    TableError, TrainingError, SubjectLeak
        As `rodepil.statistics.scored.take`, or a clip has no duration above 0.
    """
    scored = take(predictions)
    standing = Standing.of(scored)
    one, many = once(scored.fold), draw(scored.fold, chance)
    everyone = np.arange(len(scored.subjects))

    def estimate(measure: Callable[[Floats], Floats]) -> Estimate:
        return rate(float(measure(one)[0]), measure(many), scored.fold, chance.level)

    def whole(measure: Callable[[Floats, Ints], Floats]) -> Estimate:
        return estimate(lambda weights: measure(weights, everyone))

    def by_fold(measure: Callable[[Floats, Ints], Floats]) -> Estimate:
        return estimate(lambda weights: _over_folds(scored.fold, weights, measure))

    def at_limit(limit: float, exposure: Floats) -> AtLimit:
        found = estimate(lambda weights: standing.sensitivity(weights, limit, exposure))
        return AtLimit(limit, found, standing.threshold(limit, exposure))

    days = None if durations_s is None else _days(scored, durations_s)
    return Ranking(
        auroc=whole(standing.auroc),
        average_precision=whole(standing.average_precision),
        auroc_by_fold=by_fold(standing.auroc),
        average_precision_by_fold=by_fold(standing.average_precision),
        ranked_folds=_ranked(scored, standing),
        at_rates=tuple(at_limit(limit, standing.negatives) for limit in rates),
        at_alarms=() if days is None else tuple(at_limit(limit, days) for limit in alarms),
    )


def _over_folds(fold: Ints, weights: Floats, measure: Callable[[Floats, Ints], Floats]) -> Floats:
    """Return the mean over folds, (R,), of a measure of weights and members."""

    def measured(members: Ints, weighted: Floats) -> Floats:
        return measure(weighted, members)[:, None]

    return over_folds(fold, weights, measured)[:, 0]


def _ranked(scored: Scored, standing: Standing) -> tuple[int, ...]:
    """Return the folds that have both classes."""
    return tuple(
        fold
        for fold in scored.folds
        if standing.positives[scored.fold == fold].any()
        and standing.negatives[scored.fold == fold].any()
    )


def _days(scored: Scored, durations_s: Mapping[str, float]) -> Floats:
    """Return each subject's days of video, (S,)."""
    seconds = np.array([durations_s.get(clip_id, np.nan) for clip_id in scored.clip_ids])
    unknown = ~(seconds > 0)
    if unknown.any():
        first = scored.clip_ids[int(np.argmax(unknown))]
        raise TrainingError(
            f"{int(unknown.sum())} of {len(seconds)} clips have no duration above 0 s (the first "
            f"is {first}); give durations of all, or of none"
        )
    return scored.total(seconds) / DAY_S
