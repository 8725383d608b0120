"""Batches: every clip once an epoch, what its points shall say, and crops of long clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rodepil.localize.batches import LocalizeBatches, cropped, draw_crop
from rodepil.localize.sequences import Sequences
from rodepil.localize.settings import LocalizeTrialSettings

Recipe = Callable[..., LocalizeTrialSettings]
Make = Callable[..., Sequences]
CPU = torch.device("cpu")


def named(sequences: Sequences) -> Sequences:
    """Return the clips with their number in every feature."""
    features = tuple(torch.full_like(one, float(n + 1)) for n, one in enumerate(sequences.features))
    return replace(sequences, features=features)


def test_every_clip_comes_once_an_epoch_in_another_order(recipe: Recipe, made: Make):
    batches = LocalizeBatches(named(made(10, seed=0, side="x")), recipe(), CPU)
    orders = []
    for epoch in range(2):
        got = list(batches.epoch(epoch))
        assert [len(batch.features) for batch in got] == [4, 4, 2]
        assert len(batches) == len(got)
        orders.append([int(n) for batch in got for n in batch.features[:, 0, 0]])
        assert sorted(orders[-1]) == list(range(1, 11))
    assert orders[0] != orders[1]


def test_a_shorter_clip_is_padded_and_its_points_say_what_lies_in_it(recipe: Recipe, made: Make):
    # Windows of 4 frames at 10 a second: step g stands for 0.4 g + 0.2 s, so that 2.0 to 4.0 s
    # is 4.5 to 9.5 on the grid. With radius 1.5, points 6, 7 and 8 are near its middle 7, and of
    # those the farther end is at most 4 steps away for all three: 3.5, 2.5, 3.5.
    clips = replace(
        made(1, seed=0, side="x"),
        features=(torch.ones(20, 4),),
        segments=(torch.tensor([[2.0, 4.0]], dtype=torch.float64),),
        labels=(torch.tensor([1]),),
    )
    (batch,) = LocalizeBatches(clips, recipe(), CPU).epoch(0)
    assert batch.features.shape == (1, 24, 4)
    assert batch.valid[0].tolist() == [True] * 20 + [False] * 4
    assert batch.classes.shape == (1, 24 + 12 + 6, 2)
    said = batch.classes[0].nonzero().tolist()
    assert said == [[6, 1], [7, 1], [8, 1]]
    offsets = [[1.5, 3.5], [2.5, 2.5], [3.5, 1.5]]
    torch.testing.assert_close(batch.offsets[0, 6:9], torch.tensor(offsets))


def test_a_long_clip_is_cropped_with_its_segment_and_anew_in_every_epoch(
    recipe: Recipe, made: Make
):
    clips = made(1, seed=0, side="x", steps=100)
    clips = replace(
        clips,
        features=(torch.arange(100.0)[:, None].expand(100, 4),),
        segments=(torch.tensor([[16.2, 20.2]], dtype=torch.float64),),  # 40 to 50 on the grid
    )
    batches = LocalizeBatches(clips, recipe(), CPU)
    firsts = []
    for epoch in range(30):
        (batch,) = batches.epoch(epoch)
        first = int(batch.features[0, 0, 0])
        firsts.append(first)
        assert batch.features[0, :, 0].tolist() == list(range(first, first + 24))
        assert first + 24 >= 45
        assert first <= 45
        assert batch.classes.sum() > 0
    assert len(set(firsts)) > 5
    again = [int(next(batches.epoch(epoch)).features[0, 0, 0]) for epoch in range(30)]
    assert again == firsts


SEGMENTS = torch.tensor([[10.0, 20.0], [30.0, 34.0], [0.0, 60.0]])


def shares(first: int, length: int) -> list[float]:
    """Return how much of each segment is in a crop, by hand."""
    found = []
    for start, end in SEGMENTS.tolist():
        inner = min(end, first + length) - max(start, first)
        found.append(max(inner, 0) / (end - start))
    return found


def test_crops_are_drawn_alike_from_those_that_hold_half_a_segment():
    allowed = [first for first in range(60 - 8 + 1) if max(shares(first, 8)) >= 0.5]
    drawn = Counter(draw_crop(60, SEGMENTS, length=8, seed=seed) for seed in range(4000))
    assert sorted(drawn) == allowed
    assert max(drawn.values()) < 1.4 * 4000 / len(allowed)
    assert min(drawn.values()) > 0.6 * 4000 / len(allowed)


@pytest.mark.parametrize("segments", [SEGMENTS[:0], SEGMENTS[2:]], ids=["none", "too long"])
def test_where_no_crop_holds_half_a_segment_every_crop_is_drawn(segments: Tensor):
    drawn = {draw_crop(60, segments, length=40 - 32, seed=seed) for seed in range(1500)}
    assert drawn == set(range(53))


@pytest.mark.parametrize("first", [0, 12, 15, 16, 28, 40])
def test_a_crop_keeps_what_it_holds_half_of_cut_off_at_its_ends(first: int):
    got, kept = cropped(SEGMENTS, first=first, length=8)
    wanted = [share >= 0.5 for share in shares(first, 8)]
    assert kept.tolist() == wanted
    by_hand = [
        [max(start - first, 0), min(end - first, 8)]
        for (start, end), stays in zip(SEGMENTS.tolist(), wanted, strict=True)
        if stays
    ]
    assert got.tolist() == by_hand
