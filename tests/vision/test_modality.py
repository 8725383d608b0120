"""What a network sees: held against OpenCV, frame by frame."""

from __future__ import annotations

import math
from typing import ClassVar

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.errors import SettingError
from rodepil.vision.modality import Modality, known, make_modality, register, registry
from rodepil.vision.modality.flow import Flow, as_hues, as_vectors


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def texture(size_px: int, seed: int = 0) -> np.ndarray:
    """Return a smooth (size, size) texture in float32, range [0, 255]."""
    rough = np.random.default_rng(seed).normal(size=(size_px, size_px)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 3)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


def moved(right_px: float, down_px: float, size_px: int = 64) -> tuple[Tensor, Tensor]:
    """Return two frames (1, 1, 1, size, size) uint8 between which everything moves."""
    large = texture(size_px + 32)
    shift = np.array([[1, 0, right_px], [0, 1, down_px]], dtype=np.float32)
    after = cv2.warpAffine(large, shift, large.shape[::-1], flags=cv2.INTER_CUBIC)
    frames = [
        np.clip(np.round(image[16:-16, 16:-16]), 0, 255).astype(np.uint8)
        for image in (large, after)
    ]
    one, two = (torch.from_numpy(frame)[None, None, None] for frame in frames)
    return one, two


def test_there_are_colours_differences_and_flow():
    assert {"rgb", "absdiff", "flow"} <= set(known())
    with pytest.raises(SettingError, match=r"train\.modality names 'depth'.* absdiff, flow, "):
        make_modality("depth")


def test_a_new_modality_is_one_class_and_its_name_is_its_own(monkeypatch: pytest.MonkeyPatch):
    known()
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))

    @register
    class Negative(Modality):
        name: ClassVar[str] = "negative of a test"
        of_motion: ClassVar[bool] = False

        def __call__(self, before: Tensor, after: Tensor) -> Tensor:
            del after
            return 255 - before

    made = make_modality("negative of a test")
    assert made(torch.full((1, 1, 3, 2, 2), 5), torch.empty(0)).unique().tolist() == [250]

    class Other(Modality):
        name: ClassVar[str] = "negative of a test"
        of_motion: ClassVar[bool] = True

    with pytest.raises(ValueError, match="two modalities are called 'negative of a test'"):
        register(Other)


def test_colours_are_the_frames_and_grey_is_repeated():
    rgb = make_modality("rgb")
    frames = noise(2, 3, 3, 8, 8)
    assert torch.equal(rgb(frames, noise(2, 3, 3, 8, 8, seed=1)), frames)
    grey = noise(2, 3, 1, 8, 8)
    assert torch.equal(rgb(grey, grey), torch.cat([grey] * 3, dim=2))


@pytest.mark.parametrize("channels", [1, 3])
def test_differences_are_opencvs_to_the_last_bit(channels: int):
    before, after = noise(2, 3, channels, 9, 7), noise(2, 3, channels, 9, 7, seed=1)
    got = make_modality("absdiff")(before, after)
    assert got.shape == (2, 3, 3, 9, 7)
    assert got.dtype == torch.uint8
    by_opencv = cv2.absdiff(before.numpy().reshape(-1, 7), after.numpy().reshape(-1, 7))
    by_opencv = torch.from_numpy(by_opencv).view(before.shape).expand(2, 3, 3, 9, 7)
    assert torch.equal(got, by_opencv)
    floats = make_modality("absdiff")(before / 255, after / 255)
    torch.testing.assert_close(floats * 255, by_opencv.float(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("modality", ["absdiff", "flow"])
def test_frames_of_two_sizes_are_not_compared(modality: str):
    with pytest.raises(ValueError, match="give two"):
        make_modality(modality)(noise(1, 2, 3, 32, 32), noise(1, 2, 3, 48, 32))


def test_flow_is_shown_right_down_and_fast():
    flow = Flow(FlowInputSettings(bound_px=14.0))  # 4 px of a frame of 64
    picture = flow(*moved(1.0, -0.5))
    assert picture.shape == (1, 1, 3, 64, 64)
    right, down, speed = picture[0, 0, :, 20:-20, 20:-20]
    assert float(right.median()) == pytest.approx((1 + 1.0 / 4) / 2, abs=0.01)
    assert float(down.median()) == pytest.approx((1 - 0.5 / 4) / 2, abs=0.01)
    assert float(speed.median()) == pytest.approx(math.hypot(1, 0.5) / 4, abs=0.02)


def test_the_vectors_are_opencvs_of_the_lightness():
    before, after = moved(1.3, 0.6)
    colours = [frames.expand(1, 1, 3, 64, 64) for frames in (before, after)]
    settings = FlowInputSettings()
    got = Flow(settings).vectors(*colours)[0, 0].permute(1, 2, 0).numpy()
    grey = [
        cv2.cvtColor(np.ascontiguousarray(one[0, 0].permute(1, 2, 0).numpy()), cv2.COLOR_RGB2GRAY)
        for one in colours
    ]
    by_opencv = cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    within = np.s_[16:-16, 16:-16]
    assert np.linalg.norm(got - by_opencv, axis=-1)[within].max() < 0.01


def test_a_fast_motion_is_shown_as_the_end_of_the_scale():
    picture = as_vectors(torch.tensor([3.0, -3.0]).view(2, 1, 1))
    assert picture.flatten().tolist() == [1.0, 0.0, 1.0]
    assert as_hues(torch.tensor([3.0, 0.0]).view(1, 2, 1, 1)).flatten().tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, 1), (-1, 0), (0, -1), (0.5, 0.5)])
def test_hues_tell_directions_as_opencv_draws_them(right: float, down: float):
    shown = as_hues(torch.tensor([right, down]).view(1, 2, 1, 1) * 0.8).flatten().numpy()
    angle = math.degrees(math.atan2(down, right)) % 360
    speed = math.hypot(right, down) * 0.8
    hsv = np.array([[[angle, 1.0, speed]]], dtype=np.float32)
    assert shown == pytest.approx(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).flatten(), abs=1e-5)


@pytest.mark.parametrize("picture", ["vectors", "hsv"])
def test_what_does_not_move_is_at_rest(picture: str):
    flow = make_modality("flow", FlowInputSettings.model_validate({"picture": picture}))
    still = torch.full((1, 2, 3, 40, 40), 77, dtype=torch.uint8)
    rest = [0.5, 0.5, 0.0] if picture == "vectors" else [0.0, 0.0, 0.0]
    for channel, value in zip(flow(still, still).unbind(2), rest, strict=True):
        assert channel.unique().tolist() == [value]


def test_a_mirrored_clip_gives_the_mirrored_flow():
    before, after = moved(1.5, 0.7)
    flow = Flow(FlowInputSettings())
    there, mirrored = flow.vectors(before, after), flow.vectors(before.flip(-1), after.flip(-1))
    by_hand = there.flip(-1) * torch.tensor([-1.0, 1.0]).view(2, 1, 1)
    torch.testing.assert_close(mirrored, by_hand, rtol=0, atol=1e-3)


def test_a_turned_clip_gives_the_turned_flow():
    before, after = moved(1.5, 0.7)
    flow = Flow(FlowInputSettings())
    right, down = flow.vectors(before, after).unbind(2)
    turned = flow.vectors(*(torch.rot90(frames, 1, (-2, -1)) for frames in (before, after)))
    # A quarter turn counter-clockwise takes right to up, and down to right.
    by_hand = torch.stack([torch.rot90(down, 1, (-2, -1)), -torch.rot90(right, 1, (-2, -1))], 2)
    torch.testing.assert_close(turned, by_hand, rtol=0, atol=1e-3)


def test_frames_as_floats_show_the_same_motion():
    before, after = moved(1.3, 0.6)
    flow = Flow(FlowInputSettings())
    floats = flow.vectors(before.float() / 255, after.float() / 255)
    torch.testing.assert_close(floats, flow.vectors(before, after), rtol=0, atol=1e-3)
