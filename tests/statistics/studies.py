"""Studies of subjects drawn from a population whose F1 is known, for tests of statistics."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rodepil.io import tables

FOLDS = np.repeat(np.arange(5), (4, 4, 4, 4, 3))  # the paper's 19 subjects


def subject_counts(generator: np.random.Generator, subjects: int) -> NDArray[np.float64]:
    """Return (S, 4) TN, FP, FN, TP of subjects that differ in seizures and in how well they go."""
    return two_rows(generator, subjects)[0]


def two_rows(
    generator: np.random.Generator, subjects: int, *, worse: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts of two rows on the same clips, (S, 4) each.

    What is easy for one row is half easy for the other; the second finds `worse` times less.
    """
    one, other = rows_like(generator, subjects, 2, worse=worse)
    return one, other


def rows_like(
    generator: np.random.Generator,
    subjects: int,
    rows: int,
    *,
    worse: float = 0.0,
    trained: float = 0.0,
) -> list[NDArray[np.float64]]:
    """Return the counts of rows on the same clips, (S, 4) each; as `two_rows`.

    The model of each fold of each row finds more or less than it would if trained again: its
    share of seizures is moved by `trained` standard deviations of the log-odds.
    """
    positives = generator.negative_binomial(2, 2 / (2 + 155), subjects)
    negatives = generator.negative_binomial(3, 3 / (3 + 532), subjects) + 1
    shared, *own = (
        (generator.beta(6, 3, subjects), generator.beta(2, 20, subjects)) for _ in range(1 + rows)
    )
    made = []
    for row, (sensitivity, alarm) in enumerate(own):
        chance = (sensitivity + shared[0]) / 2 * (1 - worse * row)
        if trained:
            moved = generator.normal(0, trained, FOLDS.max() + 1)[FOLDS[:subjects]]
            chance = 1 / (1 + (1 - chance) / chance * np.exp(-moved))
        found = generator.binomial(positives, chance)
        alarms = generator.binomial(negatives, (alarm + shared[1]) / 2)
        cells = [negatives - alarms, alarms, positives - found, found]
        made.append(np.stack(cells, axis=1).astype(float))
    return made


def table(
    seed: int,
    folds: tuple[int, ...] = (3, 3, 2),
    *,
    apart: float = 1.5,
    clips: int = 40,
    digits: int = 2,
) -> pa.Table:
    """Return predictions of subjects by fold; the same clips for every seed.

    `apart` is the distance of the classes' scores, `digits` leaves ties.
    """
    labelled, noise = np.random.default_rng(0), np.random.default_rng(seed)
    rows = []
    for fold, subjects in enumerate(folds):
        for subject in range(subjects):
            for clip in range(clips):
                label = int(labelled.random() < 0.35)
                odds = noise.normal(apart if label else -apart, 1.5)
                rows.append(
                    {
                        "run_id": f"trial-{fold}",
                        "fold": fold,
                        "clip_id": f"{fold}-{subject}-{clip}",
                        "subject_id": f"{fold}-{subject}",
                        "label": label,
                        "score": round(float(1 / (1 + np.exp(-odds))), digits),
                    }
                )
    return tables.from_rows("predictions", rows)


def rows_of(*clips: tuple[int, str, int, float]) -> pa.Table:
    """Return predictions of clips that are written out: fold, subject, label, score."""
    rows = [
        {
            "run_id": "trial",
            "fold": fold,
            "clip_id": f"clip-{at}",
            "subject_id": subject,
            "label": label,
            "score": score,
        }
        for at, (fold, subject, label, score) in enumerate(clips)
    ]
    return tables.from_rows("predictions", rows)
