"""Lightness by a table is swscale's, whatever the frame."""

from __future__ import annotations

import av
import numpy as np
import pytest

from rodepil.io.lightness import LUMA_FORMATS, has_luma, lightness


def random_frame(name: str, color_range: int, colorspace: int) -> av.VideoFrame:
    """Return a frame of every luma and chroma, of a width that its lines are padded for."""
    frame = av.VideoFrame(90, 64, name)
    random = np.random.default_rng(7)
    for plane in frame.planes:
        plane.update(random.integers(0, 256, plane.buffer_size, dtype=np.uint8).tobytes())
    frame.color_range, frame.colorspace = color_range, colorspace
    return frame


@pytest.mark.parametrize("name", sorted(LUMA_FORMATS))
@pytest.mark.parametrize("color_range", [0, 1, 2])
@pytest.mark.parametrize("colorspace", [2, 5, 6])
def test_lightness_is_swscales_to_the_last_bit(name: str, color_range: int, colorspace: int):
    frame = random_frame(name, color_range, colorspace)
    assert has_luma(frame)
    np.testing.assert_array_equal(lightness(frame), frame.to_ndarray(format="gray"))


@pytest.mark.parametrize(("name", "colorspace"), [("yuv420p", 1), ("yuv420p", 9), ("bgr0", 2)])
def test_a_frame_whose_lightness_hangs_on_colour_is_left_to_swscale(name: str, colorspace: int):
    assert not has_luma(random_frame(name, 0, colorspace))
