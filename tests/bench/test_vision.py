"""The benchmark of vision: every row is there, and each side computes what it is named for."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rodepil.bench.rows import Row
from rodepil.bench.vision import Plan, bench_vision
from rodepil.bench.vision_batch import prepare
from rodepil.bench.vision_flow import LEAST_PX, fastest, parity_rows
from rodepil.bench.vision_peers import (
    absdiffs,
    kornia_changes,
    on_threads,
    opencv_changes,
    threads_kept,
)
from rodepil.cli.main import app
from rodepil.cluster import cpu_count
from rodepil.config.settings import AugmentSettings, FeatureSettings, ModelSettings
from rodepil.io.progress import Silent
from rodepil.vision.augment import Augment, apply, draw
from rodepil.vision.inputs import make_inputs
from tests.store.conftest import encode

CPU = torch.device("cpu")
SMALL = ModelSettings(width=48, depth=1, heads=3, patch_px=16)


def smooth(*shape: int, side: int = 64) -> np.ndarray:
    """Return bytes (..., side, side) that vary slowly, of which no two images are alike."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (int(np.prod(shape)), side, side), np.uint8)
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), 3) for image in images])
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).reshape(*shape, side, side)


def test_every_number_that_is_asked_for_has_a_row(tmp_path: Path):
    encode(tmp_path / "own.avi", smooth(12).astype(np.uint8))
    plan = Plan(
        CPU, (tmp_path / "own.avi",), repeats=1, cages=2, batch=2, frames=2, size_px=64, model=SMALL
    )  # fmt: skip
    rows = bench_vision(plan, Silent())
    assert [(row.name, row.unit) for row in rows] == [
        ("Farneback, 2 pairs of 64, all cores", "clips/s"),
        ("Farneback, 2 pairs of 64, one thread", "clips/s"),
        ("Farneback, distance from OpenCV's, simulated, median", "px"),
        ("Farneback, distance from OpenCV's, simulated, 99th percentile", "px"),
        ("Farneback, distance from OpenCV's, own, median", "px"),
        ("Farneback, distance from OpenCV's, own, 99th percentile", "px"),
        ("AbsDiff, 2 pairs of 64", "clips/s"),
        ("augmentation, 2x64, all cores", "clips/s"),
        ("augmentation, 2x64, all cores", "clips/s"),
        ("prepare a batch of 2, 2x64, rgb", "s"),
        ("prepare a batch of 2, 2x64, absdiff", "s"),
        ("prepare a batch of 2, 2x64, flow", "s"),
    ]
    assert all(row.value > 0 and row.peer_value > 0 for row in rows)
    for row in rows:
        better = row.peer_value / row.value if row.unit in {"px", "s"} else 0
        assert row.ratio == pytest.approx(better or row.value / row.peer_value), row.name
    assert all(row.ratio > 1 for row in rows if row.unit == "px")


def test_flow_that_is_another_is_seen_as_far_from_opencvs(monkeypatch: pytest.MonkeyPatch):
    pairs = torch.from_numpy(smooth(1, 2, 2, 1))
    same = list(parity_rows({"it": pairs}, CPU))
    assert [row.value < row.peer_value for row in same] == [True, True]
    flow = torch.full((2, 2, 64, 64), 0.0)
    monkeypatch.setattr("rodepil.bench.vision_flow.dense_flow", lambda *_: flow)
    still = [torch.full((1, 1, 2, 1, 64, 64), 99, dtype=torch.uint8)]
    assert [row.value for row in parity_rows({"it": still[0]}, CPU)] == [LEAST_PX] * 2
    flow += torch.tensor([3.0, 4.0])[:, None, None]
    monkeypatch.setattr(
        "rodepil.bench.vision_flow.dense_flow", lambda before, *_: flow[: len(before)]
    )
    assert [row.value for row in parity_rows({"it": still[0]}, CPU)] == pytest.approx([5, 5])


def test_the_fastest_peer_counts():
    assert fastest({"rodepil": 1.0, "slow": 5.0, "quick": 2.0}) == ("quick", 2.0)


def test_all_sides_of_augmentation_change_frames_alike():
    frames = torch.from_numpy(smooth(4, 2, 3))
    draws = draw(AugmentSettings(), range(4))
    assert len(set(draws.flip.tolist())) == 2
    ours = apply(frames, draws)
    theirs = torch.stack([each[0] for each in kornia_changes(frames, draws)])
    assert torch.allclose(theirs.view_as(ours), ours, atol=1e-5)
    images = frames.permute(0, 1, 3, 4, 2).contiguous().numpy()
    for clip, change, own in zip(images, opencv_changes(draws, 64), ours, strict=True):
        changed = np.stack([change(frame) for frame in clip]).transpose(0, 3, 1, 2)
        # OpenCV places pixels to 1/32 px and rounds to bytes.
        assert np.abs(changed / 255 - own.numpy()).mean() < 0.005


def test_a_prepared_batch_is_normalised_and_changed():
    stored = torch.from_numpy(smooth(2, 3, 3))
    settings = AugmentSettings(
        flip_probability=1, translate_share=0, rotate_deg=0, brightness=0, contrast=0
    )
    inputs = make_inputs(FeatureSettings(frames=3, size_px=64))
    made = prepare(stored, inputs, Augment(settings), CPU)
    wanted = (stored.flip(-1).double() / 255 - 0.45) / 0.225
    assert torch.allclose(made.double(), wanted, atol=1e-5)


def test_differences_of_frames_as_flat_images_are_those_of_their_pixels():
    one, other = smooth(2, 3)
    flat = [(one.reshape(-1, 64), other.reshape(-1, 64))]
    wanted = np.abs(one.astype(int) - other.astype(int))
    assert np.array_equal(absdiffs(flat)[0].reshape(one.shape), wanted)


def test_threads_are_as_asked_and_put_back():
    before, opencv = torch.get_num_threads(), cv2.getNumThreads()
    with threads_kept():
        on_threads(lambda: None, torch_threads=before + 1, opencv_threads=1)()
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (before + 1, 1)
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (before, opencv)


def test_the_file_says_where_and_on_what_it_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = []
    row = Row("AbsDiff", 3.0, "clips/s", "OpenCV", 2.0, 1.5)

    def measured(plan: Plan, progress: object) -> list[Row]:
        asked.append((plan, progress))
        return [row]

    monkeypatch.setattr("rodepil.bench.vision.bench_vision", measured)
    path = tmp_path / "bench.json"
    app(
        ["bench", "vision", "a.avi", "--json", str(path), "--repeats", "2", "--device", "cpu"],
        standalone_mode=False,
    )
    plan = asked[0][0]
    assert (plan.device, plan.videos, plan.repeats) == (CPU, (Path("a.avi"),), 2)
    content = json.loads(path.read_text())
    assert content["rows"] == [asdict(row)]
    machine = content["machine"]
    assert machine["opencv"] == cv2.__version__
    assert machine["threads"] == cpu_count()
    assert machine["kornia"]
