"""Predictions as arrays: the same in any order of rows, and refused where they can't be."""

from __future__ import annotations

import numpy as np
import pytest

from rodepil.errors import SubjectLeak, TableError, TrainingError
from rodepil.statistics.row import summarize
from rodepil.statistics.scored import only, take
from tests.statistics.studies import rows_of, table


def test_subjects_are_counted_by_hand():
    scored = take(rows_of((1, "b", 1, 0.9), (0, "a", 0, 0.5), (1, "b", 1, 0.2), (1, "c", 0, 0.1)))
    assert scored.subjects == ("a", "b", "c")
    assert scored.fold.tolist() == [0, 1, 1]
    assert scored.folds == (0, 1)
    # TN, FP, FN, TP; a score at the threshold is a call.
    assert scored.confusion().tolist() == [[0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]]


def test_the_order_of_rows_changes_nothing():
    rows = table(1)
    shuffled = rows.take(np.random.default_rng(3).permutation(len(rows)))
    assert summarize(rows) == summarize(shuffled)


def test_folds_can_be_picked():
    assert take(only(table(1), (0, 2))).folds == (0, 2)


@pytest.mark.parametrize(
    ("clips", "says"),
    [
        ([], "at least 1"),
        ([(0, "a", 2, 0.5)], "0 \\(normal\\) or 1"),
        ([(0, "a", 1, float("nan"))], "NaN"),
    ],
)
def test_what_can_not_be_measured_is_refused(clips: list[tuple[int, str, int, float]], says: str):
    with pytest.raises(TrainingError, match=says):
        take(rows_of(*clips))


def test_a_clip_that_is_tested_twice_is_refused():
    rows = rows_of((0, "a", 1, 0.5)).take([0, 0])
    with pytest.raises(TrainingError, match="2 rows of 1 clips"):
        take(rows)


def test_a_subject_in_two_folds_is_refused():
    with pytest.raises(SubjectLeak, match="'a'"):
        take(rows_of((0, "a", 1, 0.5), (1, "a", 0, 0.5)))


def test_another_table_is_refused():
    with pytest.raises(TableError):
        take(table(1).drop_columns(["score"]))
