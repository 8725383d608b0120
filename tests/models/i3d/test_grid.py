from __future__ import annotations

import numpy as np
import pytest
import torch

from rodepil.errors import ModelError
from rodepil.models.i3d import FeatureGrid

GRID = FeatureGrid(fps=30.0, window_frames=16, stride_frames=4)


def test_a_feature_stands_for_the_middle_of_its_window():
    # Window 3 covers frames 12 to 28; its middle, 20, is at 2/3 s.
    assert GRID.to_time_s(3.0, 10.0) == pytest.approx(20 / 30)
    assert GRID.to_grid(20 / 30) == pytest.approx(3.0)
    assert GRID.to_grid(0.0) == -2.0  # (0 - 8) / 4
    assert FeatureGrid(29.97, 10, 5).to_grid(2.0) == pytest.approx((59.94 - 5) / 5)


def test_times_are_clipped_to_the_clip():
    places = np.array([-2.5, -2.0, 0.0, 73.0, 80.0])
    expected = [0.0, 0.0, 8 / 30, 10.0, 10.0]
    np.testing.assert_allclose(GRID.to_time_s(places, 10.0), expected, atol=1e-12)
    tensor = GRID.to_time_s(torch.from_numpy(places), 10.0)
    np.testing.assert_allclose(tensor.numpy(), expected, atol=1e-12)
    assert [GRID.to_time_s(place, 10.0) for place in (-9.0, 99.0)] == [0.0, 10.0]


def test_there_and_back_is_the_same_time():
    times = np.linspace(0, 10, 101)
    np.testing.assert_allclose(GRID.to_time_s(GRID.to_grid(times), 10.0), times, atol=1e-12)


@pytest.mark.parametrize("n_frames", [1, 15, 16, 19, 20, 300])
def test_windows_are_those_that_fit_whole(n_frames: int):
    starts = [s for s in range(0, n_frames, 4) if s + 16 <= n_frames] or [0]
    assert list(GRID.starts(n_frames)) == starts
    assert GRID.count(n_frames) == len(starts)


@pytest.mark.parametrize("name", ["fps", "window_frames", "stride_frames"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_grid_of_nothing_is_refused(name: str, value: float):
    with pytest.raises(ModelError, match=f"{name} of a feature grid is {value}; give a number"):
        FeatureGrid(**{name: value})


def test_a_clip_of_nothing_is_refused():
    with pytest.raises(ModelError, match="a clip of 0 frames has no window; leave it out"):
        GRID.starts(0)
    with pytest.raises(ModelError, match="a clip lasts 0 s; give its duration"):
        GRID.to_time_s(1.0, 0)
