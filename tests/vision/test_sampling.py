from __future__ import annotations

import pytest
import torch

from rodepil.vision.sampling import static, uniform_indices


@pytest.mark.parametrize(
    ("n_frames", "n", "expected"),
    [
        # Parts of 37.5 frames have their centres at 18.75, 56.25, 93.75, …
        (300, 8, [18, 56, 93, 131, 168, 206, 243, 281]),
        (10, 3, [1, 5, 8]),
        (5, 5, [0, 1, 2, 3, 4]),
        (7, 1, [3]),
        (2, 4, [0, 0, 1, 1]),
    ],
)
def test_frames_are_taken_at_the_centres_of_equal_parts(n_frames: int, n: int, expected: list[int]):
    assert uniform_indices(n_frames, n).tolist() == expected


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize(("frames", "middle"), [(1, 0), (2, 1), (5, 2), (16, 8)])
def test_static_shows_the_middle_frame_alone(frames: int, middle: int, dtype: torch.dtype):
    clips = (torch.rand(2, frames, 3, 4, 6) * 255).to(dtype)
    still = static(clips)
    assert still.shape == clips.shape
    assert still.dtype == dtype
    for index in range(frames):
        assert torch.equal(still[:, index], clips[:, middle])
