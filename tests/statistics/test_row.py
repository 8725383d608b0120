"""A row's mean, standard deviation and interval, against scikit-learn."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest
from sklearn import metrics as sk

from rodepil.statistics.resample import Chance
from rodepil.statistics.row import summarize
from rodepil.statistics.scored import only
from tests.statistics.studies import table

ORACLES = {
    "accuracy": sk.accuracy_score,
    "sensitivity": sk.recall_score,
    "specificity": lambda labels, called: sk.recall_score(labels, called, pos_label=0),
    "precision": sk.precision_score,
    "f1": sk.f1_score,
}


@pytest.mark.parametrize("name", ORACLES)
def test_mean_and_deviation_are_of_the_folds(name: str):
    rows = table(4)
    by_fold = []
    for fold in range(3):
        part = only(rows, (fold,))
        called = part.column("score").to_numpy() >= 0.5
        by_fold.append(ORACLES[name](part.column("label").to_numpy(), called))
    found = summarize(rows).metrics[name]
    assert found.mean.value == pytest.approx(fmean(by_fold))
    assert found.deviation == pytest.approx(stdev(by_fold))
    assert found.mean.interval is not None
    assert found.mean.interval.low < fmean(by_fold) < found.mean.interval.high


def test_a_row_says_what_it_stands_on():
    found = summarize(table(4))
    assert (found.folds, found.subjects, found.clips) == ((0, 1, 2), 8, 320)


def test_one_fold_has_no_deviation():
    assert summarize(only(table(4), (1,))).metrics["f1"].deviation is None


def test_leave_one_subject_out_has_intervals():
    found = summarize(table(4, (1, 1, 1, 1, 1, 1)))
    assert found.metrics["f1"].mean.interval is not None


def test_the_seed_alone_decides():
    one, again, other = (summarize(table(4), chance=Chance(seed=seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_higher_level_is_wider():
    wide, narrow = (
        summarize(table(4), chance=Chance(level=level)).metrics["f1"].mean.interval
        for level in (0.99, 0.8)
    )
    assert wide is not None
    assert narrow is not None
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_threshold_is_the_callers():
    low, high = (
        summarize(table(4), threshold=threshold).metrics["sensitivity"].mean.value
        for threshold in (0.2, 0.8)
    )
    assert low is not None
    assert high is not None
    assert low > high
