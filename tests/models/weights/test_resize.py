"""Embeddings of other sizes, against the published rule by hand, timm, Pillow and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from timm.layers import resample_abs_pos_embed
from torch import Tensor
from torch.nn import functional

from rodepil.models.weights.resize import Method, resize_place, resize_time

WIDTH = 6


def _random(rows: int) -> Tensor:
    return torch.randn(1, rows, WIDTH, generator=torch.Generator().manual_seed(rows))


@pytest.mark.parametrize("method", ["official", "bicubic"])
def test_an_unchanged_size_gives_the_very_same_tensor(method: Method):
    time, place = _random(8), _random(1 + 49)
    assert resize_time(time, 8, method) is time
    assert resize_place(place, 49, method) is place


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        (8, 16, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]),
        (8, 4, [0, 2, 4, 6]),
        (8, 3, [0, 2, 5]),
        (2, 5, [0, 0, 0, 1, 1]),
        (1, 3, [0, 0, 0]),
    ],
)
def test_the_official_rule_takes_the_nearest_frame_before(old: int, new: int, taken: list[int]):
    time = _random(old)
    assert torch.equal(resize_time(time, new, "official"), time[:, taken])


@pytest.mark.parametrize(("old", "new"), [(14, 7), (7, 14), (14, 28), (3, 2)])
def test_the_official_rule_takes_the_nearest_patch_of_one_row(old: int, new: int):
    place = _random(1 + old**2)
    resized = resize_place(place, new**2, "official")
    taken = [1 + patch * old**2 // new**2 for patch in range(new**2)]
    assert torch.equal(resized[:, 0], place[:, 0])
    assert torch.equal(resized[:, 1:], place[:, taken])
    by_torch = functional.interpolate(place[:, 1:].mT, size=new**2, mode="nearest").mT
    assert torch.equal(resized[:, 1:], by_torch)


@pytest.mark.parametrize(("old", "new"), [(14, 7), (7, 14), (14, 28), (3, 2), (1, 4)])
def test_bicubic_places_are_timms(old: int, new: int):
    place = _random(1 + old**2)
    expected = resample_abs_pos_embed(place, [new, new], num_prefix_tokens=1)
    resized = resize_place(place, new**2, "bicubic")
    assert torch.equal(resized[:, 0], place[:, 0])
    torch.testing.assert_close(resized, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("old", "new"), [(14, 7), (7, 14), (3, 2), (2, 1), (1, 3)])
def test_bicubic_places_are_pillows(old: int, new: int):
    place = _random(1 + old**2)
    resized = resize_place(place, new**2, "bicubic")
    for channel in range(WIDTH):
        image = Image.fromarray(place[0, 1:, channel].reshape(old, old).numpy())
        expected = np.asarray(image.resize((new, new), Image.Resampling.BICUBIC))
        np.testing.assert_allclose(resized[0, 1:, channel].numpy(), expected.ravel(), atol=1e-5)


@pytest.mark.parametrize(("old", "new"), [(8, 16), (8, 4), (96, 16), (2, 5), (1, 16)])
def test_bicubic_times_are_pillows(old: int, new: int):
    time = _random(old)
    image = Image.fromarray(time[0].numpy())  # old rows, WIDTH columns
    expected = np.asarray(image.resize((WIDTH, new), Image.Resampling.BICUBIC))
    resized = resize_time(time, new, "bicubic")
    np.testing.assert_allclose(resized[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("method", ["official", "bicubic"])
def test_resized_embeddings_are_whole_tensors_of_their_own(method: Method):
    for resized in (
        resize_time(_random(8), 16, method),
        resize_place(_random(17), 4, method),
    ):
        assert resized.is_contiguous()
        assert resized.dtype == torch.float32
