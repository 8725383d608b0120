"""Whether scores can be read as probabilities: Brier score, calibration curve and its error.

References
----------
.. [1] Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly
   Weather Review, 78(1), 1-3.
.. [2] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical
   inference. Journal of the American Statistical Association, 22(158), 209-212.
.. [3] Naeini, M. P., Cooper, G. & Hauskrecht, M. (2015). Obtaining well calibrated
   probabilities using Bayesian binning. AAAI, 2901-2907 (expected calibration error).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import pyarrow as pa

from rodepil.errors import TrainingError
from rodepil.statistics.intervals import Estimate, Interval, rate
from rodepil.statistics.resample import CHANCE, Chance, draw, once
from rodepil.statistics.scored import Bools, Floats, Scored, take

BINS: Final = 10


@dataclass(frozen=True)
class Bin:
    """Clips of about the same score.

    Parameters
    ----------
    clips
        How many.
    score
        Their mean score, in [0, 1].
    rate
        The share that holds a seizure, in [0, 1].
    interval
        Wilson's, of that share, as if clips of one subject were not alike: it says how much a
        bin of so few clips may be out by chance, not what other subjects would show.
    """

    clips: int
    score: float
    rate: float
    interval: Interval


@dataclass(frozen=True)
class Calibration:
    """How far a row's scores are probabilities.

    Parameters
    ----------
    brier
        Mean squared distance of score and label over all clips; 0 is perfect.
    bins
        The calibration curve, scores rising.
    error
        Expected calibration error: the mean distance of score and rate over bins, weighted by
        clips. Above 0 by chance alone, the more so the fewer the clips.
    """

    brier: Estimate
    bins: tuple[Bin, ...]
    error: float


def calibrate(
    predictions: pa.Table,
    *,
    bins: int = BINS,
    chance: Chance = CHANCE,
) -> Calibration:
    """Return how far a row's scores are probabilities.

    Parameters
    ----------
    predictions
        Table ``predictions`` of the folds that are done.
    bins
        Bins of about equal numbers of clips, at least 1. Equal scores stay together, so there
        may be fewer.
    chance
        Resamples, level and seed of the intervals.

    Raises
    ------
    TableError, TrainingError, SubjectLeak
        As `rodepil.statistics.scored.take`, or a score is not in [0, 1].
    ValueError
        Fewer than one bin is asked for.
    """
    if bins < 1:
        raise ValueError(f"{bins} bins can't hold clips; ask for at least 1")
    scored = take(predictions)
    if scored.score.min() < 0 or scored.score.max() > 1:
        raise TrainingError(
            f"scores range from {scored.score.min():g} to {scored.score.max():g}; calibration "
            "wants probabilities in [0, 1]"
        )
    made = tuple(_bin(scored, members, chance.level) for members in _split(scored.score, bins))
    away = sum(one.clips * abs(one.score - one.rate) for one in made)
    return Calibration(_brier(scored, chance), made, away / len(scored.score))


def wilson(hits: int, trials: int, level: float = CHANCE.level) -> Interval:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    hits, trials
        0 <= hits <= trials, trials at least 1.
    level
        In (0, 1).
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, extra = hits / trials, z * z / trials
    centre = (share + extra / 2) / (1 + extra)
    half = z * math.sqrt(share * (1 - share) / trials + extra / trials / 4) / (1 + extra)
    low = centre - half if hits else 0.0
    high = centre + half if hits < trials else 1.0
    return Interval(low, high, level)


def _brier(scored: Scored, chance: Chance) -> Estimate:
    squared = scored.total((scored.score - scored.label) ** 2)
    clips = scored.total(np.ones(len(scored.score)))
    value, replicates = (
        (weights @ squared) / (weights @ clips)
        for weights in (once(scored.fold), draw(scored.fold, chance))
    )
    return rate(float(value[0]), replicates, scored.fold, chance.level)


def _split(scores: Floats, bins: int) -> list[Bools]:
    """Return who is in each bin, (N,) bool, between quantiles of the scores; none is empty."""
    edges = np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1])
    at = np.searchsorted(edges, scores)
    return [at == one for one in np.unique(at)]


def _bin(scored: Scored, members: Bools, level: float) -> Bin:
    clips, hits = int(members.sum()), int((members & scored.label).sum())
    score = float(scored.score[members].mean())
    return Bin(clips, score, hits / clips, wilson(hits, clips, level))
