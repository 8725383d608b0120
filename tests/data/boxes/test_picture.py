"""Boxes and names on a frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rodepil.data.boxes.canvas import BAR_PX, Canvas
from rodepil.data.boxes.editor import Box
from rodepil.data.boxes.picture import COLOURS, draw_boxes, magnify

GREY = 90


def frame(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def test_the_border_is_the_outermost_pixels_of_the_box():
    shown = draw_boxes(frame(640, 480), [Box(100, 120, 200, 150, 1, "a")])
    middle_y, middle_x = 195, 250
    for y, x in ((middle_y, 100), (middle_y, 299), (120, middle_x), (269, middle_x)):
        assert tuple(shown[y, x]) == COLOURS[0]
    assert tuple(shown[middle_y, 200]) == (GREY,) * 3
    for y, x in ((middle_y, 94), (middle_y, 305), (275, middle_x)):
        assert tuple(shown[y, x]) == (GREY,) * 3


def test_the_frame_itself_is_left_as_it_was():
    given = frame(640, 480)
    draw_boxes(given, [Box(100, 120, 200, 150, 1, "a")])
    assert (given == GREY).all()


@pytest.mark.parametrize("size", [(128, 96), (640, 480), (1350, 360), (3840, 2160)])
def test_names_are_legible_at_any_size(size: tuple[int, int]):
    given, times = magnify(frame(*size))
    assert given.shape[1] == times * size[0]
    assert max(given.shape[:2]) >= 900
    box = Box(size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2, 3, "70-3")
    shown = draw_boxes(given, [box], scale=times)
    bare = draw_boxes(given, [Box(box.x, box.y, box.width, box.height, 3, "")], scale=times)
    rows = np.flatnonzero((shown != bare).any((1, 2)))
    assert len(rows) >= max(given.shape[:2]) // 130  # letters of the name alone


def test_names_of_other_scripts_are_drawn_and_differ():
    box = Box(100, 120, 300, 150, 1)
    shown = [
        draw_boxes(frame(640, 480), [Box(box.x, box.y, box.width, box.height, 1, name)])
        for name in ("ratte-ü", "ratte-ö")
    ]
    assert (shown[0] != shown[1]).any()


@pytest.mark.parametrize("size", [(640, 480), (3840, 2160), (1350, 360), (200, 900)])
def test_a_frame_fits_its_window_and_points_lead_back_to_it(size: tuple[int, int]):
    canvas = Canvas(*size)
    width, height = canvas.size_px
    assert width <= 1280
    assert height <= 720 + BAR_PX
    last = canvas.to_frame(round(size[0] * canvas.scale) - 1, round(size[1] * canvas.scale) - 1)
    assert abs(last[0] - size[0]) <= 1 / canvas.scale + 1
    assert abs(last[1] - size[1]) <= 1 / canvas.scale + 1
    assert canvas.to_frame(0, 0) == (0, 0)


def test_boxes_are_scaled_with_the_frame():
    half = cv2.resize(frame(640, 480), (320, 240))
    shown = draw_boxes(np.asarray(half), [Box(100, 120, 200, 150, 1, "a")], scale=0.5)
    assert tuple(shown[100, 50]) == COLOURS[0]
    assert tuple(shown[100, 149]) == COLOURS[0]
