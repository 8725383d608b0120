from __future__ import annotations

import pytest

from rodepil.io.sampling import uniform_indices


@pytest.mark.parametrize(
    ("n_frames", "n", "by_hand"),
    [
        (300, 16, [9, 28, 46, 65, 84, 103, 121, 140, 159, 178, 196, 215, 234, 253, 271, 290]),
        (10, 2, [2, 7]),
        (5, 1, [2]),
        (4, 4, [0, 1, 2, 3]),
        (2, 4, [0, 0, 1, 1]),
        (1, 3, [0, 0, 0]),
    ],
)
def test_frames_are_taken_at_the_centres_of_equal_parts(
    n_frames: int, n: int, by_hand: list[int]
) -> None:
    assert uniform_indices(n_frames, n).tolist() == by_hand


@pytest.mark.parametrize(("n_frames", "n"), [(0, 4), (4, 0)])
def test_no_frame_can_be_sampled_of_nothing(n_frames: int, n: int) -> None:
    with pytest.raises(ValueError, match="both want 1 or more"):
        uniform_indices(n_frames, n)
