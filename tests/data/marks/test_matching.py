"""Two annotators' marks are matched one to one by temporal IoU, and merged by agreement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from rodepil.config.settings import CurateSettings
from rodepil.data.marks.entry import Mark
from rodepil.data.marks.matching import Event, Judges, events_of, match, tiou
from rodepil.data.marks.merge import annotations_of_events, interval
from rodepil.data.windows import label_window
from tests.data.marks.conftest import mark

Spans = list[tuple[int, int]]
SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), max_size=7)


def marks_of(annotator: str, spans: Spans) -> list[Mark]:
    return [mark(annotator, start, start + length) for start, length in spans]


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ((0, 10), (0, 10), 1.0),
        ((0, 10), (10, 20), 0.0),
        ((0, 10), (12, 20), 0.0),
        ((0, 10), (5, 15), 5 / 15),
        ((0, 40), (10, 20), 10 / 40),
        ((12.5, 40.0), (13.5, 42.0), 26.5 / 29.5),
    ],
)
def test_tiou_worked_out_by_hand(
    one: tuple[float, float], other: tuple[float, float], wanted: float
):
    assert tiou(mark("a", *one), mark("b", *other)) == pytest.approx(wanted)
    assert tiou(mark("b", *other), mark("a", *one)) == pytest.approx(wanted)


@given(st.integers(0, 99), st.integers(1, 99), st.integers(0, 99), st.integers(1, 99))
def test_tiou_is_that_of_the_seconds_that_both_hold(start: int, length: int, at: int, lasting: int):
    one, other = set(range(start, start + length)), set(range(at, at + lasting))
    found = tiou(mark("a", start, start + length), mark("b", at, at + lasting))
    assert found == pytest.approx(len(one & other) / len(one | other))


@given(SPANS, SPANS)
def test_matching_is_one_to_one_and_leaves_no_pair_that_both_could_take(one: Spans, other: Spans):
    marks = [*marks_of("a", one), *marks_of("b", other)]
    groups = match(marks)
    assert sorted(map(id, (each for group in groups for each in group))) == sorted(map(id, marks))
    pairs = [group for group in groups if len(group) > 1]
    assert all([each.annotator for each in group] == ["a", "b"] for group in pairs)
    assert all(tiou(*group) > 0 for group in pairs)
    alone = [group[0] for group in groups if len(group) == 1]
    for left in (each for each in alone if each.annotator == "a"):
        assert all(tiou(left, right) == 0 for right in alone if right.annotator == "b")


@given(SPANS)
def test_events_apart_are_matched_as_the_best_assignment_does(spans: Spans):
    """Apart by more than they are long and moved by less: each has one partner at most."""
    one = [(400 * number + start % 40, 20 + length) for number, (start, length) in enumerate(spans)]
    other = [(start + length // 3, length) for start, length in one][::-1]
    marks_a, marks_b = marks_of("a", one), marks_of("b", other)
    scores = np.array([[tiou(a, b) for b in marks_b] for a in marks_a]).reshape(len(one), len(one))
    best = scores[linear_sum_assignment(scores, maximize=True)].sum()
    found = sum(tiou(*group) for group in match([*marks_a, *marks_b]) if len(group) > 1)
    assert found == pytest.approx(best)


@given(SPANS, SPANS)
def test_best_first_is_never_under_half_of_the_best_assignment(one: Spans, other: Spans):
    marks_a, marks_b = marks_of("a", one), marks_of("b", other)
    scores = np.array([[tiou(a, b) for b in marks_b] for a in marks_a]).reshape(
        len(one), len(other)
    )
    best = scores[linear_sum_assignment(scores, maximize=True)].sum()
    found = sum(tiou(*group) for group in match([*marks_a, *marks_b]) if len(group) > 1)
    assert best / 2 - 1e-9 <= found <= best + 1e-9


def test_the_better_partner_is_taken_and_the_other_left_alone():
    long, early, late = mark("a", 0, 30), mark("b", 0, 10), mark("b", 11, 30)
    assert set(match([long, early, late])) == {(early,), (long, late)}


@given(SPANS, SPANS, SPANS)
def test_marks_of_three_in_one_group_have_a_common_interval(one: Spans, two: Spans, three: Spans):
    groups = match([*marks_of("a", one), *marks_of("b", two), *marks_of("c", three)])
    for group in groups:
        assert len({each.annotator for each in group}) == len(group)
        start_s, end_s = interval(Event(group, 3), "intersection")
        assert start_s < end_s


def judges(marks: list[Mark], *names: str) -> Judges:
    return Judges(marks, [(name, "r", None) for name in names])


@pytest.mark.parametrize(
    ("marks", "watchers", "wanted"),
    [
        ([mark("a", 0, 10)], "a", 1.0),
        ([mark("a", 0, 10)], "ab", 0.0),
        ([mark("a", 0, 10), mark("b", 0, 10)], "ab", 1.0),
        ([mark("a", 0, 10), mark("b", 5, 15)], "ab", 1 / 3),
        ([mark("a", 0, 10), mark("b", 0, 10)], "abc", 1 / 3),  # c agrees with neither
        ([mark("a", 0, 10), mark("b", 0, 10), mark("c", 0, 5)], "abc", (1 + 0.5 + 0.5) / 3),
    ],
)
def test_agreement_is_the_mean_over_pairs_of_all_who_watched(
    marks: list[Mark], watchers: str, wanted: float
):
    (event,) = events_of(marks, judges(marks, *watchers))["r", 0, "seizure"]
    assert event.agreement == pytest.approx(wanted)


def test_who_watched_another_cage_does_not_disagree():
    marks = [mark("a", 0, 10)]
    watched = [("a", "r", None), ("b", "r", 1), ("c", "other", None)]
    (event,) = events_of(marks, Judges(marks, watched))["r", 0, "seizure"]
    assert event.agreement == 1.0


def test_who_marks_only_action_units_says_nothing_of_seizures():
    marks = [mark("a", 0, 10), mark("b", 2, 4, "jumping")]
    events = events_of(marks, judges(marks, "a", "b", "c"))
    assert events["r", 0, "seizure"][0].agreement == 0.0  # c looked for seizures, and saw none
    assert events["r", 0, "jumping"][0].agreement == 1.0
    marks = [*marks, mark("b", 50, 60)]
    events = events_of(marks, judges(marks, "a", "b"))
    assert [event.agreement for event in events["r", 0, "seizure"]] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("way", "rows"),
    [
        ("intersection", [(10, 20, 0.0), (20, 40, 0.4), (40, 60, 0.0)]),
        ("union", [(10, 60, 0.4)]),
        ("mean", [(10, 15, 0.0), (15, 50, 0.4), (50, 60, 0.0)]),
    ],
)
def test_what_only_one_marked_around_an_event_is_disputed(way, rows):  # noqa: ANN001 - a literal
    marks = [mark("a", 10, 40), mark("b", 20, 60)]
    made = annotations_of_events(events_of(marks, judges(marks, "a", "b")), way)
    assert [(row.start_s, row.end_s, pytest.approx(row.agreement)) for row in made] == rows
    assert {row.annotator for row in made if row.agreement} == {"a + b"}
    if way == "intersection":
        assert [row.annotator for row in made] == ["a", "a + b", "b"]


def test_only_what_is_agreed_upon_labels_a_window_and_the_rest_is_no_negative():
    marks = [mark("a", 4, 24), mark("b", 8, 32), mark("a", 52, 58)]
    made = annotations_of_events(events_of(marks, judges(marks, "a", "b")), "intersection")
    settings = CurateSettings(min_overlap_s=3.0, min_agreement=0.5)
    found = [label_window(window, made, settings) for window in range(7)]
    assert [(one.label, one.drop_reason) for one in found] == [
        (1, "overlap_short"),  # 8-10 s of the event
        (1, None),
        (1, None),  # 20-24 s, four seconds
        (1, "low_agreement"),  # 30-32 s, which only b marked
        (0, None),
        (1, "low_agreement"),  # 52-58 s, which only a marked
        (0, None),
    ]
