"""The benchmark of localization: every row is there, and I3D's two sides compute the same."""

from __future__ import annotations

import pytest
import torch

from rodepil.bench.raseformer import RaseformerPlan, bench_raseformer, one_by_one
from rodepil.config.raseformer import RaseformerSettings
from rodepil.io.progress import Silent
from rodepil.models.i3d.network import I3D
from rodepil.models.i3d.slide import slide
from rodepil.models.i3d.weights import initialize

SMALL = RaseformerSettings(
    feature_width=16, width=16, heads=2, windows=(5, 5), ranges=((0, 4), (4, 100)), max_length=8
)


def test_every_part_has_its_rows():
    plan = RaseformerPlan(
        torch.device("cpu"), 40, 7, windows=2, networks=((4, 32),), network=SMALL, repeats=1
    )
    rows = bench_raseformer(plan, Silent())
    attention = "top-4 of a window of 7, 40 steps, forward and backward"
    assert [(row.name, row.peer) for row in rows] == [
        (attention, "the masked form"),
        (attention, "all keys of the window"),
        (attention, "attention to the whole clip"),
        ("RaSeformer of width 16, 8 steps, two clips forward and backward", "the masked form"),
        ("I3D of width 4 at 32 px, windows of 16 frames every 4", "each window alone"),
    ]
    for row in rows:
        assert row.value > 0
        better = row.value / row.peer_value
        assert row.ratio == pytest.approx(1 / better if row.unit == "ms" else better)


def test_windows_alone_and_sharing_are_the_same_features():
    network = I3D(4, size_px=32, classes=0)
    initialize(network, torch.Generator().manual_seed(1))
    clip = torch.rand(40, 3, 32, 32, generator=torch.Generator().manual_seed(2)) * 2 - 1
    alone = one_by_one(network.eval(), clip)
    assert alone.shape == (7, 64)
    torch.testing.assert_close(slide(network, clip, 4), alone, atol=1e-5, rtol=0)
