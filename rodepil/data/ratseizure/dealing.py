"""Deal subjects to folds so that each fold holds its share of clips and of every action unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rodepil.config.localize import RatSeizureSettings
from rodepil.data.ratseizure.labels import LABEL_IDS
from rodepil.errors import FoldError

Counts = npt.NDArray[np.float64]


def deal_subjects(
    kept: pa.Table, events: pa.Table, settings: RatSeizureSettings
) -> Mapping[str, int]:
    """Return the fold of every subject.

    Subjects come in order of their clips, the one with most first, those with as many in an order
    that the seed gives. Each goes to the fold in which the sum over clips and units of the squared
    share that is held of it grows least.

    Parameters
    ----------
    kept
        Kept rows of the table "clips".
    events
        Table "events": the units in them.
    settings
        How many folds, and the seed.

    Raises
    ------
    FoldError
        There are fewer subjects than folds.
    """
    subjects, held = _held(kept, events)
    if len(subjects) < settings.k:
        raise FoldError(
            f"{settings.k} folds want at least {settings.k} subjects, and the kept clips have "
            f"{len(subjects)}; set ratseizure.k to {len(subjects)} or less, or ratseizure.split to "
            "'given'"
        )
    shares = held / np.maximum(held.sum(0), 1)
    shuffled = np.random.default_rng(settings.seed).permutation(len(subjects))
    order = sorted(shuffled.tolist(), key=lambda place: -held[place, 0])
    folds = np.zeros((settings.k, held.shape[1]))
    taken = np.zeros(settings.k, np.int64)
    fold_of: dict[str, int] = {}
    for at, place in enumerate(order):
        grows = ((folds + shares[place]) ** 2 - folds**2).sum(1)
        if settings.k - np.count_nonzero(taken) == len(order) - at:  # the rest fills empty folds
            grows[taken > 0] = np.inf
        best = int(grows.argmin())
        folds[best] += shares[place]
        taken[best] += 1
        fold_of[subjects[place]] = best
    return fold_of


def _held(kept: pa.Table, events: pa.Table) -> tuple[list[str], Counts]:
    """Return the subjects, sorted, and their clips and events of each unit, (S, 1 + units)."""
    subjects = sorted(set(kept.column("subject_id").to_pylist()))
    place = {name: number for number, name in enumerate(subjects)}
    held = np.zeros((len(subjects), 1 + len(LABEL_IDS)))
    for name in kept.column("subject_id").to_pylist():
        held[place[name], 0] += 1
    for row in events.select(["subject_id", "label"]).to_pylist():
        held[place[row["subject_id"]], 1 + LABEL_IDS[row["label"]]] += 1
    return subjects, held
