"""Intervals hold what they say they hold: simulated studies, and SciPy's bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rodepil.statistics.intervals import Interval, difference, rate, spread
from rodepil.statistics.rates import NAMES, mean_rates
from rodepil.statistics.resample import Chance, draw, once
from tests.statistics.studies import FOLDS, subject_counts, two_rows

F1 = NAMES.index("f1")
STUDIES = 1000
RESAMPLES = 400


def mean_f1(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return mean_rates(counts, FOLDS, weights)[:, F1]


@pytest.fixture(scope="module")
def expected_f1() -> float:
    """Return what studies find on average: the F1 that an interval is to hold."""
    generator = np.random.default_rng(100)
    studies = [mean_f1(subject_counts(generator, 19), once(FOLDS)) for _ in range(4000)]
    return float(np.mean(studies))


def test_an_interval_of_95_percent_holds_the_true_f1_in_95_percent_of_studies(expected_f1: float):
    generator = np.random.default_rng(1)
    held, short = 0, 0
    for study in range(STUDIES):
        counts = subject_counts(generator, 19)
        replicates = mean_f1(counts, draw(FOLDS, Chance(resamples=RESAMPLES, seed=study)))
        found = rate(float(mean_f1(counts, once(FOLDS))[0]), replicates, FOLDS, 0.95).interval
        assert found is not None
        held += found.low <= expected_f1 <= found.high
        low, high = np.nanquantile(replicates, [0.025, 0.975])
        short += low <= expected_f1 <= high
    assert 0.92 <= held / STUDIES <= 0.98
    assert short / STUDIES < 0.91  # why percentiles are not used


def test_an_interval_of_a_difference_holds_it_in_95_percent_of_studies():
    generator = np.random.default_rng(2)
    held = 0
    for study in range(STUDIES):
        # Equally good on the same clips: the expected difference is 0.
        one, other = two_rows(generator, 19)
        both = [
            mean_f1(one, weights) - mean_f1(other, weights)
            for weights in (once(FOLDS), draw(FOLDS, Chance(resamples=RESAMPLES, seed=study)))
        ]
        found = difference(float(both[0][0]), both[1], FOLDS, 0.95).interval
        assert found is not None
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / STUDIES <= 0.98


def test_the_standard_error_is_scipys_bootstrap_widened_for_few_subjects():
    counts = subject_counts(np.random.default_rng(7), 9)
    fold = np.zeros(9, dtype=np.int64)
    replicates = mean_rates(counts, fold, draw(fold, Chance(resamples=20_000)))[:, 0]

    def accuracy(at: np.ndarray, axis: int) -> np.ndarray:
        drawn = counts[at.astype(int)].sum(axis=axis - 1 if axis < 0 else axis)
        return (drawn[..., 0] + drawn[..., 3]) / drawn.sum(axis=-1)

    theirs = stats.bootstrap(
        (np.arange(9),), accuracy, n_resamples=20_000, method="percentile", rng=3
    ).standard_error
    ours = spread(replicates, fold)
    assert ours is not None
    assert ours.freedom == 8
    assert ours.error == pytest.approx(theirs * math.sqrt(9 / 8), rel=0.03)


def test_the_interval_is_students_t_around_the_log_odds():
    # 5 subjects of one fold: widened by 5/4, 4 degrees of freedom, t = 2.776445.
    replicates = np.array([0.7, 0.9])
    error = math.sqrt(0.02) * math.sqrt(5 / 4)
    found = rate(0.8, replicates, np.zeros(5, dtype=np.int64), 0.95).interval
    half = 2.776445 * error / 0.16
    bounds = [1 / (1 + math.exp(-(math.log(4) + sign * half))) for sign in (-1, 1)]
    assert found is not None
    assert [found.low, found.high] == pytest.approx(bounds, abs=1e-6)


def test_a_rate_stays_in_0_to_1_and_a_difference_in_minus_1_to_1():
    replicates = np.array([0.1, 0.99, 0.5])
    fold = np.zeros(3, dtype=np.int64)
    found = rate(0.97, replicates, fold, 0.999).interval
    assert found is not None
    assert 0 <= found.low < found.high <= 1
    assert difference(0.9, replicates, fold, 0.999).interval == Interval(-1.0, 1.0, 0.999)


@pytest.mark.parametrize(
    ("value", "replicates", "fold"),
    [
        (1.0, [1.0, 1.0, 1.0], [0, 0, 0]),  # nothing is ever wrong
        (0.5, [0.4, 0.6], [0]),  # one subject
        (0.5, [math.nan, 0.6], [0, 0, 0]),  # one resample in which it is defined
    ],
)
def test_where_subjects_can_not_tell_there_is_no_interval(
    value: float, replicates: list[float], fold: list[int]
):
    for made in (rate, difference):
        found = made(value, np.array(replicates), np.array(fold), 0.95)
        assert (found.value, found.interval) == (value, None)


def test_what_is_not_defined_has_no_value():
    found = rate(math.nan, np.array([0.1, 0.2]), np.zeros(3, dtype=np.int64), 0.95)
    assert (found.value, found.interval) == (None, None)
