"""The benchmark of scoring: a row a layout and peer, and all sides compute the same."""

from __future__ import annotations

import pytest

from rodepil.bench.scoring import PEERS, ScoringPlan, bench_scoring, make_events
from rodepil.io.progress import Silent
from rodepil.scoring import THRESHOLDS, mean_average_precision


def test_every_layout_has_a_row_of_both_times():
    plan = ScoringPlan(truths=20, predictions=60, layouts=((4, 2), (1, 1)), repeats=1)
    rows = bench_scoring(plan, Silent())
    names = [
        "mAP of 60 predictions and 20 truths in 4 videos and 2 classes",
        "mAP of 60 predictions and 20 truths in 1 videos and 1 classes",
    ]
    assert [(row.name, row.peer) for row in rows] == [
        (name, peer) for name in names for peer in PEERS
    ]
    for row in rows:
        assert row.value > 0
        assert row.ratio == pytest.approx(row.peer_value / row.value)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(("videos", "classes"), [(6, 3), (1, 2)])
def test_all_sides_compute_the_same(peer: str, videos: int, classes: int):
    for seed in range(0, 20, 2):
        truths = make_events(40, videos, classes, seed)
        said = make_events(120, videos, classes, seed + 1)
        ours = mean_average_precision(truths, said).mean
        assert ours == pytest.approx(PEERS[peer](truths, said, THRESHOLDS), abs=1e-9)
