"""The rules of mAP at tIoU in plain loops: as they read, and as a careful person writes them.

Both take tables ``events``, as `rodepil.scoring.mean_average_precision` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Item:
    """A segment as loops take it; `video` is a recording and a position."""

    video: tuple[str, int]
    start_s: float
    end_s: float
    score: float


def careful_map(truths: pa.Table, predictions: pa.Table, thresholds: Sequence[float]) -> float:
    """Return the mean of AP over classes with truths and thresholds.

    Truths are found by class and video at once, and a tIoU is computed once for all thresholds.
    """
    found: list[float] = []
    for wanted, said in _classes(truths, predictions):
        found += _careful(wanted, said, thresholds)
    return sum(found) / len(found) if found else float("nan")


def plain_map(truths: pa.Table, predictions: pa.Table, thresholds: Sequence[float]) -> float:
    """Return the same, as the rules read.

    At each threshold every prediction of a class, by falling score, looks through all truths of
    the class for the one of its video with the highest tIoU that none has taken.
    """
    found = [
        _area(_plain(wanted, said, threshold), len(wanted))
        for wanted, said in _classes(truths, predictions)
        for threshold in thresholds
    ]
    return sum(found) / len(found) if found else float("nan")


def _plain(truths: Sequence[Item], said: Sequence[Item], threshold: float) -> list[bool]:
    taken = [False] * len(truths)
    hits = []
    for item in sorted(said, key=lambda one: -one.score):
        best, highest = -1, -1.0
        for place, truth in enumerate(truths):
            if truth.video == item.video and not taken[place]:
                overlap = _tiou(item, truth)
                if overlap > highest:
                    best, highest = place, overlap
        hits.append(best >= 0 and highest >= threshold)
        if hits[-1]:
            taken[best] = True
    return hits


def _careful(
    truths: Sequence[Item], said: Sequence[Item], thresholds: Sequence[float]
) -> list[float]:
    of_video: defaultdict[tuple[str, int], list[tuple[int, Item]]] = defaultdict(list)
    for place, truth in enumerate(truths):
        of_video[truth.video].append((place, truth))
    taken: list[set[int]] = [set() for _ in thresholds]
    hits: list[list[bool]] = [[] for _ in thresholds]
    for item in sorted(said, key=lambda one: -one.score):
        near = [(-_tiou(item, truth), place) for place, truth in of_video[item.video]]
        near.sort()
        for number, threshold in enumerate(thresholds):
            hits[number].append(_takes(near, threshold, taken[number]))
    return [_area(one, len(truths)) for one in hits]


def _takes(near: Sequence[tuple[float, int]], threshold: float, taken: set[int]) -> bool:
    """Take the best truth that is left, if it is near enough."""
    for negative, place in near:
        if -negative < threshold:
            return False
        if place not in taken:
            taken.add(place)
            return True
    return False


def _area(hits: Sequence[bool], truths: int) -> float:
    """Return the area under precision over recall, all points interpolated."""
    right, precision = 0, []
    for number, hit in enumerate(hits, start=1):
        right += hit
        precision.append(right / number)
    area, best = 0.0, 0.0
    for hit, value in zip(reversed(hits), reversed(precision), strict=True):
        best = max(best, value)
        area += best * hit / truths
    return area


def _tiou(one: Item, other: Item) -> float:
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    if shared <= 0:
        return 0.0
    return shared / ((one.end_s - one.start_s) + (other.end_s - other.start_s) - shared)


def _classes(truths: pa.Table, predictions: pa.Table) -> Iterator[tuple[list[Item], list[Item]]]:
    """Yield the truths and the predictions of each class that has truths."""
    true, said = _by_label(truths), _by_label(predictions)
    for label, wanted in true.items():
        yield wanted, said.get(label, [])


def _by_label(events: pa.Table) -> dict[str, list[Item]]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    names = ("label", "recording_id", "position", "start_s", "end_s", "score")
    columns = (events.column(name).to_pylist() for name in names)
    for label, recording, position, *numbers in zip(*columns, strict=True):
        found[label].append(Item((recording, position), *numbers))
    return dict(found)
