"""Soft-NMS, voting and decoding beside plain loops over lists."""

from __future__ import annotations

import math

import pytest
import torch

from rodepil.config.raseformer import RaseformerSettings, SegmentSettings
from rodepil.models.raseformer.decode import candidates, localize
from rodepil.models.raseformer.network import Levels
from rodepil.models.raseformer.nms import Found, suppress, tiou

Segment = tuple[float, float]
OFFICIAL = SegmentSettings()


def _tiou(one: Segment, other: Segment) -> float:
    inner = max(min(one[1], other[1]) - max(one[0], other[0]), 0.0)
    return inner / ((one[1] - one[0]) + (other[1] - other[0]) - inner)


def _soft_nms(
    rows: list[tuple[Segment, float]], sigma: float, least: float
) -> list[tuple[Segment, float]]:
    left, taken = [list(row) for row in rows if row[1] >= least], []
    while left:
        best = max(range(len(left)), key=lambda one: left[one][1])  # the first of equal ones
        segment, score = left.pop(best)
        taken.append((segment, score))
        for row in left:
            row[1] *= math.exp(-(_tiou(segment, row[0]) ** 2) / sigma)
        left = [row for row in left if row[1] >= least]
    return taken


def _by_loops(found: Found, settings: SegmentSettings) -> list[tuple[Segment, float, int]]:
    rows = list(
        zip(
            [(one[0], one[1]) for one in found.segments.tolist()],
            found.scores.tolist(),
            found.labels.tolist(),
            strict=True,
        )
    )
    out = []
    for label in sorted({row[2] for row in rows}):
        own = [(segment, score) for segment, score, of in rows if of == label]
        for segment, score in _soft_nms(own, settings.sigma, settings.score_min):
            moved = segment
            if settings.voting is not None:
                near = [row for row in own if _tiou(segment, row[0]) >= settings.voting]
                total = sum(weight for _, weight in near)
                moved = (
                    sum(one[0] * weight for one, weight in near) / total,
                    sum(one[1] * weight for one, weight in near) / total,
                )
            out.append((moved, score, label))
    out.sort(key=lambda row: -row[1])  # stable: classes in order
    return out[: settings.segments]


def _candidates(number: int, *, ties: bool, seed: int) -> Found:
    rng = torch.Generator().manual_seed(seed)
    starts = torch.randint(0, 90, (number,), generator=rng).double()
    lengths = torch.randint(1, 30, (number,), generator=rng).double()
    scores = torch.rand(number, generator=rng, dtype=torch.float64)
    if ties:
        scores = (scores * 4).ceil() / 4
    else:
        starts = starts + torch.rand(number, generator=rng, dtype=torch.float64)
    labels = torch.randint(0, 5, (number,), generator=rng) * 3
    return Found(torch.stack((starts, starts + lengths), 1), scores, labels)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [True, False], ids=["ties", "no ties"])
@pytest.mark.parametrize(
    "settings",
    [
        OFFICIAL,
        SegmentSettings(voting=None),
        SegmentSettings(segments=7),
        SegmentSettings(sigma=0.001, score_min=0.2),
        SegmentSettings(sigma=0.0001, score_min=0.0),
    ],
    ids=["official", "no voting", "seven", "steep", "no least score"],
)
def test_segments_are_those_of_the_loops(settings: SegmentSettings, seed: int, *, ties: bool):
    found = _candidates(150, ties=ties, seed=seed)
    got, wanted = suppress(found, settings), _by_loops(found, settings)
    assert got.labels.tolist() == [label for _, _, label in wanted]
    assert got.scores.tolist() == pytest.approx([score for _, score, _ in wanted], rel=1e-12)
    segments = torch.tensor([segment for segment, _, _ in wanted], dtype=torch.float64)
    torch.testing.assert_close(got.segments, segments)


def test_tiou_is_the_loops_and_zero_for_touching_and_empty_segments():
    found = _candidates(40, ties=True, seed=0).segments
    wanted = [[_tiou(tuple(a), tuple(b)) for b in found.tolist()] for a in found.tolist()]
    got = tiou(found[:, None], found)
    torch.testing.assert_close(got, torch.tensor(wanted, dtype=torch.float64))
    touching = torch.tensor([[[0.0, 1.0], [1.0, 2.0]], [[3.0, 3.0], [3.0, 3.0]]])
    assert tiou(touching[:, 0], touching[:, 1]).tolist() == [0, 0]


def test_one_lowers_the_other_by_the_gaussian_of_their_tiou():
    # 8 of 12 steps are shared: tIoU 2/3, and exp(-(4/9) / 0.5) = exp(-8/9).
    found = Found(
        torch.tensor([[0.0, 10.0], [2.0, 12.0], [2.0, 12.0]]),
        torch.tensor([0.9, 0.8, 0.7]),
        torch.tensor([4, 4, 5]),
    )
    got = suppress(found, OFFICIAL)
    assert got.labels.tolist() == [4, 5, 4]
    assert got.scores.tolist() == pytest.approx([0.9, 0.7, 0.8 * math.exp(-8 / 9)])
    assert got.segments.tolist() == [[0, 10], [2, 12], [2, 12]]


def test_voters_weigh_by_their_first_scores():
    # 9 of 10 and 9 of 11 steps are shared with the best: both vote. The other class does not.
    found = Found(
        torch.tensor([[0.0, 10.0], [1.0, 10.0], [1.0, 11.0], [0.0, 10.0]]),
        torch.tensor([0.8, 0.6, 0.6, 0.9]),
        torch.tensor([0, 0, 0, 1]),
    )
    got = suppress(found, SegmentSettings(segments=2))
    assert got.labels.tolist() == [1, 0]
    assert got.segments[0].tolist() == [0, 10]
    assert got.segments[1].tolist() == pytest.approx([1.2 / 2.0, 20.6 / 2.0])


def test_no_candidates_give_no_segments():
    none = Found(torch.zeros(0, 2), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    assert len(suppress(none, OFFICIAL)) == 0
    low = Found(torch.tensor([[0.0, 1.0]]), torch.tensor([1e-4]), torch.tensor([0]))
    assert len(suppress(low, OFFICIAL)) == 0


NETWORK = RaseformerSettings(
    classes=3, windows=(3, 1), max_length=8, ranges=((0, 4), (4, 100)), width=8, heads=2
)


def _levels(seed: int) -> Levels:
    rng = torch.Generator().manual_seed(seed)
    steps = (8, 4)
    return Levels(
        valid=tuple(torch.rand(2, one, generator=rng) < 0.8 for one in steps),
        logits=tuple(4 * torch.randn(2, one, 3, generator=rng) - 4 for one in steps),
        offsets=tuple(torch.rand(2, one, 2, generator=rng).sub(0.3).relu() for one in steps),
    )


@pytest.mark.parametrize("most", [2000, 5])
def test_candidates_are_those_of_a_loop_over_points_and_classes(most: int):
    settings = SegmentSettings(candidates=most, score_min=0.01, length_min=0.3)
    for seed in range(4):
        levels = _levels(seed)
        for clip in range(2):
            wanted = []
            for level, stride in enumerate((1, 2)):
                rows = []
                for t in range(len(levels.valid[level][clip])):
                    for k in range(3):
                        score = levels.logits[level][clip, t, k].sigmoid().item()
                        before, after = levels.offsets[level][clip, t].tolist()
                        place = t * stride
                        if levels.valid[level][clip, t] and score > 0.01:
                            ends = (place - before * stride, place + after * stride)
                            rows.append((score, *ends, k))
                rows.sort(key=lambda row: -row[0])
                wanted += [row for row in rows[:most] if row[2] - row[1] > 0.3]
            got = candidates(levels, clip, NETWORK, settings)
            assert got.labels.tolist() == [row[3] for row in wanted]
            assert got.scores.tolist() == pytest.approx([row[0] for row in wanted])
            ends = [value for row in wanted for value in row[1:3]]
            assert got.segments.flatten().tolist() == pytest.approx(ends, abs=1e-6)


def test_each_clip_of_a_batch_is_localized_apart():
    levels = _levels(7)
    both = localize(levels, NETWORK, OFFICIAL)
    for clip in range(2):
        own = Levels(
            *(
                tuple(one[clip : clip + 1] for one in part)
                for part in (levels.valid, levels.logits, levels.offsets)
            )
        )
        (alone,) = localize(own, NETWORK, OFFICIAL)
        assert len(alone) > 0
        assert torch.equal(alone.segments, both[clip].segments)
        assert torch.equal(alone.scores, both[clip].scores)
