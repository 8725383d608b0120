"""A small classifier on attributes alone, cross-validated by subject: what they tell together.

N clips, A attributes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold

from rodepil.data.audit.attributes import ATTRIBUTES, Group
from rodepil.data.audit.tell import Cohort, Telling, judge_number

FOLDS: Final = 5
TREES: Final = 100
LEAF: Final = 3
DEPTH: Final = 8
UNSEEN: Final = "size_bytes"
"""No model that is fed pictures can see it."""

_UNKNOWN: Final = -1.0

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def table_of(
    rows: Sequence[Mapping[str, object]], groups: Sequence[Group], without: Collection[str] = ()
) -> Floats:
    """Return the attributes of some groups as numbers, (N, A); names by their place in order.

    Parameters
    ----------
    rows
        N measured clips.
    groups
        Which attributes to take.
    without
        Names of some to leave out, besides the size of a file.
    """
    columns = []
    for attribute in ATTRIBUTES:
        if attribute.group not in groups or attribute.name in (UNSEEN, *without):
            continue
        values = [row[attribute.name] for row in rows]
        if attribute.is_name:
            known = sorted({str(value) for value in values})
            columns.append([float(known.index(str(value))) for value in values])
        else:
            columns.append([_number(value) for value in values])
    return np.array(columns, np.float64).T


def folds_for(cohort: Cohort) -> int:
    """Return how many folds by subject the clips allow, 0 or 1 where none can be tested."""
    with_label = [len(np.unique(cohort.owner[cohort.labels == label])) for label in (0, 1)]
    return min(FOLDS, *with_label)


def judge_together(features: Floats, cohort: Cohort) -> Telling | None:
    """Return how well a forest on all features tells the label of subjects it never saw.

    Scores are compared within a fold alone, where one forest made them.

    Parameters
    ----------
    features
        (N, A).
    cohort
        The clips.

    Returns
    -------
    Telling or None
        None where fewer than two subjects have either label.
    """
    folds = folds_for(cohort)
    if folds < 2:  # noqa: PLR2004 - a fold to train on and one to test
        return None
    scores, fold = np.zeros(len(features)), np.zeros(len(features), np.int64)
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    splits = dealer.split(features, cohort.labels, cohort.owner)
    for number, (train, test) in enumerate(splits):
        fold[test] = number
        scores[test] = _scores(features[train], cohort.labels[train], features[test])
    return judge_number(scores, cohort, strata=fold, either=False)


def _scores(train: Floats, labels: Ints, test: Floats) -> Floats:
    """Return the forest's scores, or all the same where there is nothing to learn."""
    if not np.ptp(train, axis=0).any() or not 0 < labels.sum() < len(labels):
        return np.zeros(len(test))
    forest = RandomForestClassifier(
        TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAF,
        class_weight="balanced",
        random_state=0,
        n_jobs=1,
    )
    forest.fit(train, labels)
    return np.asarray(forest.predict_proba(test)[:, 1], np.float64)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else _UNKNOWN
