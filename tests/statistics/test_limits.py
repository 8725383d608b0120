"""What intervals and tests do not promise: training again, and a best row picked of many."""

from __future__ import annotations

import numpy as np

from rodepil.statistics.holm import holm
from rodepil.statistics.intervals import difference
from rodepil.statistics.permute import permute
from rodepil.statistics.rates import NAMES, mean_rates
from rodepil.statistics.resample import Chance, draw, once
from tests.statistics.studies import FOLDS, rows_like

F1 = NAMES.index("f1")
STUDIES = 300
GRIDS = 150


def mean_f1(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return mean_rates(counts, FOLDS, weights)[:, F1]


def held(trained: float) -> float:
    """Return the share of studies whose interval holds the difference of equal recipes, 0."""
    generator = np.random.default_rng(5)
    hits = 0
    for study in range(STUDIES):
        one, other = rows_like(generator, 19, 2, trained=trained)
        both = [
            mean_f1(one, weights) - mean_f1(other, weights)
            for weights in (once(FOLDS), draw(FOLDS, Chance(resamples=300, seed=study)))
        ]
        found = difference(float(both[0][0]), both[1], FOLDS, 0.95).interval
        assert found is not None
        hits += found.low <= 0 <= found.high
    return hits / STUDIES


def test_intervals_hold_less_than_they_say_where_training_again_changes_a_fold() -> None:
    assert held(0.0) > 0.92
    assert 0.65 < held(0.3) < 0.88


def found_in(grids: list[list[np.ndarray]], picked: str) -> float:
    """Return the share of grids that have a row with p < 0.05 beside the first or the best."""
    found = 0
    for seed, rows in enumerate(grids):
        means = [float(mean_f1(counts, once(FOLDS))[0]) for counts in rows]
        at = int(np.argmax(means)) if picked == "best" else 0
        p_values = [
            float(permute(counts, rows[at], FOLDS, draws=300, seed=seed).p_values[F1])
            for other, counts in enumerate(rows)
            if other != at
        ]
        found += min(holm(p_values)) < 0.05
    return found / len(grids)


def test_the_best_of_nine_equal_rows_differs_more_often_than_a_row_named_beforehand() -> None:
    generator = np.random.default_rng(6)
    grids = [rows_like(generator, 19, 9) for _ in range(GRIDS)]
    named, picked = found_in(grids, "first"), found_in(grids, "best")
    assert named < 0.08
    assert 0.06 < picked < 0.2
    assert picked > named
