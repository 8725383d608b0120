"""A row's AUROC, average precision and sensitivity at few false alarms."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from sklearn import metrics as sk

from rodepil.errors import TrainingError
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


@pytest.mark.parametrize(
    ("measure", "name"),
    [(sk.roc_auc_score, "auroc"), (sk.average_precision_score, "average_precision")],
)
def test_areas_are_scikit_learns_over_all_clips_and_by_fold(
    ranking: Ranking, measure: object, name: str
):
    whole: Estimate = getattr(ranking, name)
    by_fold: Estimate = getattr(ranking, f"{name}_by_fold")
    assert whole.value == pytest.approx(areas(measure, (0, 1, 2)))
    assert by_fold.value == pytest.approx(fmean(areas(measure, (fold,)) for fold in range(3)))
    for found in (whole, by_fold):
        assert found.value is not None
        assert found.interval is not None
        assert 0 <= found.interval.low < found.value < found.interval.high <= 1


def test_the_threshold_of_a_limit_keeps_to_it_and_gives_its_sensitivity(ranking: Ranking):
    labels, scores = ROWS.column("label").to_numpy(), ROWS.column("score").to_numpy()
    assert [one.limit for one in ranking.at_rates] == [0.01, 0.05]
    for one in ranking.at_rates:
        called = scores >= one.threshold
        assert called[labels == 0].mean() <= one.limit
        assert called[labels == 1].mean() == pytest.approx(one.sensitivity.value)


def test_false_alarms_are_counted_by_the_day():
    # Four clips of 6 h are one day: one alarm a day lets the normal clip at 0.8 pass.
    rows = rows_of((0, "a", 1, 0.9), (0, "a", 0, 0.8), (0, "b", 1, 0.7), (0, "b", 0, 0.75))
    durations = {f"clip-{at}": 6 * 3600.0 for at in range(4)}
    found = rank(rows, durations_s=durations, alarms=(0.5, 1.0, 2.0)).at_alarms
    assert [one.sensitivity.value for one in found] == [0.5, 0.5, 1.0]
    assert [one.threshold for one in found] == [0.9, 0.9, 0.7]


def test_a_limit_that_nothing_keeps_to_finds_nothing():
    rows = rows_of((0, "a", 1, 0.3), (0, "a", 0, 0.8), (0, "b", 1, 0.7))
    (found,) = rank(rows, rates=(0.0,)).at_rates
    assert (found.sensitivity.value, found.threshold) == (0.0, None)


def test_without_durations_nothing_is_said_of_a_day(ranking: Ranking):
    assert ranking.at_alarms == ()


@pytest.mark.parametrize("duration_s", [None, 0.0, float("nan")])
def test_a_clip_without_a_duration_is_refused(duration_s: float | None):
    durations = dict.fromkeys(ROWS.column("clip_id").to_pylist(), 10.0)
    if duration_s is None:
        durations.pop("1-0-0")
    else:
        durations["1-0-0"] = duration_s
    with pytest.raises(TrainingError, match=r"1 of 320 clips have no duration .* 1-0-0"):
        rank(ROWS, durations_s=durations)


def test_folds_of_one_class_are_left_out_of_means_over_folds():
    rows = rows_of(
        (0, "a", 1, 0.9), (0, "b", 0, 0.2), (1, "c", 0, 0.3), (1, "d", 0, 0.4), (0, "b", 1, 0.1)
    )
    found = rank(rows, chance=Chance(resamples=50))
    assert found.ranked_folds == (0,)
    assert found.auroc_by_fold.value == 0.5


def test_one_class_alone_has_no_areas():
    found = rank(rows_of((0, "a", 0, 0.9), (0, "b", 0, 0.2)))
    nothing = Estimate(None, None)
    assert (found.auroc, found.average_precision_by_fold) == (nothing, nothing)
    assert (found.at_rates[0].sensitivity, found.ranked_folds) == (nothing, ())


def test_scores_that_say_nothing_have_an_auroc_interval_around_a_half():
    found = rank(table(5, (6, 6, 6), apart=0.0), chance=Chance(resamples=500)).auroc
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high
    assert found.interval.high - found.interval.low < 0.25
    assert np.isclose(found.value, 0.5, atol=0.1)
