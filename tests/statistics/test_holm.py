"""Holm's correction, worked by hand."""

from __future__ import annotations

import pytest

from rodepil.statistics.holm import holm


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        # Sorted .005 .01 .03 .04 times 4 3 2 1 is .02 .03 .06 .04, and none falls: .06.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([0.04], [0.04]),
        ([], []),
    ],
)
def test_hand_made_cases(given: list[float], wanted: list[float]):
    assert holm(given) == pytest.approx(wanted)


@pytest.mark.parametrize("odd", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(odd: float):
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        holm([0.5, odd])
