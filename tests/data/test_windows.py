"""A window's label follows from the seizures that overlap it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation
from rodepil.data.windows import label_window

SETTINGS = CurateSettings(min_overlap_s=2.0, min_agreement=0.5)


def marked(start_s: float, end_s: float, agreement: float = 1.0) -> Annotation:
    return Annotation("r", 0, start_s, end_s, "seizure", "a", agreement)


@pytest.mark.parametrize(
    ("seizures", "label", "overlap_s", "reason"),
    [
        ([], 0, 0.0, None),
        ([marked(0, 10)], 0, 0.0, None),  # ends where window 1 begins
        ([marked(20, 30)], 0, 0.0, None),  # begins where it ends
        ([marked(5, 12)], 1, 2.0, None),
        ([marked(5, 11.9)], 1, 1.9, "overlap_short"),
        ([marked(0, 100)], 1, 10.0, None),
        ([marked(12, 13), marked(15, 16)], 1, 2.0, None),
        ([marked(12, 13.5), marked(12.5, 13.9)], 1, 1.9, "overlap_short"),  # counted once
        ([marked(12, 18, 0.49)], 1, 0.0, "low_agreement"),
        ([marked(12, 18, 0.5)], 1, 6.0, None),
        ([marked(12, 18, 0.1), marked(12, 15)], 1, 3.0, None),  # agreed upon is enough
        ([marked(12, 18, 0.1), marked(12, 13)], 1, 1.0, "overlap_short"),
    ],
)
def test_labels_worked_out_by_hand(
    seizures: list[Annotation], label: int, overlap_s: float, reason: str | None
):
    found = label_window(1, seizures, SETTINGS)
    assert (found.label, found.overlap_s, found.drop_reason) == (label, overlap_s, reason)


def test_without_a_minimum_every_touch_makes_a_positive():
    settings = CurateSettings(min_overlap_s=0.0)
    assert label_window(1, [marked(0, 10.001)], settings).drop_reason is None
    assert label_window(1, [marked(0, 10.001)], settings).label == 1
    assert label_window(1, [marked(0, 10.0)], settings).label == 0


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 150)), max_size=6))
def test_overlap_is_the_time_covered_by_any_seizure(spans: list[tuple[int, int]]):
    seizures = [marked(start / 10, (start + length) / 10) for start, length in spans]
    covered = {tick for start, length in spans for tick in range(start, start + length)}
    ticks = len(covered & set(range(100, 200)))
    assert label_window(1, seizures, SETTINGS).overlap_s == pytest.approx(ticks / 10, abs=1e-6)
