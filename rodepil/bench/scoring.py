"""How fast mAP at tIoU is, beside the evaluators' rules written as plain loops.

N truths, P predictions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from rodepil.bench.rows import Row, less_is_better
from rodepil.bench.timing import time_by_turns
from rodepil.scoring import THRESHOLDS, Segments, mean_average_precision

PEER = "plain loops"
LATEST_S, LONGEST_S, SHORTEST_S = 10.0, 8.0, 0.5


@dataclass(frozen=True)
class ScoringPlan:
    """What is scored.

    Parameters
    ----------
    truths, predictions
        N and P.
    layouts
        Videos and classes over which they are dealt: RatSeizure's testing side, one class of it,
        and all in one class of one video, where everything overlaps.
    repeats
        Rounds of timing.
    seed
        Of the segments.
    """

    truths: int = 1000
    predictions: int = 5000
    layouts: tuple[tuple[int, int], ...] = ((281, 14), (281, 1), (1, 1))
    repeats: int = 3
    seed: int = 0


def bench_scoring(plan: ScoringPlan) -> list[Row]:
    """Return one row a layout, in milliseconds for a whole scoring at five thresholds."""
    rows = []
    for videos, classes in plan.layouts:
        truths = make_segments(plan.truths, videos, classes, plan.seed)
        said = make_segments(plan.predictions, videos, classes, plan.seed + 1)
        seconds = time_by_turns(
            {
                "ours": partial(mean_average_precision, truths, said),
                "loops": partial(loop_map, truths, said, THRESHOLDS),
            },
            repeats=plan.repeats,
            device=torch.device("cpu"),
            after=lambda: None,
        )
        name = (
            f"mAP of {plan.predictions} predictions and {plan.truths} truths in {videos} videos "
            f"and {classes} classes"
        )
        rows.append(less_is_better(name, 1e3 * seconds["ours"], "ms", PEER, 1e3 * seconds["loops"]))
    return rows


def make_segments(count: int, videos: int, classes: int, seed: int) -> Segments:
    """Return segments that start at random in the first ten seconds of a video."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, LATEST_S, count)
    return Segments.of(
        [f"video {number}" for number in rng.integers(videos, size=count)],
        [f"class {number}" for number in rng.integers(classes, size=count)],
        start,
        start + rng.uniform(SHORTEST_S, LONGEST_S, count),
        rng.uniform(size=count),
    )


@dataclass(frozen=True)
class _Item:
    """A segment as loops take it."""

    video: str
    label: str
    start_s: float
    end_s: float
    score: float


def loop_map(truths: Segments, predictions: Segments, thresholds: Sequence[float]) -> float:
    """Return the mean of AP over classes with truths and thresholds, by plain loops.

    As a careful person would write it: truths are found by their class and video at once, and
    a tIoU is computed once for all thresholds.
    """
    true, said = _by_label(truths), _by_label(predictions)
    found = []
    for label, wanted in true.items():
        found += _loop_ap(wanted, said.get(label, []), thresholds)
    return sum(found) / len(found) if found else float("nan")


def _loop_ap(
    truths: Sequence[_Item], said: Sequence[_Item], thresholds: Sequence[float]
) -> list[float]:
    of_video: defaultdict[str, list[tuple[int, _Item]]] = defaultdict(list)
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


def _tiou(one: _Item, other: _Item) -> float:
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    if shared <= 0:
        return 0.0
    return shared / ((one.end_s - one.start_s) + (other.end_s - other.start_s) - shared)


def _by_label(segments: Segments) -> dict[str, list[_Item]]:
    found: defaultdict[str, list[_Item]] = defaultdict(list)
    columns = (
        segments.videos, segments.labels, segments.start_s, segments.end_s, segments.scores,
    )  # fmt: skip
    for row in zip(*(column.tolist() for column in columns), strict=True):
        item = _Item(*row)
        found[item.label].append(item)
    return dict(found)
