"""What augmentation takes, what it does with odd input, and that a clip's result is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from kornia.enhance import adjust_brightness, adjust_contrast
from kornia.geometry.transform import hflip, warp_affine
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.vision.augment import Augment, Draws, apply, clip_seed, draw, mixup
from rodepil.vision.augment.geometry import matrices

STRONG = AugmentSettings(
    translate_share=0.2, rotate_deg=30.0, brightness=0.2, contrast=0.3, crop_area_min=0.3
)
LIGHT = AugmentSettings(flip_probability=1.0, translate_share=0.0, rotate_deg=0.0)
SEEDS = [clip_seed(0, 0, f"clip-{index}") for index in range(5)]
Random = Callable[..., Tensor]


@pytest.fixture
def random() -> Random:
    """Give pictures of noise, the same in every test."""
    generator = torch.Generator().manual_seed(0)
    return lambda *shape: torch.rand(*shape, generator=generator)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Give the setting of torch's threads, which is put back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def unmoved(draws: Draws, clip: int) -> Draws:
    """Return the draws with one clip that is not cropped, turned or moved."""
    crop, angle, shift = draws.crop.clone(), draws.angle_deg.clone(), draws.shift_share.clone()
    crop[clip], angle[clip], shift[clip] = torch.tensor([0.0, 0.0, 1.0, 1.0]), 0.0, 0.0
    return draws._replace(crop=crop, angle_deg=angle, shift_share=shift)


def part(draws: Draws, *clips: int) -> Draws:
    return Draws(*(drawn[list(clips)] for drawn in draws))


def test_a_clip_is_the_same_alone_elsewhere_and_on_more_threads(
    random: Random, threads: Callable[[int], None]
):
    frames = (random(5, 3, 3, 65, 97) * 255).to(torch.uint8)
    draws = unmoved(draw(STRONG, SEEDS), clip=2)
    threads(1)
    whole = apply(frames, draws)
    threads(2)
    for clip in range(5):
        assert torch.equal(apply(frames[clip, None], part(draws, clip))[0], whole[clip])
    order = (4, 2, 0)
    assert torch.equal(apply(frames[list(order)], part(draws, *order)), whole[list(order)])


def test_where_nothing_moves_no_pixel_is_interpolated(random: Random):
    frames = random(2, 2, 3, 31, 17)
    draws = unmoved(draw(STRONG, SEEDS[:2]), clip=1)
    draws = draws._replace(flip=torch.tensor([True, False]), brightness=torch.zeros(2))
    changed = apply(frames, draws._replace(contrast=torch.ones(2)))
    assert torch.equal(changed[1], frames[1])
    assert not torch.equal(changed[0], frames[0])


@pytest.mark.parametrize("shape", [(1, 3, 9, 7), (4, 1, 33, 47), (33, 3, 8, 8), (2, 3, 1, 5)])
def test_any_frames_channels_and_sizes(random: Random, shape: tuple[int, ...]):
    frames = random(2, *shape)
    draws = draw(STRONG, SEEDS[:2])._replace(flip=torch.tensor([True, False]))
    changed = apply(frames, draws)
    assert changed.shape == frames.shape
    places = matrices(draws, *shape[-2:])
    for clip in range(2):
        for frame in range(shape[0]):
            image = frames[clip, frame, None]
            image = hflip(image) if draws.flip[clip] else image
            image = warp_affine(image, places[clip, None], shape[-2:], padding_mode="border")
            image = adjust_brightness(image, float(draws.brightness[clip]))
            image = adjust_contrast(image, float(draws.contrast[clip]))
            torch.testing.assert_close(changed[clip, frame], image[0], atol=1e-6, rtol=0)


def test_a_single_pixel_stays_where_it_is():
    frames = torch.full((5, 2, 1, 1, 1), 0.5)
    draws = draw(STRONG, SEEDS)
    by_hand = ((0.5 + draws.brightness).clamp(0, 1) * draws.contrast).clamp(0, 1)
    torch.testing.assert_close(apply(frames, draws)[:, :, 0, 0, 0], by_hand[:, None].expand(5, 2))


def test_pairs_of_frames_change_as_frames_in_a_row(random: Random):
    pairs = random(2, 4, 2, 3, 12, 10)
    augment = Augment(STRONG)
    in_a_row = augment(pairs.flatten(1, 2), SEEDS[:2])
    assert torch.equal(augment(pairs, SEEDS[:2]), in_a_row.view(pairs.shape))


def test_frames_that_share_memory_are_taken(random: Random):
    still = random(5, 1, 1, 12, 10).expand(-1, 4, -1, -1, -1)
    for settings in (STRONG, LIGHT):
        assert torch.equal(Augment(settings)(still, SEEDS), Augment(settings)(still.clone(), SEEDS))


def test_floats_are_not_written_over_where_light_alone_changes(random: Random):
    frames = random(5, 2, 3, 6, 8)
    before = frames.clone()
    draws = draw(LIGHT, SEEDS)._replace(flip=torch.zeros(5, dtype=torch.bool))
    assert not torch.equal(apply(frames, draws), before)
    assert torch.equal(frames, before)


@pytest.mark.parametrize("settings", [STRONG, LIGHT])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_halves_are_computed_in_float32(
    random: Random, settings: AugmentSettings, dtype: torch.dtype
):
    frames = random(5, 2, 3, 130, 140).to(dtype)
    changed = Augment(settings)(frames, SEEDS)
    assert changed.dtype == dtype
    assert torch.equal(changed, Augment(settings)(frames.float(), SEEDS).to(dtype))


def test_nan_goes_with_its_pixel_and_to_no_other_frame_or_clip(random: Random):
    frames = random(2, 3, 1, 20, 24)
    broken = frames.clone()
    broken[0, 1, 0, 9, 11] = torch.nan
    draws = draw(STRONG, SEEDS[:2])
    lost = apply(broken, draws).isnan()
    # Where a lone white pixel leaves light, its value counts.
    lone = torch.zeros_like(frames)
    lone[0, 1, 0, 9, 11] = 1
    dark = draws._replace(brightness=torch.zeros(2))
    counts = apply(lone, dark) > 0
    assert counts.any()
    assert lost[counts].all()
    assert lost.sum() < 60
    kept = ~lost
    assert kept[1].all()
    assert kept[0, [0, 2]].all()
    assert torch.equal(apply(broken, draws)[kept], apply(frames, draws)[kept])


def test_nan_is_mirrored_exactly(random: Random):
    frames = random(1, 1, 1, 5, 8)
    frames[0, 0, 0, 2, 1] = torch.nan
    lost = Augment(LIGHT)(frames, SEEDS[:1]).isnan()
    assert lost.nonzero().tolist() == [[0, 0, 0, 2, 6]]


@pytest.mark.parametrize("settings", [STRONG, LIGHT])
def test_gradients_are_those_of_finite_differences(random: Random, settings: AugmentSettings):
    frames = (0.45 + 0.1 * random(2, 2, 1, 5, 6)).double().requires_grad_()
    draws = draw(settings, SEEDS[:2])._replace(flip=torch.tensor([True, False]))
    assert torch.autograd.gradcheck(lambda value: apply(value, draws), (frames,))


def test_what_has_no_time_is_refused(random: Random):
    with pytest.raises(ValueError, match=r"frames of shape \(5, 3, 8, 8\) came; give \(B, T, C"):
        Augment(STRONG)(random(5, 3, 8, 8), SEEDS)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16])
def test_changing_never_waits_for_the_device(dtype: torch.dtype):
    """A tensor on ``meta`` has no values: asking for one, or for a mix of devices, raises."""
    frames = torch.zeros(5, 2, 3, 8, 10, dtype=dtype, device="meta")
    draws = unmoved(draw(STRONG, SEEDS), clip=2)
    changed = apply(frames, draws)
    assert changed.device.type == "meta"
    assert changed.shape == frames.shape
    assert changed.dtype == (torch.float32 if dtype == torch.uint8 else dtype)
    mixed, shares = mixup(changed, torch.eye(5, device="meta"), 1.0, seed=0)
    assert (mixed.device.type, shares.device.type) == ("meta", "meta")
