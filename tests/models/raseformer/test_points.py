from __future__ import annotations

import pytest
import torch

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError
from rodepil.models.raseformer.points import batch, points, to_grid, to_seconds

OFFICIAL = RaseformerSettings()


def test_points_stand_at_every_stride_with_their_levels_range():
    made = points(96, OFFICIAL).tolist()
    wanted = [
        [float(place), low, high, 2.0**level]
        for level, (low, high) in enumerate(
            [(0, 4), (4, 8), (8, 16), (16, 32), (32, 64), (64, 10_000)]
        )
        for place in range(0, 96, 2**level)
    ]
    assert made == wanted
    assert len(made) == 189


def test_short_sequences_are_padded_to_the_longest_and_long_ones_to_a_multiple():
    short, long = torch.ones(70, 1024), torch.ones(97, 1024)
    assert batch([short], OFFICIAL)[0].shape == (1, 96, 1024)
    features, valid = batch([short, long], OFFICIAL)
    assert features.shape == (2, 128, 1024)
    assert valid.sum(1).tolist() == [70, 97]
    assert features.sum((1, 2)).tolist() == [70 * 1024, 97 * 1024]


@pytest.mark.parametrize(
    ("sequences", "words"),
    [
        ([], "no sequences"),
        ([torch.zeros(1024, 70)], "transposed"),
        ([torch.zeros(0, 1024)], "empty"),
        ([torch.full((3, 1024), float("nan"))], "sequence 0 holds NaN"),
    ],
)
def test_sequences_that_do_not_fit_are_refused(sequences: list, words: str):
    with pytest.raises(ModelError, match=words):
        batch(sequences, OFFICIAL)


def test_a_time_lies_where_it_is_a_windows_middle():
    # At 30 fps the first window of 16 frames has its middle at 8/30 s, the next 4/30 s later.
    seconds = torch.tensor([8 / 30, 12 / 30, 0.0, 10.0])
    grid = to_grid(seconds, fps=30.0, window_frames=16, stride_frames=4)
    torch.testing.assert_close(grid, torch.tensor([0.0, 1.0, -2.0, 73.0]))
    back = to_seconds(
        torch.cat((grid, torch.tensor([-9.0, 80.0]))),
        fps=30.0,
        window_frames=16,
        stride_frames=4,
        duration_s=10.0,
    )
    torch.testing.assert_close(back, torch.cat((seconds, torch.tensor([0.0, 10.0]))))
