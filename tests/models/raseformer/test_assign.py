"""The assignment of points to segments beside one that goes point by point, segment by segment."""

from __future__ import annotations

import pytest
import torch

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError
from rodepil.models.raseformer.assign import assign
from rodepil.models.raseformer.points import points

SETTINGS = RaseformerSettings()


def _by_loops(
    rows: list[list[float]], truths: list[tuple[float, float, int]], classes: int, radius: float
) -> list[tuple[list[float], list[float] | None]]:
    found: list[tuple[list[float], list[float] | None]] = []
    for place, low, high, stride in rows:
        may = []
        for start, end, label in truths:
            middle = (start + end) / 2
            inside = start < place < end and abs(place - middle) < radius * stride
            farther = max(place - start, end - place)
            if inside and low <= farther <= high:
                may.append((end - start, start, end, label))
        said = [0.0] * classes
        if not may:
            found.append((said, None))
            continue
        shortest = min(may, key=lambda one: one[0])
        for length, _, _, label in may:
            if length <= shortest[0] + 1e-3:
                said[label] = 1.0
        _, start, end, _ = shortest
        found.append((said, [(place - start) / stride, (end - place) / stride]))
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("radius", [1.5, 0.7, 100.0])
def test_assignment_is_that_of_the_loops(seed: int, radius: float):
    rng = torch.Generator().manual_seed(seed)
    starts = torch.randint(0, 80, (6,), generator=rng).double()
    lengths = torch.randint(1, 60, (6,), generator=rng).double()
    # Whole and half steps: points on boundaries, at the rim of the centre, of one length.
    segments = torch.stack((starts, starts + lengths), 1) / 2
    segments = torch.cat((segments, segments[:2], 2 * segments[2:3]))
    labels = torch.randint(0, 14, (9,), generator=rng)
    made = points(96, SETTINGS).double()
    said, offsets = assign(made, segments, labels, classes=14, center_radius=radius)
    truths = [
        (*pair, label) for pair, label in zip(segments.tolist(), labels.tolist(), strict=True)
    ]
    wanted = _by_loops(made.tolist(), truths, 14, radius)
    assert said.tolist() == [classes for classes, _ in wanted]
    assert (said.sum(1) > 0).any()
    for got, (_, want) in zip(offsets.tolist(), wanted, strict=True):
        if want is not None:
            assert got == pytest.approx(want, rel=1e-12)


def test_a_segment_of_ten_steps_is_answered_for_where_hand_counting_says():
    segments, labels = torch.tensor([[10.0, 20.0]]), torch.tensor([3])
    made = points(96, SETTINGS)
    said, offsets = assign(made, segments, labels, classes=14, center_radius=1.5)
    answer = said[:, 3] == 1
    assert (said.sum(1) == answer).all()
    # The farther end of 10 to 20 is 5 steps away at least, beyond the range of stride 1. At stride
    # 2, 14 and 16 are nearer than 3 to the middle, and their farther ends, at 6, within 4 to 8. At
    # stride 4, 12 has one at 8, of 8 to 16, but 16 has not. At stride 8, 16 is too near to both.
    assert made[answer].tolist() == [[14, 4, 8, 2], [16, 4, 8, 2], [12, 8, 16, 4]]
    assert offsets[answer].tolist() == [[2, 3], [3, 2], [0.5, 2]]


def test_a_clip_without_segments_has_no_positive_point():
    made = points(96, SETTINGS)
    said, offsets = assign(
        made, torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), classes=14, center_radius=1.5
    )
    assert said.shape == (189, 14)
    assert offsets.shape == (189, 2)
    assert not said.any()


@pytest.mark.parametrize(
    ("segment", "label", "words"),
    [
        ((5.0, 5.0), 1, "start before the end"),
        ((6.0, 5.0), 1, "start before the end"),
        ((0.0, float("inf")), 1, "finite ends"),
        ((float("nan"), 4.0), 1, "finite ends"),
        ((0.0, 4.0), 14, "classes 0 to 13"),
        ((0.0, 4.0), -1, "label -1"),
    ],
)
def test_segments_that_can_not_be_learned_are_refused(segment: tuple, label: int, words: str):
    with pytest.raises(ModelError, match=words):
        assign(
            points(96, SETTINGS),
            torch.tensor([segment]),
            torch.tensor([label]),
            classes=14,
            center_radius=1.5,
        )
