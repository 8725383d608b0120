from __future__ import annotations

import numpy as np
import pytest

from rodepil.data.region.found import FixedBox, overlap
from rodepil.data.region.motion import Motion, background
from rodepil.errors import CageError
from tests.data.region.conftest import Cage


def iou(one: list[float], other: list[float]) -> float:
    """Count the shared pixels of two boxes of whole pixels."""
    pixels = [
        {(x, y) for x in range(int(box[0]), int(box[2])) for y in range(int(box[1]), int(box[3]))}
        for box in (one, other)
    ]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def test_overlap_is_shared_pixels_by_all_pixels():
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 12, (30, 2, 2))
    boxes = np.concatenate([corners.min(1), corners.max(1) + 1], axis=1).astype(np.float32)
    expected = [iou(box.tolist(), boxes[0].tolist()) for box in boxes]
    assert overlap(boxes, boxes[0]) == pytest.approx(expected, abs=1e-6)


def test_motion_finds_most_rats(cages: list[Cage]):
    for cage in cages:
        found = Motion().find(cage.rgb)
        ious = [
            float(overlap(one.boxes, box)[0]) if len(one.boxes) else 0.0
            for one, box in zip(found, cage.boxes, strict=True)
        ]
        assert np.mean(np.array(ious) > 0.4) > 0.6


def test_motion_finds_nothing_where_only_noise_is(cages: list[Cage]):
    still = background(cages[0].rgb).astype(np.int16)
    noise = np.random.default_rng(0).normal(0, 4, (12, *still.shape)).round().astype(np.int16)
    frames = np.clip(still + noise, 0, 255).astype(np.uint8)
    assert [len(one.boxes) for one in Motion().find(frames)] == [0] * 12


def test_motion_finds_the_box_of_a_square_that_moves():
    frames = np.full((9, 120, 160, 3), 100, np.uint8)
    for time in range(9):
        frames[time, 40:60, 15 * time : 15 * time + 20] = 180
    for time, one in enumerate(Motion().find(frames)):
        assert one.boxes[0] == pytest.approx([15 * time, 40, 15 * time + 20, 60], abs=3)


def test_a_fixed_box_is_found_in_every_frame():
    found = FixedBox((3, 4, 10, 20)).find(np.zeros((2, 30, 40, 3), np.uint8))
    assert [one.boxes.tolist() for one in found] == [[[3, 4, 13, 24]]] * 2


@pytest.mark.parametrize("box", [(-1, 0, 5, 5), (0, 0, 41, 5), (0, 28, 5, 3), (0, 0, 0, 5)])
def test_a_fixed_box_outside_the_frame_is_refused(box: tuple[int, int, int, int]):
    with pytest.raises(CageError, match="lies not whole in the frame of 40x30 px"):
        FixedBox(box).find(np.zeros((2, 30, 40, 3), np.uint8))
