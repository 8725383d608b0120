"""A row's predictions as arrays, subject by subject: what all statistics start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rodepil.errors import SubjectLeak, TrainingError
from rodepil.io import tables
from rodepil.train.metrics import THRESHOLD, measure, positive

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ORDER = [(name, "ascending") for name in ("fold", "subject_id", "clip_id")]


@dataclass(frozen=True)
class Scored:
    """The clips of a row, N of S subjects, sorted by fold, subject and clip.

    Parameters
    ----------
    subjects
        The S subjects' ids.
    fold
        (S,) int64, the fold that tests each subject.
    clip_ids
        The N clips' ids.
    subject
        (N,) int64 in [0, S), each clip's subject.
    label
        (N,) bool, whether a clip holds a seizure.
    score
        (N,) float64, usually probabilities in [0, 1].
    """

    subjects: tuple[str, ...]
    fold: Ints
    clip_ids: tuple[str, ...]
    subject: Ints
    label: Bools
    score: Floats

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that are done, rising."""
        return tuple(np.unique(self.fold).tolist())

    def total(self, values: Floats | Bools) -> Floats:
        """Sum a value of each clip, (N,), by subject: (S,) float64."""
        summed = np.bincount(self.subject, values.astype(np.float64), len(self.subjects))
        return summed.astype(np.float64)

    def confusion(self, threshold: float = THRESHOLD) -> Floats:
        """Count each subject's clips: (S, 4) float64 of TN, FP, FN and TP."""
        called, true = positive(self.score, threshold), self.label
        cells = (~called & ~true, called & ~true, ~called & true, called & true)
        return np.stack([self.total(cell) for cell in cells], axis=1)


def take(predictions: pa.Table) -> Scored:
    """Return a table ``predictions`` as arrays.

    Raises
    ------
    TableError
        It is no such table.
    TrainingError
        It holds nothing, a clip twice, a label other than 0 and 1, or a score that is NaN.
    SubjectLeak
        A subject is tested in two folds.
    """
    rows = tables.check("predictions", predictions).sort_by(ORDER)
    label, score = rows.column("label").to_numpy(), rows.column("score").to_numpy()
    measure(label, score)  # refuses what can't be measured
    clip_ids = rows.column("clip_id").to_pylist()
    if len(set(clip_ids)) < len(clip_ids):
        raise TrainingError(
            f"predictions hold {len(clip_ids)} rows of {len(set(clip_ids))} clips; "
            "each clip must be tested once, so give one row's predictions alone"
        )
    of_clip = list(
        zip(rows.column("fold").to_pylist(), rows.column("subject_id").to_pylist(), strict=True)
    )
    pairs = sorted(set(of_clip))
    subjects = tuple(subject for _, subject in pairs)
    if len(set(subjects)) < len(subjects):
        twice = sorted({one for one in subjects if subjects.count(one) > 1})
        raise SubjectLeak(
            f"subjects {twice} are tested in two folds; run 'rodepil folds make' and train again"
        )
    at = {pair: index for index, pair in enumerate(pairs)}
    return Scored(
        subjects=subjects,
        fold=np.array([fold for fold, _ in pairs], dtype=np.int64),
        clip_ids=tuple(clip_ids),
        subject=np.array([at[pair] for pair in of_clip], dtype=np.int64),
        label=label.astype(np.bool_),
        score=score.astype(np.float64),
    )


def only(predictions: pa.Table, folds: tuple[int, ...]) -> pa.Table:
    """Return the predictions of some folds."""
    return predictions.filter(pc.is_in(predictions.column("fold"), pa.array(folds, pa.int64())))
