"""Colour to grey against OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from rodepil.vision.flow import to_grey


def test_grey_is_opencvs_to_the_bit():
    """Over every red and green, and every fifth blue."""
    red, green, blue = np.meshgrid(
        np.arange(256), np.arange(256), np.arange(0, 256, 5), indexing="ij"
    )
    colours = np.stack([red, green, blue], axis=-1).astype(np.uint8).reshape(256, -1, 3)
    ours = to_grey(torch.from_numpy(colours).permute(2, 0, 1))
    assert np.array_equal(ours.numpy(), cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))


def test_floats_are_weighed_as_by_opencv():
    image = np.random.default_rng(0).random((2, 9, 11, 3), dtype=np.float32)
    ours = to_grey(torch.from_numpy(image).permute(0, 3, 1, 2))
    for grey, colour in zip(ours, image, strict=True):
        oracle = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        np.testing.assert_allclose(grey.numpy(), oracle, atol=2e-5)


def test_grey_stays_as_it_is():
    frames = torch.arange(24, dtype=torch.uint8).view(2, 1, 3, 4)
    assert torch.equal(to_grey(frames), frames[:, 0])


@pytest.mark.parametrize("shape", [(2, 2, 4, 4), (4, 4)])
def test_other_channels_are_refused(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match="wanted"):
        to_grey(torch.zeros(shape))
