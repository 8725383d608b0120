from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.data.region.masks import draw_mask, fill, mask_of, read_mask, write_mask
from rodepil.data.region.mirror import Wall
from rodepil.errors import CageError


def test_a_wall_masks_its_side_from_the_edge_to_its_foot():
    walls = [Wall("right", 3, 1.0), Wall("top", 2, 1.0)]
    expected = np.zeros((6, 10), np.uint8)
    expected[:, 7:] = 255
    expected[:2] = 255
    assert (mask_of(walls, (10, 6)) == expected).all()
    other = [Wall("left", 1, 1.0), Wall("bottom", 4, 1.0)]
    expected = np.zeros((6, 10), np.uint8)
    expected[:, :1] = 255
    expected[2:] = 255
    assert (mask_of(other, (10, 6)) == expected).all()


def test_a_drawn_polygon_holds_its_corners_and_what_is_between():
    mask = draw_mask([[(1, 1), (4, 1), (4, 3), (1, 3)]], (8, 6))
    expected = np.zeros((6, 8), np.uint8)
    expected[1:4, 1:5] = 255
    assert (mask == expected).all()


@pytest.mark.parametrize("corners", [[(0, 0), (3, 3)], [(0, 0), (9, 0), (0, 3)]])
def test_a_polygon_outside_or_without_area_is_refused(corners: list[tuple[int, int]]):
    with pytest.raises(CageError, match=r"8x6 px; give three corners"):
        draw_mask([corners], (8, 6))


def test_a_mask_is_read_as_it_was_written(tmp_path: Path):
    mask = draw_mask([[(0, 0), (5, 0), (0, 5)]], (8, 6))
    write_mask(tmp_path / "mask.png", mask)
    assert (read_mask(tmp_path / "mask.png", (8, 6)) == mask).all()
    assert (cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_GRAYSCALE) == mask).all()


def test_a_mask_of_another_size_or_no_picture_is_refused(tmp_path: Path):
    write_mask(tmp_path / "mask.png", np.zeros((6, 8), np.uint8))
    with pytest.raises(CageError, match=r"is 8x6 px; wanted a PNG of 9x6 px"):
        read_mask(tmp_path / "mask.png", (9, 6))
    (tmp_path / "text.png").write_text("no picture")
    for name in ("text.png", "missing.png"):
        with pytest.raises(CageError, match="is no picture; wanted a PNG"):
            read_mask(tmp_path / name, (9, 6))


def test_no_second_animal_remains_where_the_mask_is_filled():
    frames = np.full((5, 4, 6, 3), 50, np.uint8)
    for time in range(5):
        frames[time, :, time] = 200
    mask = np.zeros((4, 6), np.uint8)
    mask[:, :3] = 255
    filled = fill(frames, mask)
    assert (filled[:, :, :3] == 50).all()
    assert (filled[:, :, 3:] == frames[:, :, 3:]).all()
    assert (frames[0, :, 0] == 200).all()
    with pytest.raises(CageError, match=r"mask is of 6x4 px, the cage of 5x4 px"):
        fill(frames[:, :, :5], mask)
