"""Augmentation against kornia on single images and OpenCV, and the rules of its draws."""

from __future__ import annotations

import hashlib
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from kornia import enhance
from kornia.geometry import transform
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.vision.augment import Augment, Draws, apply, clip_seed, draw

STRONG = AugmentSettings(
    flip_probability=0.5, translate_share=0.2, rotate_deg=30.0, brightness=0.2, contrast=0.3
)
NOTHING: dict[str, float] = {
    "flip_probability": 0.0,
    "translate_share": 0.0,
    "rotate_deg": 0.0,
    "brightness": 0.0,
    "contrast": 0.0,
}
SEEDS = [clip_seed(0, 0, f"clip-{index}") for index in range(6)]


@pytest.fixture
def clips() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (6, 4, 3, 20, 28), dtype=torch.uint8, generator=generator)


def _one_image(image: Tensor, draws: Draws, clip: int) -> Tensor:
    """Do to one image (3, H, W) what was drawn for a clip, by kornia's operators in turn."""
    height, width = image.shape[-2:]
    image = image[None].float() / 255
    if draws.flip[clip]:
        image = transform.hflip(image)
    centre = torch.tensor([[(width - 1) / 2, (height - 1) / 2]])
    matrix = transform.get_rotation_matrix2d(centre, -draws.angle_deg[clip, None], torch.ones(1, 2))
    matrix[0, :, 2] += draws.shift_share[clip] * torch.tensor([width, height])
    image = transform.warp_affine(image, matrix, (height, width), padding_mode="border")
    image = enhance.adjust_brightness(image, float(draws.brightness[clip]))
    return enhance.adjust_contrast(image, float(draws.contrast[clip]))[0]


def test_every_frame_is_kornias_result_for_that_image(clips: Tensor):
    draws = draw(STRONG, SEEDS)
    ours = Augment(STRONG)(clips, SEEDS)
    assert 0 < draws.flip.sum() < 6
    for clip in range(6):
        for frame in range(4):
            oracle = _one_image(clips[clip, frame], draws, clip)
            torch.testing.assert_close(ours[clip, frame], oracle, atol=1e-6, rtol=0)


def test_turn_and_move_go_where_opencv_takes_them():
    """A turn is clockwise as seen, a positive shift goes right and down, edges repeat."""
    height, width = 40, 56
    noise = np.random.default_rng(0).random((height, width, 3), dtype=np.float32)
    image = cv2.GaussianBlur(noise, (0, 0), 3)
    draws = draw(AugmentSettings(**NOTHING), [0])._replace(
        angle_deg=torch.tensor([20.0]), shift_share=torch.tensor([[0.125, -0.1]])
    )
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -20.0, 1.0)
    matrix[:, 2] += (0.125 * width, -0.1 * height)
    oracle = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    ours = apply(torch.from_numpy(image).permute(2, 0, 1)[None, None], draws)
    # OpenCV rounds positions to 1/32 px.
    np.testing.assert_allclose(ours[0, 0].permute(1, 2, 0).numpy(), oracle, atol=5e-3)


def test_a_flip_is_an_exact_mirror(clips: Tensor):
    mirrored = Augment(AugmentSettings(**{**NOTHING, "flip_probability": 1.0}))(clips, SEEDS)
    assert np.array_equal(mirrored.numpy(), clips.numpy()[..., ::-1] / np.float32(255))


def test_nothing_to_change_gives_the_frames_in_unit_range(clips: Tensor):
    assert torch.equal(Augment(AugmentSettings(**NOTHING))(clips, SEEDS), clips / 255)


def test_all_frames_of_a_clip_change_alike(clips: Tensor):
    still = clips[:, :1].expand(-1, 4, -1, -1, -1)
    changed = Augment(STRONG)(still, SEEDS)
    for frame in range(1, 4):
        assert torch.equal(changed[:, frame], changed[:, 0])


def test_a_clip_does_not_depend_on_its_batch(clips: Tensor):
    augment = Augment(STRONG)
    whole = augment(clips, SEEDS)
    for clip in range(6):
        assert torch.equal(augment(clips[clip : clip + 1], SEEDS[clip : clip + 1])[0], whole[clip])
    order = [4, 0, 2]
    shuffled = augment(clips[order], torch.tensor([SEEDS[index] for index in order]))
    assert torch.equal(shuffled, whole[order])


def test_draws_neither_read_nor_move_global_randomness(clips: Tensor):
    torch.manual_seed(1)
    first = Augment(STRONG)(clips, SEEDS)
    state = torch.get_rng_state()
    torch.manual_seed(2)
    second = Augment(STRONG)(clips, SEEDS)
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first, second)


def test_the_input_is_left_as_it_was(clips: Tensor):
    for frames in (clips, clips / 255):
        before = frames.clone()
        Augment(STRONG)(frames, SEEDS)
        assert torch.equal(frames, before)


def test_bytes_and_floats_give_the_same_within_unit_range(clips: Tensor):
    of_bytes, of_floats = Augment(STRONG)(clips, SEEDS), Augment(STRONG)(clips / 255, SEEDS)
    assert of_bytes.dtype == torch.float32
    assert of_bytes.shape == clips.shape
    torch.testing.assert_close(of_bytes, of_floats, atol=1e-6, rtol=0)
    assert (of_bytes.min().item() >= 0, of_bytes.max().item() <= 1) == (True, True)


def test_gradients_flow_to_the_frames():
    generator = torch.Generator().manual_seed(0)
    frames = 0.4 + 0.2 * torch.rand(2, 2, 1, 5, 6, generator=generator, dtype=torch.float64)
    draws = draw(STRONG, SEEDS[:2])._replace(
        flip=torch.tensor([True, False]),
        brightness=torch.tensor([0.1, -0.1]),
        contrast=torch.tensor([1.2, 0.8]),
    )
    frames.requires_grad_()
    assert torch.autograd.gradcheck(lambda value: apply(value, draws), (frames,))


def test_draws_stay_in_their_ranges_and_fill_them():
    draws = draw(STRONG, range(4000))
    assert draws.flip.float().mean().item() == pytest.approx(0.5, abs=0.03)
    for values, low, high in (
        (draws.angle_deg, -30.0, 30.0),
        (draws.shift_share[:, 0], -0.2, 0.2),
        (draws.shift_share[:, 1], -0.2, 0.2),
        (draws.brightness, -0.2, 0.2),
        (draws.contrast, 0.7, 1.3),
    ):
        spread = high - low
        assert low - 1e-6 <= values.min() < low + 0.01 * spread
        assert high - 0.01 * spread < values.max() <= high + 1e-6
        # A uniform variable has a deviation of its range / sqrt(12).
        assert values.std().item() == pytest.approx(spread / 12**0.5, rel=0.05)


def test_a_clips_seed_hangs_on_seed_epoch_and_clip_alone():
    digest = hashlib.sha256(b'[3,2,"a1"]').hexdigest()
    assert clip_seed(3, 2, "a1") == int(digest[:15], 16)
    others = {clip_seed(4, 2, "a1"), clip_seed(3, 1, "a1"), clip_seed(3, 2, "a2")}
    assert len(others | {clip_seed(3, 2, "a1")}) == 4
    assert all(0 <= seed < 2**60 for seed in others)


def test_fewer_draws_than_clips_are_refused(clips: Tensor):
    with pytest.raises(ValueError, match="6 clips came with 5 draws"):
        Augment(STRONG)(clips, SEEDS[:5])


def test_strengths_out_of_range_are_refused():
    bad: Any
    for bad in ({"translate_share": 0.6}, {"rotate_deg": -1.0}, {"flip_probability": 1.1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            AugmentSettings(**bad)
