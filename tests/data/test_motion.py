"""Motion is the share of pixels that change, by the classical measure."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.data.motion import moving_share

Pictures = npt.NDArray[np.uint8]


def scene(step_px: float, *, noise: float = 0.0, frames: int = 60) -> Pictures:
    """Return a dark animal of 24 px on textured bedding that walks `step_px` a frame."""
    rng = np.random.default_rng(3)
    bedding = cv2.GaussianBlur(rng.normal(150, 40, (120, 200)), (0, 0), 2)
    made = np.empty((frames, 120, 200), np.uint8)
    for number in range(frames):
        frame = bedding + rng.normal(0, noise, bedding.shape)
        centre = (40 + round(step_px * number) % 120, 60)
        cv2.ellipse(frame, centre, (24, 12), 0, 0, 360, 60.0, -1)
        made[number] = np.clip(frame, 16, 235)
    return made


def measured(pictures: Pictures, *, threshold: int = 25) -> float:
    return moving_share(pictures, threshold, 30)


def reference(pictures: Pictures, *, threshold: int = 25, every: int = 5) -> float:
    """Measure with OpenCV alone, as written down: CLAHE, difference, median, threshold, share."""
    clahe = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8))
    even = [clahe.apply(picture) for picture in pictures[::every]]
    shares = []
    for before, after in pairwise(even):
        median = cv2.medianBlur(cv2.absdiff(before, after), 3)
        _, moved = cv2.threshold(median, threshold, 255, cv2.THRESH_BINARY)
        shares.append(cv2.countNonZero(moved) / moved.size)
    return float(np.mean(shares))


@pytest.mark.parametrize("step_px", [0.0, 0.2, 1.0, 3.0])
@pytest.mark.parametrize("threshold", [10, 25])
def test_it_agrees_with_opencv_alone(step_px: float, threshold: int):
    pictures = scene(step_px, noise=2.0)
    wanted = reference(pictures, threshold=threshold)
    assert measured(pictures, threshold=threshold) == pytest.approx(wanted, abs=1e-12)


def test_a_still_animal_in_camera_noise_moves_less_than_a_slow_one():
    still, slow, fast = (measured(scene(step, noise=3.0)) for step in (0.0, 0.6, 2.0))
    assert still < 0.002 < slow < fast


def test_equal_pictures_do_not_move():
    assert measured(np.repeat(scene(0.0, frames=1), 60, axis=0)) == 0.0


def test_a_picture_shown_twice_counts_as_one_that_did_not_move():
    twice = np.repeat(scene(1.0, frames=30), 2, axis=0)
    assert measured(twice) == pytest.approx(reference(twice), abs=1e-12)


def test_a_clip_of_one_compared_picture_does_not_move():
    assert measured(scene(3.0, frames=4)) == 0.0


def test_views_of_larger_pictures_are_measured_alike():
    pictures = scene(1.0)
    wide = np.zeros((*pictures.shape[:2], 300), np.uint8)
    wide[:, :, 50:250] = pictures
    assert measured(wide[:, :, 50:250]) == measured(pictures)
