"""Controls of frames: what is left, what is gone, and what the draw hangs on."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings
from rodepil.errors import SettingError
from rodepil.store.views import training_view
from rodepil.vision.control import draw_orders, median
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.neighbours import pairs_of
from rodepil.vision.normalize import to_unit

NAMES = ("one", "two", "three", "four", "five")
FRAMES = 6


def features(pairs: str, frames: int = FRAMES, **more: object) -> FeatureSettings:
    return FeatureSettings.model_validate({"frames": frames, "size_px": 16, "pairs": pairs, **more})


def numbered(settings: FeatureSettings, clips: int = len(NAMES)) -> Tensor:
    """Return clips as stored, frame n of clip c filled with the number 40 c + n."""
    shape = training_view(settings).columns["frames"].fixed
    assert shape is not None
    stored = int(np.prod(shape[:-3]))
    numbers = torch.arange(stored) + 40 * torch.arange(clips)[:, None]
    return numbers.to(torch.uint8).view(clips, *shape[:-3], 1, 1, 1).expand(clips, *shape).clone()


def levels(pictures: Tensor) -> list[list[int]]:
    """Return the one number that each picture of each clip is filled with."""
    return [[int(picture.unique().item()) for picture in clip] for clip in pictures]


def shuffled(settings: FeatureSettings, modality: str, seed: int = 0) -> Inputs:
    return make_inputs(settings, modality, control="shuffled", seed=seed)


@pytest.mark.parametrize("pairs", ["none", "native", "sampled"])
def test_shuffling_colours_shows_the_same_frames_in_an_order_without_neighbours(pairs: str):
    settings = features(pairs)
    stored = numbered(settings)
    plain = levels(make_inputs(settings)(stored))
    made = levels(shuffled(settings, "rgb")(stored, NAMES))
    step = 2 if pairs == "native" else 1
    for frames, wanted in zip(made, plain, strict=True):
        assert sorted(frames) == wanted
        assert all(abs(b - a) > step for a, b in itertools.pairwise(frames))


@pytest.mark.parametrize("pairs", ["none", "native", "sampled"])
def test_shuffling_for_motion_shows_each_stored_frame_once_and_none_by_its_neighbour(pairs: str):
    settings = features(pairs)
    stored = numbered(settings)
    inputs = shuffled(settings, "absdiff")
    shown = levels(inputs.shown(stored, names=NAMES))
    for frames, wanted in zip(shown, stored.flatten(1, -4)[..., 0, 0, 0].tolist(), strict=True):
        assert sorted(frames) == sorted(wanted)
    before, after = pairs_of(inputs.shown(stored, names=NAMES), settings.pairs)
    for firsts, seconds in zip(levels(before), levels(after), strict=True):
        steps = {second - first for first, second in zip(firsts, seconds, strict=True)}
        # A native pair is stored as 2 n and 2 n + 1, a sampled one as n and n + 1.
        assert not steps & ({1} if pairs == "native" else {1, -1})


@pytest.mark.parametrize("modality", ["rgb", "absdiff"])
def test_an_order_hangs_on_clip_and_seed_and_not_on_the_batch(modality: str):
    settings = features("native", 16)
    stored = numbered(settings)
    whole = shuffled(settings, modality)(stored, NAMES)
    for at, name in enumerate(NAMES):
        alone = shuffled(settings, modality)(stored[at : at + 1], (name,))
        assert torch.equal(alone[0], whole[at])
    mixed = [3, 0, 4]
    again = shuffled(settings, modality)(stored[mixed], [NAMES[at] for at in mixed])
    assert torch.equal(again, whole[mixed])
    other = shuffled(settings, modality, seed=1)(stored, NAMES)
    assert all(not torch.equal(one, two) for one, two in zip(other, whole, strict=True))
    orders = draw_orders(NAMES, 0, 16)
    assert len(orders.unique(dim=0)) == len(NAMES)


def test_all_orders_without_neighbours_are_equally_likely():
    wanted = {
        order
        for order in itertools.permutations(range(5))
        if all(abs(b - a) > 1 for a, b in itertools.pairwise(order))
    }
    draws = 2800
    names = [str(number) for number in range(draws)]
    counts = Counter(tuple(order) for order in draw_orders(names, 3, 5).tolist())
    assert set(counts) == wanted
    share = 1 / len(wanted)
    six_deviations = 6 * (draws * share * (1 - share)) ** 0.5
    assert all(abs(count - draws * share) < six_deviations for count in counts.values())


def test_shuffling_keeps_to_the_frames_that_jitter_chose():
    settings = features("native", 4, oversample=3)
    stored = numbered(settings, 2)
    jitter = torch.tensor([[1, -1, 0, 1], [0, 0, -1, 1]])
    plain = make_inputs(settings).shown(stored, jitter)
    made = shuffled(settings, "rgb").shown(stored, jitter, NAMES[:2])
    assert [sorted(clip) for clip in levels(made)] == [sorted(clip) for clip in levels(plain)]
    assert levels(made) != levels(plain)


def test_clips_too_short_to_be_shuffled_and_clips_without_names_are_refused():
    with pytest.raises(SettingError, match=r"wants 4 frames or more, and features\.frames is 3"):
        shuffled(features("native", 3), "rgb")
    settings = features("none")
    for names in (None, NAMES[:2]):
        with pytest.raises(ValueError, match=r"5 clips are shuffled by their names, and . names"):
            shuffled(settings, "rgb")(numbered(settings), names)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("frames", [1, 2, 5, 16, 32])
def test_the_median_is_numpys(frames: int, dtype: torch.dtype):
    random = torch.Generator().manual_seed(frames)
    pixels = torch.randint(0, 256, (3, frames, 3, 9, 7), generator=random)
    pixels[0] = pixels[0] % 2 * 255  # both ends of the range
    clips = pixels.to(torch.uint8) if dtype == torch.uint8 else pixels / 255
    expected = np.quantile(clips.numpy(), 0.5, axis=1, method="lower")
    found = median(clips)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("pairs", ["none", "native", "sampled"])
def test_the_background_is_the_median_over_all_stored_frames(pairs: str):
    settings = features(pairs, 5, oversample=1 if pairs == "sampled" else 3)
    random = torch.Generator().manual_seed(0)
    stored = numbered(settings, 2)
    stored = torch.randint(0, 256, stored.shape, generator=random, dtype=torch.uint8)
    flat = stored.flatten(1, -4).numpy()
    expected = np.quantile(flat, 0.5, axis=1, method="lower")
    pictures = make_inputs(settings, "rgb", control="background")(stored)
    assert pictures.shape == (2, 5, 3, 16, 16)
    for time in range(5):
        np.testing.assert_array_equal(pictures[:, time].numpy(), expected)


def test_an_animal_that_walks_is_gone_and_one_that_rests_is_not():
    settings = features("none", 9)
    clips = torch.full((2, 9, 3, 16, 16), 40, dtype=torch.uint8)
    for time in range(9):
        clips[0, time, :, 4:6, time : time + 4] = 200  # never at one place for half of the clip
        clips[1, time, :, 4:6, 4:8] = 200
    walking, resting = make_inputs(settings, "rgb", control="background")(clips)
    assert walking.unique().tolist() == [40]
    assert resting.unique().tolist() == [40, 200]


@pytest.mark.parametrize("control", ["background", "static"])
@pytest.mark.parametrize(
    ("modality", "method"),
    [
        ("absdiff", "farneback"),
        ("flow", "farneback"),
        ("flow", "lucas_kanade"),
        ("flow", "horn_schunck"),
    ],
)
def test_where_nothing_moves_motion_is_shown_as_none(control: str, modality: str, method: str):
    settings = features("native", 4)
    flow = FlowInputSettings.model_validate({"method": method, "winsize": 5})
    random = torch.Generator().manual_seed(0)
    stored = torch.randint(0, 256, (2, 4, 2, 3, 16, 16), generator=random, dtype=torch.uint8)
    pictures = make_inputs(settings, modality, flow, control=control)(stored)
    # No motion right or down stands in the middle of its scale, no speed at its beginning.
    expected = torch.tensor([0.5, 0.5, 0.0] if modality == "flow" else [0.0] * 3)
    assert torch.equal(to_unit(pictures), expected.view(3, 1, 1).expand(2, 4, 3, 16, 16))


def test_controls_never_wait_for_the_device():
    """A tensor on ``meta`` has no values: asking for one, or for a mix of devices, raises."""
    for pairs, control in itertools.product(("none", "native"), ("shuffled", "background")):
        settings = features(pairs)
        stored = torch.empty_like(numbered(settings), device="meta")
        for modality in ("rgb", "absdiff"):
            pictures = make_inputs(settings, modality, control=control)(stored, NAMES)
            assert (pictures.device.type, pictures.shape[:2]) == ("meta", (len(NAMES), FRAMES))
