"""What is seen agrees with what the tables say; measured on pixels with OpenCV and NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.config.settings import SimulateSettings
from rodepil.simulate.behaviour import POSES as NORMAL
from rodepil.simulate.camera import NOISE_MEAN
from rodepil.simulate.film import live
from rodepil.simulate.pose import Bout, Drive
from rodepil.simulate.scene import HEIGHT_PX, WIDTH_PX
from rodepil.simulate.schedule import make_plan
from rodepil.simulate.seizure import POSES as SEIZING

Frames = list[npt.NDArray[np.uint8]]
Watch = Callable[..., Frames]
SAMPLE_FRAMES = 19  # 0.625 s, the time between two of a classifier's sixteen frames
COMPARED_FRAMES = 5


def _changed(frames: Frames, step: int, threshold: int = 25) -> float:
    """Share of pixels that differ between frames `step` apart, the mean over all pairs."""
    pairs = zip(frames[:-step:step], frames[step::step], strict=False)
    return float(np.mean([
        (cv2.medianBlur(cv2.absdiff(one, other), 3) > threshold).mean() for one, other in pairs
    ]))  # fmt: skip


def _motion(frames: Frames) -> float:
    """The classical measure: CLAHE, difference, median, threshold, share of pixels."""
    clahe = cv2.createCLAHE(3.0, (8, 8))
    return _changed(
        [np.asarray(clahe.apply(frame), np.uint8) for frame in frames[::COMPARED_FRAMES]], 1
    )


def _one(kind: str, seconds: float = 8.0) -> list[Bout]:
    return [Bout(kind, 0.0, seconds)]


def test_cages_lie_in_the_frame_apart_from_each_other(simulated: Any) -> None:
    for recording_id in simulated.recordings["recording_id"].to_pylist():
        taken = np.zeros((HEIGHT_PX, WIDTH_PX), int)
        for cage in simulated.cages.to_pylist():
            if cage["recording_id"] == recording_id:
                rows = slice(cage["y_px"], cage["y_px"] + cage["height_px"])
                columns = slice(cage["x_px"], cage["x_px"] + cage["width_px"])
                assert rows.stop <= HEIGHT_PX
                assert columns.stop <= WIDTH_PX
                taken[rows, columns] += 1
        assert taken.max() == 1


def test_the_tag_is_above_its_cage_and_outside_of_every_box(simulated: Any) -> None:
    for cage in simulated.cages.to_pylist():
        frame = simulated.frames[cage["recording_id"]][0]
        strip = frame[cage["y_px"] - 20 : cage["y_px"], cage["x_px"] : cage["x_px"] + 110]
        assert (strip > 120).sum() > 500  # paper
        card = strip[4:16, 24:80]
        assert (card < 90).sum() > 30  # ink


def test_an_animals_box_lies_inside_its_cage_in_every_frame(simulated: Any) -> None:
    cages = {(row["recording_id"], row["position"]): row for row in simulated.cages.to_pylist()}
    frames: dict[tuple[str, int], set[int]] = {name: set() for name in cages}
    for row in simulated.boxes.to_pylist():
        cage = cages[row["recording_id"], row["position"]]
        frames[row["recording_id"], row["position"]].add(row["frame"])
        for edge, size in (("x_px", "width_px"), ("y_px", "height_px")):
            assert cage[edge] <= row[edge]
            assert row[edge] + row[size] <= cage[edge] + cage[size]
            assert row[size] > 10
    assert set(map(frozenset, frames.values())) == {frozenset(range(960))}


def test_an_animals_box_holds_what_differs_from_the_empty_cage(
    simulated: Any, settings: SimulateSettings
) -> None:
    boxes = {
        (row["recording_id"], row["position"], row["frame"]): row
        for row in simulated.boxes.to_pylist()
    }
    for plan in make_plan(settings):
        recording = live(settings, plan)
        empty = recording.scene.bare + np.uint8(NOISE_MEAN)
        for animal in recording.animals:
            for frame in range(30, 960, 93):
                row = boxes[plan.recording_id, animal.box.position, frame]
                seen = simulated.frames[plan.recording_id][frame]
                differs = animal.box.of(cv2.absdiff(seen, empty) > 30)
                left, top = row["x_px"] - animal.box.x_px, row["y_px"] - animal.box.y_px
                right, bottom = left + row["width_px"], top + row["height_px"]
                inside = differs[top:bottom, left:right]
                with_shadow = differs[max(top - 4, 0) : bottom + 24, max(left - 14, 0) : right + 24]
                assert inside.mean() > 0.08
                assert with_shadow.sum() > 0.97 * differs.sum()


@pytest.mark.parametrize("subject", [0, 1, 2])
def test_clonus_changes_more_from_sample_to_sample_than_grooming_and_scratching(
    watch: Watch, subject: int
) -> None:
    clonus = min(
        _changed(watch(_one(kind), subject=subject), SAMPLE_FRAMES)
        for kind in ("unilateral", "bilateral", "alternating")
    )
    rhythmic = max(
        _changed(watch(_one(kind), subject=subject), SAMPLE_FRAMES) for kind in ("groom", "scratch")
    )
    assert clonus > 2 * rhythmic


def test_resting_is_still_and_all_else_moves(watch: Watch) -> None:
    for kind in ("curled", "side"):
        assert _motion(watch(_one(kind))) < 0.002
    for kind in ("rear", "groom", "sniff", "bilateral", "rearing", "falling", "tonic"):
        assert _motion(watch(_one(kind))) > 0.002


def test_walking_is_slow_and_wild_running_crosses_the_cage(watch: Watch) -> None:
    def travelled(drive: Drive, speed: float) -> float:
        frames = watch([Bout("walk", 0.0, 6.0, drive, speed)], subject=1)
        still = np.median(np.stack(frames[::6]), axis=0).astype(np.uint8)
        places = []
        for frame in frames[::SAMPLE_FRAMES]:
            moments = cv2.moments((cv2.absdiff(frame, still) > 30).astype(np.uint8))
            if moments["m00"] > 300:
                places.append((moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]))
        return float(np.median(np.hypot(*np.diff(places, axis=0).T)))

    assert travelled("walk", 35.0) < 40
    assert travelled("dash", 380.0) > 60


@pytest.mark.parametrize("kind", [*NORMAL, *SEIZING])
def test_every_movement_shows_a_whole_animal(watch: Watch, kind: str) -> None:
    frames = watch(_one(kind, 2.0), subject=1)
    background = watch([Bout("curled", 0.0, 0.1)], subject=1)[0]
    for frame in frames[::20]:
        bright = cv2.absdiff(frame, background) > 30
        assert 800 < bright.sum() < 9000
