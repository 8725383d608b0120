"""Kappa by time bins is scikit-learn's; conflicts name what differs, and where it is written."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from rodepil.data.marks.compare import Conflict, Pair, compare, write_conflicts
from rodepil.data.marks.entry import Mark
from rodepil.data.marks.kappa import bins_of, kappa
from rodepil.data.marks.matching import Judges
from tests.data.marks.conftest import mark

CAGES = {("r", 0): ("70-3", 100.0)}


@pytest.mark.parametrize(
    ("spans", "duration_s", "bin_s", "wanted"),
    [
        ([], 3, 1, "000"),
        ([(0, 3)], 3, 1, "111"),
        ([(0.5, 1.4)], 3, 1, "100"),  # half of the first bin, less than half of the second
        ([(0.6, 1.5)], 3, 1, "010"),
        ([(0, 0.25), (0.75, 1)], 3, 1, "100"),  # together a half
        ([(0, 0.3), (0.1, 0.4)], 3, 1, "000"),  # what overlaps counts once
        ([(2.9, 3.25)], 3.5, 1, "0001"),  # the last bin is half a second long
        ([(0, 10)], 10, 60, "1"),
        ([(1, 2)], 4, 0.5, "00110000"),
    ],
)
def test_a_bin_is_marked_when_at_least_half_of_it_is(
    spans: list[tuple[float, float]], duration_s: float, bin_s: float, wanted: str
):
    assert "".join(str(int(one)) for one in bins_of(spans, duration_s, bin_s)) == wanted


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 80)), max_size=6),
    st.integers(1, 400),
    st.sampled_from([4, 10, 25]),
)
def test_bins_are_those_of_counting_ticks(spans: list[tuple[int, int]], ticks: int, width: int):
    marked = {tick for start, length in spans for tick in range(start, start + length)}
    wanted = []
    for first in range(0, ticks, width):
        inside = range(first, min(first + width, ticks))
        wanted.append(2 * len(marked & set(inside)) >= len(inside))
    found = bins_of(
        [(start / 10, (start + length) / 10) for start, length in spans], ticks / 10, width / 10
    )
    assert found.tolist() == wanted


def test_kappa_worked_out_by_hand():
    # Cohen's form: of 50 bins both mark 20, neither 15, only the one 5, only the other 10:
    # observed 0.7, by chance (25*30 + 25*20) / 50^2 = 0.5, so that kappa is 0.4.
    one = np.array([True] * 25 + [False] * 25)
    other = np.array([True] * 20 + [False] * 5 + [True] * 10 + [False] * 15)
    assert kappa(one, other) == pytest.approx(0.4)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_kappa_is_scikit_learns(bins: list[tuple[bool, bool]]):
    one, other = np.array([a for a, _ in bins]), np.array([b for _, b in bins])
    found = kappa(one, other)
    if one.all() == other.all() and one.any() == other.any() and one.all() == one.any():
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(one, other))


def pair(*marks: Mark, min_tiou: float = 0.5, watchers: str = "ab") -> Pair:
    judges = Judges(marks, [(name, "r", None) for name in watchers])
    (found,) = compare(marks, judges, CAGES, "seizure", bin_s=1.0, min_tiou=min_tiou)
    return found


def test_a_pair_worked_out_by_hand():
    found = pair(
        mark("a", 0, 10), mark("b", 5, 15),  # tIoU 1/3
        mark("a", 40, 50), mark("b", 40, 50),  # tIoU 1
        mark("a", 60, 65),
        mark("b", 80, 90), mark("b", 95, 97),
    )  # fmt: skip
    assert (found.matched, found.only_one, found.only_other) == (2, 1, 2)
    assert found.tiou == pytest.approx((1 / 3 + 1) / 2)
    assert found.watched_s == 100.0
    one, other = np.zeros(100, int), np.zeros(100, int)
    for start, end in ((0, 10), (40, 50), (60, 65)):
        one[start:end] = 1
    for start, end in ((5, 15), (40, 50), (80, 90), (95, 97)):
        other[start:end] = 1
    assert found.kappa == pytest.approx(cohen_kappa_score(one, other))
    assert [(one.kind, one.annotator, one.start_s) for one in found.conflicts] == [
        ("low tIoU", "a", 0),
        ("only one", "a", 60),
        ("only one", "b", 80),
        ("only one", "b", 95),
    ]


def test_another_label_at_the_same_time_is_a_conflict_of_labels():
    found = pair(mark("a", 0, 10), mark("b", 1, 11, "wild running"), mark("b", 50, 60))
    conflict = found.conflicts[0]
    assert (conflict.kind, conflict.other_label, conflict.other_start_s) == (
        "label differs",
        "wild running",
        1,
    )
    assert conflict.tiou == pytest.approx(9 / 11)


def test_two_who_both_saw_nothing_agree_without_a_kappa():
    found = pair()
    assert (found.matched, found.tiou, found.kappa, found.conflicts) == (0, None, None, ())


def test_who_never_watched_is_compared_with_nobody():
    marks = [mark("a", 0, 10), mark("b", 0, 10)]
    watched = Judges(marks, [("a", "r", None), ("b", "elsewhere", None)])
    assert compare(marks, watched, CAGES, "seizure", bin_s=1, min_tiou=0.5) == []


def test_conflicts_go_to_a_csv_that_spreadsheets_read(tmp_path: Path):
    write_conflicts([pair(mark("a", 0, 10), mark("b", 5, 15))], tmp_path / "ü.csv")
    with (tmp_path / "ü.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["kind"], row["subject_id"], row["where"]) == ("low tIoU", "70-3", "f, line 1")
    assert math.isclose(float(row["tiou"]), 1 / 3)
    assert set(row) == set(Conflict.__dataclass_fields__)
