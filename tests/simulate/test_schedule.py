"""Who lives where and when seizures come, before anything is drawn."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from rodepil.config.settings import SimulateSettings
from rodepil.errors import SettingError
from rodepil.simulate.schedule import GAP_S, MARGIN_S, CagePlan, make_plan

WINDOW_S = 10.0


def _overlap(cage: CagePlan, start_s: float) -> float:
    return sum(
        max(0.0, min(end, start_s + WINDOW_S) - max(start, start_s)) for start, end in cage.seizures
    )


@pytest.mark.parametrize("seed", [7, 0, 1, 2, 99])
def test_by_default_every_subject_has_windows_of_both_kinds(seed: int) -> None:
    settings = SimulateSettings(seed=seed)
    positive: Counter[int] = Counter()
    negative: Counter[int] = Counter()
    windows = 0
    for plan in make_plan(settings):
        for cage in plan.cages:
            for start in range(0, 150, 10):
                overlap_s = _overlap(cage, start)
                windows += 1
                positive[cage.subject] += overlap_s >= 2
                negative[cage.subject] += overlap_s == 0
    assert 0.22 <= positive.total() / windows <= 0.30
    assert min(positive[subject] for subject in range(SimulateSettings().subjects)) >= 4
    assert min(negative[subject] for subject in range(SimulateSettings().subjects)) >= 10


@pytest.mark.parametrize("seed", [7, 0, 1])
def test_by_default_subjects_live_in_several_recordings_of_three_to_six_cages(seed: int) -> None:
    plans = make_plan(SimulateSettings(seed=seed))
    assert len(plans) == SimulateSettings().recordings
    assert all(3 <= len(plan.cages) <= 6 for plan in plans)
    lives = Counter(cage.subject for plan in plans for cage in plan.cages)
    assert sorted(lives) == list(range(SimulateSettings().subjects))
    assert min(lives.values()) >= 2


@examples(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    subjects=st.integers(2, 14),
    recordings=st.integers(3, 8),
    duration_s=st.floats(30, 400),
    rate=st.floats(0, 200),
)
def test_a_plan_is_possible(
    seed: int, subjects: int, recordings: int, duration_s: float, rate: float
) -> None:
    settings = SimulateSettings(
        seed=seed, subjects=subjects, recordings=recordings, cages_min=2, duration_s=duration_s,
        seizures_per_cage_hour=rate,
    )  # fmt: skip
    plans = make_plan(settings)
    assert len({plan.recording_id for plan in plans}) == recordings
    seizures: Counter[int] = Counter()
    for plan in plans:
        positions = [cage.position for cage in plan.cages]
        owners = [cage.subject for cage in plan.cages]
        assert len(set(positions)) == len(positions)
        assert len(set(owners)) == len(owners)
        assert set(positions) <= set(range(1, 7))
        for cage in plan.cages:
            seizures[cage.subject] += len(cage.seizures)
            now = MARGIN_S - GAP_S
            for start, end in cage.seizures:
                assert start >= now + GAP_S - 0.01
                assert 15 - 0.01 <= end - start <= 60 + 0.01
                now = end
            assert now <= duration_s - MARGIN_S + 0.01
    assert {cage.subject for plan in plans for cage in plan.cages} == set(range(subjects))
    assert all(bool(seizures[subject]) == (rate > 0) for subject in range(subjects))


def test_more_subjects_than_cages_is_refused_with_the_remedy() -> None:
    settings = SimulateSettings(subjects=13, recordings=2)
    with pytest.raises(SettingError, match=r"13 subjects.*2 recordings.*raise data\.simulate"):
        make_plan(settings)


def test_more_cages_than_subjects_is_refused_with_the_remedy() -> None:
    settings = SimulateSettings(subjects=2)
    with pytest.raises(SettingError, match="cages_min 3 is above the 2 subjects"):
        make_plan(settings)
