"""From stored frames to pictures: which frames are compared, and which are shown."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings
from rodepil.errors import SettingError, TrainingError
from rodepil.store.views import training_view
from rodepil.store.views.frames import FrameView
from rodepil.vision.inputs import make_inputs
from rodepil.vision.neighbours import pairs_of
from rodepil.vision.statistics import channel_statistics


def numbered(*numbers: int) -> Tensor:
    """Return one clip (1, N, 3, 4, 4) uint8 whose frames are filled with numbers."""
    return torch.tensor(numbers, dtype=torch.uint8).view(1, -1, 1, 1, 1).expand(1, -1, 3, 4, 4)


def levels(pictures: Tensor) -> list[list[int]]:
    """Return the one number that each picture of each clip is filled with."""
    return [[int(picture.unique().item()) for picture in clip] for clip in pictures]


def test_differences_are_between_the_two_of_a_native_pair():
    features = FeatureSettings(frames=3, size_px=16, pairs="native")
    stored = numbered(10, 11, 50, 53, 90, 97).view(1, 3, 2, 3, 4, 4)
    assert levels(make_inputs(features, "absdiff")(stored)) == [[1, 3, 7]]
    assert levels(make_inputs(features, "rgb")(stored)) == [[10, 50, 90]]


def test_differences_are_to_the_sample_before_with_sampled_pairs():
    features = FeatureSettings(frames=3, size_px=16, pairs="sampled")
    stored = numbered(10, 20, 50, 90)
    assert levels(make_inputs(features, "absdiff")(stored)) == [[10, 30, 40]]
    assert levels(make_inputs(features, "rgb")(stored)) == [[20, 50, 90]]


def test_without_pairs_the_next_sample_is_compared_and_the_last_with_the_one_before():
    features = FeatureSettings(frames=3, size_px=16)
    assert levels(make_inputs(features, "absdiff")(numbered(10, 20, 50))) == [[10, 30, 30]]
    assert levels(make_inputs(features, "rgb")(numbered(10, 20, 50))) == [[10, 20, 50]]


@pytest.mark.parametrize("pairs", ["none", "native", "sampled"])
def test_pictures_are_as_many_as_the_network_reads(pairs: str):
    features = FeatureSettings.model_validate({"frames": 4, "size_px": 16, "pairs": pairs})
    view = training_view(features)
    shape = view.columns[view.main].fixed
    assert shape is not None
    stored = torch.zeros((2, *shape), dtype=torch.uint8)
    for modality in ("rgb", "absdiff", "flow"):
        assert make_inputs(features, modality)(stored).shape == (2, 4, 3, 16, 16)


def test_neighbours_that_nothing_is_compared_with_are_left_out_at_once():
    features = FeatureSettings(frames=2, size_px=16, pairs="native")
    stored = numbered(10, 11, 50, 53).view(1, 2, 2, 3, 4, 4)
    assert levels(make_inputs(features, "rgb").shown(stored)) == [[10, 50]]
    assert levels(make_inputs(features, "absdiff").shown(stored)) == [[10, 11, 50, 53]]


@pytest.mark.parametrize("pairs", ["none", "native"])
def test_of_the_frames_stored_for_each_shown_the_middle_one_is_that_without_them(pairs: str):
    plain = FeatureSettings.model_validate({"frames": 5, "size_px": 16, "pairs": pairs})
    dense = plain.model_copy(update={"oversample": 3})
    wanted, stored = (training_view(one) for one in (plain, dense))
    assert isinstance(wanted, FrameView)
    assert isinstance(stored, FrameView)
    for length in (300, 75, 31):
        shape = (1, 15, 2) if pairs == "native" else (1, 15)
        clip = torch.from_numpy(stored.numbers(length)).view(*shape, 1, 1, 1)
        shown = make_inputs(dense, "absdiff").shown(clip)
        assert shown.flatten().tolist() == wanted.numbers(length).tolist()


def test_jitter_shows_other_frames_of_those_stored_with_their_neighbours():
    features = FeatureSettings(frames=2, size_px=16, pairs="native", oversample=3)
    stored = numbered(10, 11, 20, 22, 30, 33, 40, 44, 50, 55, 60, 66).view(1, 6, 2, 3, 4, 4)
    inputs = make_inputs(features, "absdiff")
    assert levels(inputs(stored)) == [[2, 5]]
    shown = inputs.shown(stored, torch.tensor([[1, -1]]))
    assert levels(inputs.pictures(shown)) == [[3, 4]]


@pytest.mark.parametrize("frames", [3, 4, 5])
@pytest.mark.parametrize("pairs", ["none", "native", "sampled"])
def test_a_still_clip_shows_the_middle_frame_and_no_motion(pairs: str, frames: int):
    features = FeatureSettings.model_validate({"frames": frames, "size_px": 16, "pairs": pairs})
    view = training_view(features)
    shape = view.columns[view.main].fixed
    assert shape is not None
    stored = torch.arange(torch.tensor(shape[:-3]).prod().item(), dtype=torch.uint8)
    stored = stored.view(1, *shape[:-3], 1, 1, 1).expand(1, *shape)
    (moving,) = levels(make_inputs(features, "rgb")(stored))
    still = make_inputs(features, "rgb", control="static")
    assert levels(still(stored)) == [[moving[frames // 2]] * frames]
    of_motion = make_inputs(features, "absdiff", control="static")
    assert levels(of_motion(stored)) == [[0] * frames]
    assert set(of_motion.shown(stored).flatten().tolist()) == {moving[frames // 2]}


def test_frames_too_small_for_flow_are_refused_before_anything_runs():
    with pytest.raises(SettingError, match=r"wants frames of 10 px or more.*size_px is 8"):
        make_inputs(FeatureSettings(size_px=8), "flow")


def test_a_window_wider_than_the_frames_is_refused():
    wide = FlowInputSettings(winsize=17)
    with pytest.raises(SettingError, match=r"train\.flow\.winsize 17 px.*size_px 16; lower"):
        make_inputs(FeatureSettings(size_px=16), "flow", wide)
    make_inputs(FeatureSettings(size_px=17), "flow", wide)
    make_inputs(FeatureSettings(size_px=16), "absdiff", wide)


def test_errors_name_the_option_that_names_a_modality():
    with pytest.raises(SettingError, match=r"^--modality names 'flwo'.*did you mean 'flow'"):
        make_inputs(FeatureSettings(), "flwo", key="--modality")
    with pytest.raises(SettingError, match=r"^compare\.modalities 'flow' compares frames"):
        make_inputs(FeatureSettings(frames=1), "flow", key="compare.modalities")


def test_one_frame_shows_no_motion():
    features = FeatureSettings(frames=1, size_px=16)
    with pytest.raises(SettingError, match=r"'flow' compares frames, and features\.frames is 1"):
        make_inputs(features, "flow")
    with pytest.raises(ValueError, match="clips of 1 frame show no motion"):
        pairs_of(numbered(3), "none")
    alone = make_inputs(features.model_copy(update={"pairs": "native"}), "absdiff")
    assert levels(alone(numbered(3, 9).view(1, 1, 2, 3, 4, 4))) == [[6]]


def test_pictures_are_measured_channel_by_channel():
    random = torch.Generator().manual_seed(0)
    pictures = torch.rand(5, 2, 3, 8, 6, generator=random) * torch.tensor([1, 0.5, 0.1]).view(
        3, 1, 1
    )
    mean, std = channel_statistics([pictures[:2], pictures[2:]])
    whole = pictures.double().transpose(0, 2).flatten(1)
    assert mean == pytest.approx(whole.mean(1).tolist(), abs=1e-6)
    assert std == pytest.approx(whole.std(1, correction=0).tolist(), abs=1e-6)
    levels_of = (pictures * 255).round().to(torch.uint8)
    assert channel_statistics([levels_of])[0] == pytest.approx(mean, abs=2e-3)


def test_a_channel_that_never_varies_is_not_blown_up():
    mean, std = channel_statistics([torch.full((1, 2, 3, 4, 4), 0.25)])
    assert mean == pytest.approx((0.25, 0.25, 0.25))
    assert std == pytest.approx((1 / 255,) * 3)
    with pytest.raises(TrainingError, match="have no mean"):
        channel_statistics([torch.full((1, 2, 3, 4, 4), float("nan"))])
    with pytest.raises(TrainingError, match="pictures of 0 pixels"):
        channel_statistics([])
