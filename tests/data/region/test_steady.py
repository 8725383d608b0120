from __future__ import annotations

import numpy as np
import pytest

from rodepil.data.region.found import NOTHING, Found
from rodepil.data.region.steady import Steadying, best_boxes, steady_box
from rodepil.errors import CageError

EXACT = Steadying(quantile=1.0, margin=0.0, least_px=1)


def test_a_resting_animal_has_a_square_of_its_size_and_the_margin():
    boxes = np.tile(np.array([[100, 80, 140, 100]], np.float32), (9, 1))
    assert steady_box(boxes, (640, 480), EXACT) == (100, 70, 40, 40)
    assert steady_box(boxes, (640, 480), Steadying()) == (96, 66, 48, 48)


def test_a_roaming_animal_stays_whole_in_the_square():
    rng = np.random.default_rng(3)
    corners = rng.uniform(100, 300, (50, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(10, 40, (50, 2))], axis=1)
    left, top, width, height = steady_box(boxes.astype(np.float32), (640, 480), EXACT)
    assert width == height
    assert left - 1 <= boxes[:, 0].min()
    assert top - 1 <= boxes[:, 1].min()
    assert left + width + 1 >= boxes[:, 2].max()
    assert top + height + 1 >= boxes[:, 3].max()


def test_a_few_wrong_boxes_do_not_move_the_square():
    boxes = np.tile(np.array([[100, 80, 140, 120]], np.float32), (40, 1))
    right = steady_box(boxes, (640, 480))
    boxes[7] = [600, 400, 640, 480]
    assert steady_box(boxes, (640, 480)) == right


@pytest.mark.parametrize(
    ("box", "expected"),
    [((0, 0, 30, 30), (0, 0, 36, 36)), ((610, 450, 640, 480), (604, 444, 36, 36))],
)
def test_the_square_is_kept_in_the_frame(
    box: tuple[float, ...], expected: tuple[int, int, int, int]
):
    assert steady_box(np.array([box], np.float32), (640, 480)) == expected


def test_a_square_larger_than_the_frame_ends_at_its_sides():
    boxes = np.array([[0, 0, 640, 480]], np.float32)
    assert steady_box(boxes, (640, 480)) == (0, 0, 640, 480)


def test_the_best_box_of_each_frame_counts():
    two = Found(
        np.array([[0, 0, 1, 1], [5, 5, 9, 9]], np.float32), np.array([0.2, 0.9], np.float32)
    )
    assert best_boxes([two, NOTHING]).tolist() == [[5, 5, 9, 9]]


def test_no_box_and_an_impossible_rule_are_refused():
    with pytest.raises(CageError, match="take the whole frame"):
        steady_box(np.zeros((0, 4), np.float32), (640, 480))
    with pytest.raises(CageError, match=r"a quantile of 1\.5"):
        Steadying(quantile=1.5)
