"""Brier score, calibration curve and its error against scikit-learn, SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from rodepil.errors import TrainingError
from rodepil.statistics.calibration import calibrate, wilson
from tests.statistics.studies import rows_of, table


@pytest.mark.parametrize("seed", range(4))
def test_the_brier_score_is_scikit_learns(seed: int):
    rows = table(seed)
    found = calibrate(rows).brier
    wanted = brier_score_loss(rows.column("label").to_numpy(), rows.column("score").to_numpy())
    assert found.value == pytest.approx(wanted)
    assert found.interval is not None
    assert found.interval.low < wanted < found.interval.high


@pytest.mark.parametrize("digits", [1, 6])
@pytest.mark.parametrize("bins", [1, 5, 10])
def test_the_curve_is_scikit_learns_between_quantiles(bins: int, digits: int):
    rows = table(2, digits=digits)
    labels, scores = rows.column("label").to_numpy(), rows.column("score").to_numpy()
    rate, score = calibration_curve(labels, scores, n_bins=bins, strategy="quantile")
    found = calibrate(rows, bins=bins).bins
    assert [one.rate for one in found] == pytest.approx(rate)
    assert [one.score for one in found] == pytest.approx(score)
    assert sum(one.clips for one in found) == len(rows)


def test_bins_hold_equal_numbers_where_scores_differ():
    assert {one.clips for one in calibrate(table(2, digits=12)).bins} == {32}


def test_equal_scores_are_one_bin():
    rows = rows_of(*((0, "a", at % 2, 0.5) for at in range(6)), (0, "b", 1, 0.5))
    (one,) = calibrate(rows).bins
    assert (one.clips, one.score, one.rate) == (7, 0.5, 4 / 7)


def test_the_error_of_a_hand_made_case():
    # Two bins: scores 0.2 with a quarter seizures, scores 0.9 with all: (4 x .05 + 2 x .1) / 6.
    rows = rows_of(
        *((0, "a", int(at == 0), 0.2) for at in range(4)), (0, "b", 1, 0.9), (0, "b", 1, 0.9)
    )
    assert calibrate(rows, bins=2).error == pytest.approx(0.4 / 6)


def test_true_probabilities_have_little_error_and_stretched_ones_much():
    generator = np.random.default_rng(8)
    true = generator.uniform(size=4000)
    labels = (generator.uniform(size=4000) < true).astype(int)
    stretched = true**3 / (true**3 + (1 - true) ** 3)
    honest, boastful = (
        calibrate(
            rows_of(*((0, f"s{at % 9}", int(labels[at]), float(p[at])) for at in range(4000)))
        )
        for p in (true, stretched)
    )
    assert honest.error < 0.03
    assert boastful.error > 0.1
    inside = [one.interval.low <= one.score <= one.interval.high for one in honest.bins]
    assert sum(inside) >= 8


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (1, 5), (5, 5), (37, 400), (1, 1)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bins_have_wilsons_interval(hits: int, trials: int, level: float):
    wanted = stats.binomtest(hits, trials).proportion_ci(level, method="wilson")
    found = wilson(hits, trials, level)
    assert (found.low, found.high, found.level) == pytest.approx((wanted.low, wanted.high, level))


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_scores_that_are_no_probabilities_are_refused(score: float):
    with pytest.raises(TrainingError, match="wants probabilities"):
        calibrate(rows_of((0, "a", 1, score), (0, "a", 0, 0.5)))


def test_no_bins_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        calibrate(table(1), bins=0)
