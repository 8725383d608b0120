"""Subjects drawn again: folds keep their sizes, lone folds are drawn among each other."""

from __future__ import annotations

import numpy as np
import pytest

from rodepil.statistics.resample import LONE, Chance, draw, once, over_folds, strata
from tests.statistics.studies import FOLDS


def test_every_fold_keeps_its_number_of_subjects():
    weights = draw(FOLDS, Chance(resamples=300))
    assert weights.shape == (300, 19)
    for fold, size in enumerate((4, 4, 4, 4, 3)):
        assert set(weights[:, fold == FOLDS].sum(axis=1)) == {size}


def test_every_subject_is_drawn_as_often_as_another():
    weights = draw(FOLDS, Chance(resamples=20_000))
    assert weights.mean(axis=0) == pytest.approx(np.ones(19), abs=0.03)
    # A binomial of 4 draws at 1/4 each.
    assert weights[:, 0].var() == pytest.approx(4 * 0.25 * 0.75, abs=0.02)


def test_folds_of_one_subject_are_drawn_among_each_other():
    fold = np.array([0, 0, 1, 2, 3])
    assert strata(fold).tolist() == [0, 0, LONE, LONE, LONE]
    weights = draw(fold, Chance(resamples=200))
    assert set(weights[:, 2:].sum(axis=1)) == {3.0}
    assert weights[:, 2:].max() > 1


def test_a_lone_fold_counts_as_often_as_it_was_drawn():
    fold = np.array([0, 0, 1, 2])
    value = np.array([1.0, 3.0, 10.0, 20.0])
    weights = np.array([[2.0, 0.0, 0.0, 2.0]])
    mean = over_folds(
        fold,
        weights,
        lambda members, drawn: (drawn @ value[members] / np.maximum(drawn.sum(axis=1), 1))[:, None],
    )
    assert mean.tolist() == [[(1 + 2 * 20) / 3]]


def test_the_same_seed_draws_the_same_subjects():
    one, again, other = (draw(FOLDS, Chance(resamples=9, seed=seed)) for seed in (4, 4, 5))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_data_themselves_hold_every_subject_once():
    assert once(FOLDS).tolist() == [[1.0] * 19]


def test_one_resample_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        draw(FOLDS, Chance(resamples=1))
