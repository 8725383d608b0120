"""Several animals in one picture are told from one, by motion and by a network's boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rodepil.data.region import FixedBox, Motion, locate
from rodepil.data.region.crowd import places, together
from rodepil.data.region.found import NOTHING, Found, Frames
from rodepil.data.region.locate import region_in
from rodepil.data.region.sample import Sample
from tests.data.region.conftest import Cage

FRAMES = 40
REAL = {
    "three_boxes_1350x360_15fps.mp4": True,
    "mouse_arena_640x480_30fps.mp4": False,
    "mouse_openfield_640x480_30fps.mp4": False,
}


def floor(squares: list[list[tuple[int, int]]]) -> Frames:
    """Draw squares of 20 px on a floor of 240 x 120 px, at a left and a top for each frame."""
    frames = np.full((FRAMES, 120, 240, 3), 100, np.uint8)
    for way in squares:
        for frame, (left, top) in zip(frames, way, strict=True):
            frame[top : top + 20, left : left + 20] = 190
    return frames


def roam(low: int, high: int, seed: int) -> list[tuple[int, int]]:
    """Return a way that stays between two columns."""
    rng = np.random.default_rng(seed)
    return [
        (int(x), int(y))
        for x, y in zip(rng.integers(low, high, FRAMES), rng.integers(0, 100, FRAMES), strict=True)
    ]


def moved(frames: Frames) -> int:
    return places(Motion().find(frames))


def test_animals_of_cages_side_by_side_are_counted() -> None:
    assert moved(floor([roam(0, 55, 1)])) == 1
    assert moved(floor([roam(0, 55, 1), roam(160, 215, 2)])) == 2
    assert moved(floor([roam(0, 45, 1), roam(85, 130, 2), roam(170, 215, 3)])) == 3


def test_one_animal_that_roams_through_all_of_the_picture_is_one() -> None:
    assert moved(floor([roam(0, 220, 4)])) == 1


def test_an_animal_that_leaves_its_nest_is_one() -> None:
    """While it is away, the picture differs from the background in both places."""
    away = roam(120, 215, 5)
    way = [at if number % 5 < 2 else (10, 50) for number, at in enumerate(away)]
    found = Motion().find(floor([way]))
    both = sum(len(one.boxes) + len(one.others) == 2 for one in found)
    assert both == 16  # the trap is there
    assert places(found) == 1


def test_parts_of_one_animal_that_move_together_are_one() -> None:
    """Head and haunches of an animal that jerks in place, 120 px apart, one way of moving."""
    jerks = np.random.default_rng(6).integers(0, 30, FRAMES).tolist()
    frames = np.full((FRAMES, 120, 240, 3), 100, np.uint8)
    for frame, jerk in zip(frames, jerks, strict=True):
        frame[40 : 50 + jerk, 30:60] = frame[40 : 50 + jerk, 180:210] = 190
    assert moved(frames) == 1


def test_a_clock_in_the_corner_is_no_animal() -> None:
    frames = floor([roam(0, 150, 7)])
    rng = np.random.default_rng(8)
    for frame in frames:
        frame[2:9, 228:234] = rng.integers(0, 255, (7, 6, 1))
    assert moved(frames) == 1


def test_nothing_that_moves_is_no_animal() -> None:
    assert moved(np.full((5, 40, 60, 3), 100, np.uint8)) == 0
    assert together([NOTHING] * 5) == 0


def boxes(*found: tuple[float, float, float, float, float]) -> Found:
    rows = np.array(found, np.float32).reshape(-1, 5)
    return Found(rows[:, :4], rows[:, 4])


def test_a_networks_boxes_that_do_not_touch_are_animals() -> None:
    one, other = (0, 0, 20, 20, 0.9), (40, 0, 60, 20, 0.8)
    assert together([boxes(one, other)] * 3 + [boxes(one)] * 7) == 2
    assert together([boxes(one, other)] + [boxes(one)] * 9) == 1  # a tenth is a mistake
    assert together([boxes(one, (5, 5, 25, 25, 0.8))] * 3) == 1
    assert together([boxes(one, (40, 0, 60, 20, 0.4))] * 3) == 1
    assert together([boxes(one, other, (0, 50, 9, 60, 0.7))] * 3) == 3


class Sightless:
    """A network that finds nothing."""

    def find(self, frames: Frames) -> list[Found]:
        return [NOTHING] * len(frames)


def test_where_nothing_is_there_nobody_speaks_of_several_animals() -> None:
    still = np.full((5, 120, 240, 3), 100, np.uint8)
    region = region_in(Sightless(), Sample(still, 1.0, (0, 0, 240, 120), (240, 120)), Path("v.mp4"))
    assert region.doubt is None
    assert str(region).startswith("x=0 y=0 240x120 px: no animal")


class Blind:
    """A network that sees one box, always, whatever is there."""

    def find(self, frames: Frames) -> list[Found]:
        return [boxes((0, 0, 20, 20, 0.9))] * len(frames)


def test_what_moves_is_heeded_whatever_the_detector_is() -> None:
    frames = floor([roam(0, 55, 1), roam(160, 215, 2)])
    seen = Sample(frames, 1.0, (0, 0, 240, 120), (240, 120))
    for detector in (Motion(), Blind()):
        region = region_in(detector, seen, Path("v.mp4"))
        assert "2 or more animals" in str(region.doubt)
        assert "2 or more animals" in str(region)
    assert region_in(FixedBox((0, 0, 20, 20)), seen, Path("v.mp4")).doubt is None


def test_simulated_cages_of_one_rat_are_one_animal_each(cages: list[Cage]) -> None:
    assert [moved(cage.rgb) for cage in cages] == [1] * len(cages)


@pytest.mark.parametrize("name", REAL)
def test_three_real_boxes_are_doubted_and_single_mice_are_not(real_videos: Path, name: str) -> None:
    region = locate(real_videos / name, Motion())
    assert (region.doubt is not None) == REAL[name]
