"""Which units stand when: rules that hold for every plan."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from rodepil.config.localize import UnitSimulationSettings
from rodepil.io.labels import ACTION_UNITS
from rodepil.simulate.units import MOVES, UnitPlan, make_unit_plans
from rodepil.simulate.units.moves import GUESTS, HOSTS


@pytest.fixture(params=[2.0, 2.9, 7.5, 10.0])
def plans(request: pytest.FixtureRequest) -> list[UnitPlan]:
    return make_unit_plans(UnitSimulationSettings(clips=150, duration_s=request.param))


def test_every_action_unit_has_a_movement_in_the_order_of_ids() -> None:
    assert tuple(MOVES) == ACTION_UNITS


def test_units_in_a_row_fill_a_clip_without_gap_and_change_at_whole_seconds(
    plans: list[UnitPlan],
) -> None:
    longest = max(plan.row[-1].end_s for plan in plans)
    for plan in plans:
        assert plan.row[0].start_s == 0
        assert plan.row[-1].end_s == longest
        for one, other in pairwise(plan.row):
            assert one.end_s == other.start_s == int(one.end_s)
            assert one.label != other.label
        assert all(unit.end_s - unit.start_s >= 2 for unit in plan.segments)


def test_what_happens_on_top_lies_in_one_host_for_whole_seconds(plans: list[UnitPlan]) -> None:
    for plan in plans:
        for guest in plan.guests:
            hosts = [
                unit for unit in plan.row
                if unit.start_s <= guest.start_s and guest.end_s <= unit.end_s
            ]  # fmt: skip
            assert [host.label in HOSTS for host in hosts] == [True]
            assert guest.label in GUESTS
            assert guest.start_s == int(guest.start_s)
            assert guest.end_s == int(guest.end_s)


def test_some_units_overlap_and_clips_hold_one_to_three_in_a_row() -> None:
    plans = make_unit_plans(UnitSimulationSettings())
    assert any(plan.guests for plan in plans)
    assert {len(plan.row) for plan in plans} == {1, 2, 3}


def test_no_subject_is_on_two_sides_and_a_third_is_tested() -> None:
    plans = make_unit_plans(UnitSimulationSettings(subjects=12, clips=120))
    sides = {(plan.subject_id, plan.subset) for plan in plans}
    assert len(sides) == 12
    assert sum(subset == "testing" for _, subset in sides) == 4


def test_both_sides_hold_every_unit_and_others_most() -> None:
    plans = make_unit_plans(UnitSimulationSettings())
    for subset in ("training", "testing"):
        counts = Counter(
            unit.label for plan in plans if plan.subset == subset for unit in plan.segments
        )
        assert set(counts) == set(ACTION_UNITS)
        assert counts.most_common(1)[0][0] == "others"


def test_a_seed_decides_a_plan_and_more_clips_change_none_of_the_first() -> None:
    few = make_unit_plans(UnitSimulationSettings(clips=20))
    many = make_unit_plans(UnitSimulationSettings(clips=40))
    assert many[:20] == few
    assert make_unit_plans(UnitSimulationSettings(clips=20, seed=12)) != few
