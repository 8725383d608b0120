"""The five metrics of many counts against the metrics of one, and means over folds."""

from __future__ import annotations

import numpy as np
import pytest

from rodepil.statistics.rates import NAMES, five, mean_rates
from rodepil.statistics.resample import once
from rodepil.train.metrics import average, measure
from tests.statistics.studies import FOLDS, subject_counts


def clips_of(counts: np.ndarray) -> tuple[list[int], list[float]]:
    """Write counts out as labels and scores."""
    tn, fp, fn, tp = counts.astype(int).tolist()
    return [0] * (tn + fp) + [1] * (fn + tp), [0.0] * tn + [1.0] * fp + [0.0] * fn + [1.0] * tp


@pytest.mark.parametrize(
    "counts", [(5, 1, 2, 7), (5, 0, 0, 0), (0, 3, 0, 0), (0, 0, 4, 0), (1, 0, 3, 0), (0, 0, 0, 2)]
)
def test_rates_are_those_of_the_metrics(counts: tuple[int, ...]):
    wanted = measure(*clips_of(np.array(counts))).as_dict()
    found = five(np.array(counts, dtype=float)).tolist()
    assert dict(zip(NAMES, found, strict=True)) == pytest.approx(wanted)


def test_the_mean_is_the_papers_average_row():
    counts = subject_counts(np.random.default_rng(5), len(FOLDS))
    folds = [measure(*clips_of(counts[fold == FOLDS].sum(axis=0))) for fold in range(5)]
    found = mean_rates(counts, FOLDS, once(FOLDS))[0].tolist()
    assert dict(zip(NAMES, found, strict=True)) == pytest.approx(average(folds).as_dict())


def test_a_fold_that_lost_its_seizures_says_nothing_of_f1():
    # Fold 0: subject 0 has the seizures; fold 1 is at F1 = 0.5 throughout.
    counts = np.array([[5, 0, 0, 5], [8, 2, 0, 0], [6, 1, 1, 1], [6, 1, 1, 1]], dtype=float)
    fold = np.array([0, 0, 1, 1])
    lost = mean_rates(counts, fold, np.array([[0.0, 2.0, 1.0, 1.0]]))[0]
    named = dict(zip(NAMES, lost.tolist(), strict=True))
    assert named["f1"] == pytest.approx(0.5)
    assert named["specificity"] == pytest.approx((0.8 + 12 / 14) / 2)


def test_a_fold_that_never_had_a_seizure_counts_as_zero_throughout():
    counts = np.array([[8, 2, 0, 0], [9, 1, 0, 0], [6, 1, 1, 1], [6, 1, 1, 1]], dtype=float)
    fold = np.array([0, 0, 1, 1])
    weights = np.array([[1.0, 1, 1, 1], [2, 0, 1, 1]])
    assert mean_rates(counts, fold, weights)[:, 4] == pytest.approx([0.25, 0.25])


def test_what_no_fold_can_say_is_not_a_number():
    counts = np.array([[5, 0, 0, 5], [8, 2, 0, 0]], dtype=float)
    found = mean_rates(counts, np.array([0, 0]), np.array([[0.0, 2.0]]))[0]
    assert np.isnan(found[NAMES.index("f1")])
    assert found[NAMES.index("accuracy")] == pytest.approx(0.8)
