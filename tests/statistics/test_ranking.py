"""A row's AUROC, average precision and sensitivity at few false alarms."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from sklearn import metrics as sk

from rodepil.statistics.intervals import Estimate
from rodepil.statistics.ranking import Ranking, rank
from rodepil.statistics.resample import Chance
from rodepil.statistics.scored import only
from tests.statistics.studies import rows_of, table

ROWS = table(3)


@pytest.fixture(scope="module")
def ranking() -> Ranking:
    return rank(ROWS, chance=Chance(resamples=500))


def areas(measure: object, folds: tuple[int, ...]) -> float:
    part = only(ROWS, folds)
    return measure(part.column("label").to_numpy(), part.column("score").to_numpy())


def test_areas_are_scikit_learns_over_all_clips_and_by_fold(ranking: Ranking):
    wanted = (
        (ranking.auroc, areas(sk.roc_auc_score, (0, 1, 2))),
        (ranking.average_precision, areas(sk.average_precision_score, (0, 1, 2))),
        (ranking.auroc_by_fold, fmean(areas(sk.roc_auc_score, (fold,)) for fold in range(3))),
    )
    for found, area in wanted:
        assert found.value == pytest.approx(area)
        assert found.interval is not None
        assert 0 <= found.interval.low < area < found.interval.high <= 1


def test_the_threshold_of_a_limit_keeps_to_it_and_gives_its_sensitivity(ranking: Ranking):
    labels, scores = ROWS.column("label").to_numpy(), ROWS.column("score").to_numpy()
    assert [one.limit for one in ranking.at_rates] == [0.01, 0.05]
    for one in ranking.at_rates:
        called = scores >= one.threshold
        assert called[labels == 0].mean() <= one.limit
        assert called[labels == 1].mean() == pytest.approx(one.sensitivity.value)


def test_a_limit_that_nothing_keeps_to_finds_nothing():
    rows = rows_of((0, "a", 1, 0.3), (0, "a", 0, 0.8), (0, "b", 1, 0.7))
    (found,) = rank(rows, rates=(0.0,)).at_rates
    assert (found.sensitivity.value, found.threshold) == (0.0, None)


def test_folds_of_one_class_are_left_out_of_means_over_folds():
    rows = rows_of(
        (0, "a", 1, 0.9), (0, "b", 0, 0.2), (1, "c", 0, 0.3), (1, "d", 0, 0.4), (0, "b", 1, 0.1)
    )
    found = rank(rows, chance=Chance(resamples=50))
    assert found.auroc_by_fold.value == 0.5


def test_one_class_alone_has_no_areas():
    found = rank(rows_of((0, "a", 0, 0.9), (0, "b", 0, 0.2)))
    nothing = Estimate(None, None)
    assert (found.auroc, found.auroc_by_fold, found.average_precision) == (nothing,) * 3
    assert found.at_rates[0].sensitivity == nothing


def test_scores_that_say_nothing_have_an_auroc_interval_around_a_half():
    found = rank(table(5, (6, 6, 6), apart=0.0), chance=Chance(resamples=500)).auroc
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high
    assert found.interval.high - found.interval.low < 0.25
    assert np.isclose(found.value, 0.5, atol=0.1)
