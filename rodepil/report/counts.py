"""Right and wrong predictions, counted: what confusion matrix and subjects' rows stand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rodepil.train.metrics import THRESHOLD, positive

CLASSES: Final = ("normal", "seizure")


@dataclass(frozen=True)
class Counts:
    """Clips by true label and prediction; a seizure is the positive class."""

    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int

    @property
    def negatives(self) -> int:
        """Clips of normal activity."""
        return self.true_negatives + self.false_positives

    @property
    def positives(self) -> int:
        """Clips with a seizure."""
        return self.false_negatives + self.true_positives

    @property
    def accuracy(self) -> float | None:
        """Share of all clips that are predicted rightly."""
        return _share(self.true_negatives + self.true_positives, self.negatives + self.positives)

    @property
    def sensitivity(self) -> float | None:
        """Share of seizure clips that are found; None without one."""
        return _share(self.true_positives, self.positives)

    @property
    def specificity(self) -> float | None:
        """Share of normal clips that are left alone; None without one."""
        return _share(self.true_negatives, self.negatives)

    @property
    def precision(self) -> float | None:
        """Share of clips called seizures that are; None when none was called so."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and sensitivity; None without a seizure, true or called."""
        wrong = self.false_positives + self.false_negatives
        return _share(2 * self.true_positives, 2 * self.true_positives + wrong)

    def matrix(self) -> NDArray[np.int64]:
        """Return (2, 2) int64: rows are true labels, columns predictions, normal first."""
        return np.array(
            [
                [self.true_negatives, self.false_positives],
                [self.false_negatives, self.true_positives],
            ],
            dtype=np.int64,
        )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def labels_and_scores(predictions: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the labels (N,) int64 in {0, 1} and scores (N,) float64 of a predictions table."""
    return predictions.column("label").to_numpy(), predictions.column("score").to_numpy()


def count(predictions: pa.Table, threshold: float = THRESHOLD) -> Counts:
    """Count a predictions table; a score at or above `threshold` is called a seizure."""
    labels, scores = labels_and_scores(predictions)
    called = positive(scores, threshold)
    seizure = labels == 1
    return Counts(
        true_negatives=int(np.sum(~seizure & ~called)),
        false_positives=int(np.sum(~seizure & called)),
        false_negatives=int(np.sum(seizure & ~called)),
        true_positives=int(np.sum(seizure & called)),
    )


def groups(predictions: pa.Table, column: str) -> Iterator[tuple[str | int, pa.Table]]:
    """Yield every value of `column`, in rising order, with its rows."""
    for value in sorted(predictions.column(column).unique().to_pylist()):
        yield value, predictions.filter(pc.equal(predictions.column(column), value))


def has_both_classes(predictions: pa.Table) -> bool:
    """Whether both classes occur, without which no curve over thresholds exists."""
    return len(predictions.column("label").unique()) > 1
