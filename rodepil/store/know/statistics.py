"""Statistics of a view over the training clips of a fold, and of no other clips.

Shapes: C channels, N numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rodepil.data.split import Split
from rodepil.errors import FeatureError
from rodepil.io.progress import Progress, Silent
from rodepil.store import snapshot
from rodepil.store.dataset import FeatureDataset
from rodepil.store.features import FeatureStore
from rodepil.store.views.base import Array, Column, View

BINS = 16
LEVELS = 256
PIXEL_AXES = 3
"""A picture's axes: channel, height, width."""


@dataclass(frozen=True)
class ColumnStatistics:
    """What the numbers of one column are like.

    Attributes
    ----------
    mean, std
        By channel, the latter of the whole population (divided by N).
    minimum, maximum
        Over all channels.
    numbers
        How many there are in all.
    not_finite
        How many are infinite or no number; they count nowhere else.
    edges, counts
        A histogram of 16 bins over all channels: 17 edges.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    minimum: float
    maximum: float
    numbers: int
    not_finite: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Statistics:
    """Statistics over the training clips of a fold.

    Attributes
    ----------
    test_fold
        The fold whose clips are left out.
    clips, subjects
        How many are trained on.
    labels
        Clips by label, 0 normal, 1 seizure.
    columns
        By the view's columns.
    """

    test_fold: int
    clips: int
    subjects: int
    labels: dict[int, int]
    columns: dict[str, ColumnStatistics]


class _Gatherer(Protocol):
    """Takes a column of one clip after the other, in as many passes as it needs."""

    passes: int

    def add(self, array: Array, number: int) -> None:
        """Take the column of a clip in the pass of that number."""

    def finish(self) -> ColumnStatistics:
        """Return what came of it."""


def training_statistics(
    store: FeatureStore, view: View, split: Split, *, progress: Progress | None = None
) -> Statistics:
    """Return statistics of a view over the clips that a split trains on.

    Levels of 8 bits are counted, in one pass, and their moments are exact. Other numbers take two
    passes: the first for mean and range, the second for deviations from it.

    Parameters
    ----------
    store
        With its snapshot.
    view
        The view.
    split
        The guard's split.
    progress
        Shown clips.

    Raises
    ------
    SubjectLeak
        `split` is no Split, or the view was made with what learned from its test subjects.
    FeatureError
        A feature is missing or damaged.
    """
    dataset = FeatureDataset(store, view, split, "train", workers=0)
    ids = _in_order_of_shards(store, view, dataset.clip_ids)
    gatherers = {name: _gatherer(column) for name, column in view.columns.items()}
    passes = max(gatherer.passes for gatherer in gatherers.values())
    with (progress or Silent()).task("statistics", len(ids), "clips") as advance:
        for number in range(passes):
            for row in store.rows(view.name, ids):
                for name, gatherer in gatherers.items():
                    if number < gatherer.passes:
                        gatherer.add(row[name], number)
                advance(1 / passes)
    return Statistics(
        test_fold=split.fold,
        clips=len(ids),
        subjects=len(set(dataset.subject_ids)),
        labels=dict(sorted(Counter(dataset.labels.tolist()).items())),
        columns={name: gatherer.finish() for name, gatherer in gatherers.items()},
    )


def _in_order_of_shards(store: FeatureStore, view: View, clip_ids: tuple[str, ...]) -> list[str]:
    """Return clips in the order in which they lie, so that the disk is read in one go."""
    rows = snapshot.rows_of(view.name, store.features, clip_ids)
    ordered: list[str] = rows.sort_by([("shard", "ascending"), ("row", "ascending")])[
        "clip_id"
    ].to_pylist()
    return ordered


def _gatherer(column: Column) -> _Gatherer:
    return _Levels(column) if column.dtype == "uint8" else _Numbers(column)


def channel_axis(column: Column) -> int | None:
    """Return which axis of a column holds its channels.

    Pictures (C, H, W), alone or in sequence, have them third from the end; vectors, alone or in
    sequence, at the end; curves and single numbers have none.
    """
    if len(column.shape) >= PIXEL_AXES:
        return -PIXEL_AXES
    if not column.shape or column.shape[-1] is None:
        return None
    return -1


def _by_channel(column: Column, array: Array) -> Array:
    """Return (C, N) of a clip's numbers."""
    axis = channel_axis(column)
    if axis is None:
        return array.reshape(1, -1)
    moved = np.moveaxis(array, axis, 0)
    return moved.reshape(len(moved), -1)


class _Levels:
    """Counts of each of 256 levels by channel."""

    passes = 1

    def __init__(self, column: Column) -> None:
        self._column = column
        self._counts: npt.NDArray[np.int64] | None = None

    def add(self, array: Array, number: int) -> None:
        del number
        channels = _by_channel(self._column, array)
        counts = np.stack([np.bincount(levels, minlength=LEVELS) for levels in channels])
        self._counts = counts if self._counts is None else self._counts + counts

    def finish(self) -> ColumnStatistics:
        if self._counts is None:
            raise _nothing()
        moments = [_exact_moments(counts.tolist()) for counts in self._counts]
        every = self._counts.sum(axis=0)
        there = np.flatnonzero(every)
        edges = np.arange(0, LEVELS + 1, LEVELS // BINS)
        return ColumnStatistics(
            mean=tuple(mean for mean, _ in moments),
            std=tuple(std for _, std in moments),
            minimum=float(there[0]),
            maximum=float(there[-1]),
            numbers=int(every.sum()),
            not_finite=0,
            edges=tuple(edges.astype(float).tolist()),
            counts=tuple(every.reshape(BINS, -1).sum(axis=1).tolist()),
        )


def _exact_moments(counts: list[int]) -> tuple[float, float]:
    """Return mean and standard deviation of counted levels, rounded once."""
    n = sum(counts)
    mean = Fraction(sum(level * count for level, count in enumerate(counts)), n)
    square = Fraction(sum(level * level * count for level, count in enumerate(counts)), n)
    return float(mean), sqrt(square - mean * mean)


class _Numbers:
    """Mean and range in a first pass, deviations and a histogram in a second."""

    passes = 2

    def __init__(self, column: Column) -> None:
        self._column = column
        self._low, self._high = np.inf, -np.inf
        self._n: Any = 0
        self._sum: Any = 0.0
        self._off: Any = 0.0
        self._squares: Any = 0.0
        self._counts = np.zeros(BINS, dtype=np.int64)
        self._not_finite = 0

    def add(self, array: Array, number: int) -> None:
        values = _by_channel(self._column, array).astype(np.float64)
        finite = np.isfinite(values)
        if number == 0:
            self._not_finite += int(values.size - finite.sum())
            self._n = self._n + finite.sum(axis=1)
            self._sum = self._sum + np.where(finite, values, 0).sum(axis=1)
            self._low = min(self._low, values[finite].min(initial=np.inf))
            self._high = max(self._high, values[finite].max(initial=-np.inf))
            return
        off = np.where(finite, values - self._mean[:, None], 0)
        self._off = self._off + off.sum(axis=1)
        self._squares = self._squares + (off**2).sum(axis=1)
        self._counts += np.histogram(values[finite], self._edges)[0]

    @property
    def _mean(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._sum / np.maximum(self._n, 1), dtype=np.float64)

    @property
    def _edges(self) -> npt.NDArray[np.float64]:
        """17 edges over the range; half a unit either way where all is one number."""
        if self._low > self._high:
            return np.linspace(0.0, 1.0, BINS + 1)
        return np.histogram_bin_edges(np.array([self._low, self._high]), BINS)

    def finish(self) -> ColumnStatistics:
        if np.sum(self._n) == 0:
            raise _nothing()
        n = np.maximum(self._n, 1)
        variance = (self._squares - self._off**2 / n) / n  # what the mean was rounded by
        return ColumnStatistics(
            mean=tuple((self._mean + self._off / n).tolist()),
            std=tuple(np.sqrt(np.maximum(variance, 0)).tolist()),
            minimum=float(self._low),
            maximum=float(self._high),
            numbers=int(np.sum(self._n)) + self._not_finite,
            not_finite=self._not_finite,
            edges=tuple(self._edges.tolist()),
            counts=tuple(self._counts.tolist()),
        )


def _nothing() -> FeatureError:
    return FeatureError("there are no numbers to tell of; look at the clips that failed")
