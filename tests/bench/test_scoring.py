"""The benchmark of scoring: a row a layout, and both sides compute the same."""

from __future__ import annotations

import pytest

from rodepil.bench.scoring import ScoringPlan, bench_scoring, loop_map, make_segments
from rodepil.scoring import THRESHOLDS, mean_average_precision


def test_every_layout_has_a_row_of_both_times():
    plan = ScoringPlan(truths=20, predictions=60, layouts=((4, 2), (1, 1)), repeats=1)
    rows = bench_scoring(plan)
    assert [row.name for row in rows] == [
        "mAP of 60 predictions and 20 truths in 4 videos and 2 classes",
        "mAP of 60 predictions and 20 truths in 1 videos and 1 classes",
    ]
    for row in rows:
        assert row.value > 0
        assert row.ratio == pytest.approx(row.peer_value / row.value)


@pytest.mark.parametrize(("videos", "classes"), [(6, 3), (1, 2)])
def test_both_sides_compute_the_same(videos: int, classes: int):
    for seed in range(0, 20, 2):
        truths = make_segments(40, videos, classes, seed)
        said = make_segments(120, videos, classes, seed + 1)
        ours = mean_average_precision(truths, said).mean
        assert ours == pytest.approx(loop_map(truths, said, THRESHOLDS), abs=1e-9)
