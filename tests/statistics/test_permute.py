"""The permutation test: SciPy's p-values, its size without a difference, its power with one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rodepil.statistics.permute import permute
from rodepil.statistics.rates import NAMES, five
from rodepil.train.metrics import Metrics
from tests.statistics.studies import FOLDS, subject_counts, two_rows

F1 = NAMES.index("f1")
STUDIES = 400


def scipys_p(one: np.ndarray, other: np.ndarray, fold: np.ndarray, at: int) -> float:
    """Return the exact p-value of SciPy, who swaps the numbers of rows within subjects."""
    both = np.concatenate([one, other])

    def mean(rows: np.ndarray) -> float:
        totals = [both[rows[fold == each].astype(int)].sum(axis=0) for each in np.unique(fold)]
        return float(five(np.array(totals))[:, at].mean())

    numbers = np.arange(len(one))
    return float(
        stats.permutation_test(
            (numbers, numbers + len(one)),
            lambda ours, theirs: mean(ours) - mean(theirs),
            permutation_type="samples",
            vectorized=False,
            n_resamples=np.inf,
        ).pvalue
    )


@pytest.mark.parametrize("seed", range(3))
def test_exact_p_values_are_scipys(seed: int):
    one, other = two_rows(np.random.default_rng(seed), 7, worse=0.1)
    fold = np.array([0, 0, 0, 1, 1, 2, 2])
    found = permute(one, other, fold)
    assert (found.exact, found.swaps) == (True, 128)
    for at in range(len(Metrics.__dataclass_fields__)):
        assert found.p_values[at] == pytest.approx(scipys_p(one, other, fold, at)), NAMES[at]


def test_drawn_swaps_come_near_the_exact_p_value():
    counts = two_rows(np.random.default_rng(3), 15, worse=0.1)
    fold = np.repeat(np.arange(5), 3)
    few = [one[:14] for one in counts]
    exact, drawn = permute(*few, fold[:14]), permute(*counts, fold, draws=4000)
    assert (exact.exact, exact.swaps) == (True, 2**14)
    assert (drawn.exact, drawn.swaps) == (False, 4000)
    assert drawn.p_values[F1] == pytest.approx(by_all_swaps(*counts, fold), abs=0.03)


def by_all_swaps(one: np.ndarray, other: np.ndarray, fold: np.ndarray) -> float:
    """Return the p-value of F1 over all 2**15 swaps, each written out."""
    swaps = np.array(np.meshgrid(*[[0, 1]] * len(one))).reshape(len(one), -1).T
    picked = np.where(swaps[:, :, None] == 0, one, other)
    left = np.where(swaps[:, :, None] == 0, other, one)
    difference = np.mean(
        [
            five(picked[:, fold == each].sum(axis=1))[:, F1]
            - five(left[:, fold == each].sum(axis=1))[:, F1]
            for each in np.unique(fold)
        ],
        axis=0,
    )
    return float(np.mean(np.abs(difference) >= abs(difference[0]) - 1e-12))


def test_a_drawn_p_value_is_never_zero():
    one = np.tile([90.0, 0, 0, 10], (20, 1))
    other = np.tile([60.0, 30, 9, 1], (20, 1))
    found = permute(one, other, np.repeat(np.arange(5), 4), draws=500)
    assert found.p_values.tolist() == [1 / 501] * 5


def test_equal_rows_do_not_differ():
    counts = subject_counts(np.random.default_rng(1), 19)
    found = permute(counts, counts.copy(), FOLDS)
    assert (found.p_values.tolist(), found.swaps) == ([1.0] * 5, 1)


def test_subjects_that_both_rows_do_alike_need_no_swap():
    one, other = two_rows(np.random.default_rng(2), 19)
    other[5:] = one[5:]
    found = permute(one, other, FOLDS)
    assert (found.exact, found.swaps) == (True, 2**5)


def test_the_order_of_the_rows_does_not_matter():
    one, other = two_rows(np.random.default_rng(2), 8, worse=0.2)
    fold = np.repeat([0, 1], 4)
    assert np.array_equal(permute(one, other, fold).p_values, permute(other, one, fold).p_values)


def found_different(worse: float) -> float:
    """Return the share of studies whose F1 the test finds different at 0.05."""
    generator = np.random.default_rng(6)
    p_values = [
        permute(*two_rows(generator, 19, worse=worse), FOLDS, draws=499, seed=study).p_values[F1]
        for study in range(STUDIES)
    ]
    return float(np.mean(np.array(p_values) <= 0.05))


def test_without_a_difference_one_is_found_in_at_most_7_percent():
    assert 0.02 <= found_different(worse=0.0) <= 0.07


def test_a_clear_difference_is_found_in_more_than_80_percent():
    assert found_different(worse=0.2) > 0.8
