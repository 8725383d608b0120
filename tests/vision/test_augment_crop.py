"""Random crops: their places by hand, their pixels by OpenCV and kornia, their draws."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from kornia.geometry.transform import crop_by_boxes, hflip, warp_affine
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.vision.augment import Draws, apply, clip_seed, draw
from rodepil.vision.augment.geometry import matrices

NOTHING = AugmentSettings(
    flip_probability=0.0, translate_share=0.0, rotate_deg=0.0, brightness=0.0, contrast=0.0
)
EVERYTHING = AugmentSettings(
    flip_probability=0.5, translate_share=0.2, rotate_deg=30.0, crop_area_min=0.2
)
HEIGHT, WIDTH = 40, 56


def cropped(*boxes: tuple[float, float, float, float]) -> Draws:
    """Return draws that crop these boxes and change nothing else."""
    return draw(NOTHING, range(len(boxes)))._replace(crop=torch.tensor(boxes))


@pytest.fixture
def image() -> npt.NDArray[np.float32]:
    """Give a smooth picture (H, W, 3)."""
    noise = np.random.default_rng(0).random((HEIGHT, WIDTH, 3), dtype=np.float32)
    return np.ascontiguousarray(cv2.GaussianBlur(noise, (0, 0), 2), dtype=np.float32)


def as_clip(image: npt.NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None, None]


def as_image(clip: Tensor) -> npt.NDArray[np.float32]:
    return clip[0, 0].permute(1, 2, 0).numpy()


def test_a_crop_of_the_whole_frame_is_the_identity():
    places = matrices(cropped((0, 0, 1, 1)), 37, 53)
    assert torch.equal(places, torch.eye(2, 3)[None])


def test_the_left_upper_quarter_fills_the_frame(image: npt.NDArray[np.float32]):
    ours = as_image(apply(as_clip(image), cropped((0, 0, 0.5, 0.5))))
    # The edge between pixels 0 and 1, at 1/2, comes to 3/2: x goes to 2 x + 1/2.
    by_hand = np.array([[2, 0, 0.5], [0, 2, 0.5]])
    warped = cv2.warpAffine(image, by_hand, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(ours, warped, atol=1e-5)
    # Enlarging the cut quarter differs at the two cut edges alone, where it sees no neighbours.
    enlarged = cv2.resize(image[: HEIGHT // 2, : WIDTH // 2], (WIDTH, HEIGHT))
    np.testing.assert_allclose(ours[:-1, :-1], enlarged[:-1, :-1], atol=1e-5)


def test_a_crop_is_kornias_crop_of_that_box(image: npt.NDArray[np.float32]):
    left, top, width, height = 0.3, 0.1, 0.45, 0.7
    # kornia's boxes join pixel centres: those of the first and the last pixel shown.
    x0, y0 = left * WIDTH + width / 2 - 0.5, top * HEIGHT + height / 2 - 0.5
    x1, y1 = x0 + (WIDTH - 1) * width, y0 + (HEIGHT - 1) * height
    source = torch.tensor([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]])
    x, y = float(WIDTH - 1), float(HEIGHT - 1)
    shown = torch.tensor([[[0.0, 0.0], [x, 0.0], [x, y], [0.0, y]]])
    oracle = crop_by_boxes(as_clip(image)[0], source, shown, padding_mode="border")
    ours = apply(as_clip(image), cropped((left, top, width, height)))[0]
    torch.testing.assert_close(ours, oracle, atol=2e-5, rtol=0)


def _by_hand(draws: Draws, clip: int) -> npt.NDArray[np.float64]:
    """Return where a clip's pixels go, (2, 3), by products of matrices of three rows."""
    size = np.array([WIDTH, HEIGHT])
    box = draws.crop[clip].double().numpy()
    crop, turn, move = np.eye(3), np.eye(3), np.eye(3)
    crop[[0, 1], [0, 1]] = 1 / box[2:]
    crop[:2, 2] = (0.5 - box[:2] * size) / box[2:] - 0.5
    centre = (size - 1) / 2
    turn[:2] = cv2.getRotationMatrix2D(tuple(centre), -float(draws.angle_deg[clip]), 1.0)
    move[:2, 2] = draws.shift_share[clip].double().numpy() * size
    return (move @ turn @ crop)[:2]


def test_crop_turn_and_move_are_one_warp(image: npt.NDArray[np.float32]):
    seeds = [clip_seed(3, 1, f"clip-{index}") for index in range(6)]
    draws = draw(EVERYTHING, seeds)._replace(brightness=torch.zeros(6), contrast=torch.ones(6))
    assert 0 < draws.flip.sum() < 6
    ours = apply(as_clip(image).expand(6, 2, -1, -1, -1), draws)
    for clip in range(6):
        picture = as_clip(image)[0]
        picture = hflip(picture) if draws.flip[clip] else picture
        place = torch.from_numpy(_by_hand(draws, clip))[None]
        oracle = warp_affine(picture.double(), place, (HEIGHT, WIDTH), padding_mode="border")
        for frame in range(2):
            torch.testing.assert_close(ours[clip, frame].double(), oracle[0], atol=1e-5, rtol=0)


def test_boxes_lie_in_the_frame_and_keep_their_area_and_aspect():
    settings = AugmentSettings(crop_area_min=0.25, crop_aspect_max=1.5)
    left, top, width, height = draw(settings, range(4000)).crop.double().unbind(dim=1)
    area, aspect = width * height, width / height
    for start, part in ((left, width), (top, height)):
        assert start.min() >= 0
        assert (start + part).max() <= 1 + 1e-6
        assert start.max() > 0.4
    assert 0.25 - 1e-6 <= area.min() < 0.26
    assert 0.99 < area.max() <= 1
    # A uniform variable has a deviation of its range / sqrt(12).
    assert area.std().item() == pytest.approx(0.75 / 12**0.5, rel=0.05)
    assert 1 / 1.5 - 1e-6 <= aspect.min() < 0.68
    assert 1.47 < aspect.max() <= 1.5 + 1e-6
    assert aspect.log().mean().item() == pytest.approx(0, abs=0.02)


def test_aspect_one_crops_the_frames_own_shape():
    settings = AugmentSettings(crop_area_min=0.1, crop_aspect_max=1.0)
    crop = draw(settings, range(50)).crop
    assert torch.equal(crop[:, 2], crop[:, 3])


def test_no_crop_shows_the_whole_frame_exactly():
    for settings in (AugmentSettings(), AugmentSettings(crop_area_min=1.0, crop_aspect_max=4.0)):
        crop = draw(settings, range(300)).crop
        assert torch.equal(crop, torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(300, 4))


def test_the_numbers_of_the_other_changes_stay_with_or_without_crops():
    for settings in (AugmentSettings(), AugmentSettings(crop_area_min=0.3)):
        for seed in range(20):
            first = torch.rand(6, generator=torch.Generator().manual_seed(seed))
            drawn = draw(settings, [seed])
            assert drawn.flip.item() == (first[0] < 0.5).item()
            numbers = [drawn.angle_deg / 8, *drawn.shift_share.T / 0.08, drawn.brightness / 0.15]
            numbers.append((drawn.contrast - 1) / 0.15)
            torch.testing.assert_close(torch.cat(numbers), 2 * first[1:] - 1)


def test_bounds_out_of_range_are_refused():
    bad: Any
    outside = [{"crop_area_min": 0.0}, {"crop_area_min": 1.1}, {"crop_aspect_max": 0.9}]
    for bad in (*outside, {"temporal_jitter": 1.5}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            AugmentSettings(**bad)
