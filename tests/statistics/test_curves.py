"""Areas of weighted subjects against scikit-learn with the same weights on their clips."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from rodepil.statistics.curves import Standing
from rodepil.statistics.resample import once
from rodepil.statistics.scored import Scored, take
from tests.statistics.studies import rows_of, table

SEEDS = range(6)


def weighted(seed: int) -> tuple[Scored, np.ndarray]:
    """Return clips with many ties, and how often their 8 subjects were drawn in 5 resamples."""
    scored = take(table(seed, digits=1))
    weights = np.random.default_rng(seed).multinomial(8, np.full(8, 1 / 8), size=5)
    return scored, weights.astype(float)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_auroc_of_resamples_is_scikit_learns(seed: int):
    scored, weights = weighted(seed)
    wanted = [
        sk.roc_auc_score(scored.label, scored.score, sample_weight=one[scored.subject])
        for one in weights
    ]
    assert Standing.of(scored).auroc(weights, np.arange(8)) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_average_precision_of_resamples_is_scikit_learns(seed: int):
    scored, weights = weighted(seed)
    wanted = [
        sk.average_precision_score(scored.label, scored.score, sample_weight=one[scored.subject])
        for one in weights
    ]
    assert Standing.of(scored).average_precision(weights, np.arange(8)) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_areas_of_some_subjects_are_those_of_their_clips(seed: int):
    scored, _ = weighted(seed)
    members = np.array([1, 4, 6])
    inside = np.isin(scored.subject, members)
    given = scored.label[inside], scored.score[inside]
    standing = Standing.of(scored)
    assert standing.auroc(np.ones((1, 3)), members)[0] == pytest.approx(sk.roc_auc_score(*given))
    assert standing.average_precision(np.ones((1, 3)), members)[0] == pytest.approx(
        sk.average_precision_score(*given)
    )


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_sensitivity_is_the_highest_of_the_roc_curve_within_the_limit(seed: int, limit: float):
    scored, weights = weighted(seed)
    wanted = []
    for one in weights:
        false, true, _ = sk.roc_curve(
            scored.label,
            scored.score,
            sample_weight=one[scored.subject],
            drop_intermediate=False,
        )
        wanted.append(true[false <= limit + 1e-12].max())
    standing = Standing.of(scored)
    assert standing.sensitivity(weights, limit) == pytest.approx(wanted)


def test_many_resamples_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch):
    scored, weights = weighted(1)
    standing = Standing.of(scored)

    def results() -> list[float]:
        precision = standing.average_precision(weights, np.arange(8))
        return [*precision, *standing.sensitivity(weights, 0.1)]

    whole = results()
    monkeypatch.setattr("rodepil.statistics.curves.CELLS", 1)
    assert results() == whole


def test_a_resample_of_one_class_has_no_area():
    scored = take(rows_of((0, "a", 1, 0.9), (0, "a", 1, 0.3), (0, "b", 0, 0.4)))
    standing = Standing.of(scored)
    for weights in ([[2.0, 0.0]], [[0.0, 2.0]]):
        assert np.isnan(standing.auroc(np.array(weights), np.arange(2))).all()
        assert np.isnan(standing.average_precision(np.array(weights), np.arange(2))).all()
    assert np.isnan(standing.sensitivity(np.array([[0.0, 2.0]]), 0.5)).all()


def test_clips_without_a_seizure_have_no_area():
    scored = take(rows_of((0, "a", 0, 0.9), (0, "b", 0, 0.4)))
    standing = Standing.of(scored)
    assert np.isnan(standing.auroc(once(scored.fold), np.arange(2))).all()
    assert np.isnan(standing.average_precision(once(scored.fold), np.arange(2))).all()
    assert np.isnan(standing.sensitivity(once(scored.fold), 0.5)).all()
    assert standing.threshold(0.5) is None
