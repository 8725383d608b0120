"""Metrics against scikit-learn, hand-made cases and the paper's own rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from rodepil.errors import TrainingError
from rodepil.train.metrics import Curve, Metrics, average, measure, precision_recall, roc

# Table II of the RodEpil paper: accuracy, sensitivity, specificity, precision, F1 in percent.
PAPER_FOLDS = [
    Metrics(98.95, 99.67, 98.86, 91.82, 95.58),
    Metrics(99.13, 100.00, 98.96, 95.04, 97.46),
    Metrics(99.49, 99.87, 99.33, 98.44, 99.15),
    Metrics(99.58, 98.96, 99.69, 98.35, 98.66),
    Metrics(95.59, 90.56, 98.77, 97.90, 94.09),
]
PAPER_AVERAGE = Metrics(98.55, 97.81, 99.12, 96.31, 97.00)


def oracle(labels: list[int], scores: list[float], threshold: float) -> Metrics:
    found = [int(score >= threshold) for score in scores]
    return Metrics(
        accuracy=sk.accuracy_score(labels, found),
        sensitivity=sk.recall_score(labels, found, zero_division=0),
        specificity=sk.recall_score(labels, found, pos_label=0, zero_division=0),
        precision=sk.precision_score(labels, found, zero_division=0),
        f1=sk.f1_score(labels, found, zero_division=0),
    )


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=40),
    st.integers(0, 10),
)
def test_metrics_are_those_of_scikit_learn(pairs: list[tuple[int, int]], tenths: int):
    labels = [label for label, _ in pairs]
    scores = [score / 10 for _, score in pairs]
    ours = measure(labels, scores, tenths / 10)
    assert ours.as_dict() == pytest.approx(oracle(labels, scores, tenths / 10).as_dict(), abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "scores"),
    [([0, 0, 0], [0.1, 0.2, 0.3]), ([1, 1], [0.9, 0.8]), ([1, 1], [0.1, 0.2]), ([0], [0.9])],
)
def test_a_ratio_without_a_denominator_is_zero(labels: list[int], scores: list[float]):
    assert measure(labels, scores) == oracle(labels, scores, 0.5)


def test_a_hand_counted_case():
    # 3 hits, 1 miss, 1 alarm, 5 rejections.
    labels = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    scores = [0.9, 0.8, 0.5, 0.49, 0.7, 0.1, 0.1, 0.2, 0.3, 0.4]
    ours = measure(labels, scores)
    assert ours == Metrics(0.8, 0.75, 5 / 6, 0.75, 0.75)
    assert ours.as_percent()["specificity"] == pytest.approx(83.3333, abs=1e-4)


def test_the_papers_folds_average_to_the_papers_average():
    ours = average(PAPER_FOLDS)
    for name, printed in PAPER_AVERAGE.as_dict().items():
        assert ours.as_dict()[name] == pytest.approx(printed, abs=0.015), name
    assert ours.f1 == pytest.approx(96.99, abs=0.005)


@pytest.mark.parametrize(
    ("labels", "scores", "says"),
    [
        ([], [], "at least 1"),
        ([0, 1], [0.5], "at least 1"),
        ([[0], [1]], [[0.5], [0.1]], "at least 1"),
        ([0, 2], [0.5, 0.1], r"labels hold \[2\]"),
        ([0, 1], [0.5, float("nan")], "1 of 2 scores are NaN"),
    ],
)
def test_what_cannot_be_measured_is_refused(labels: list[int], scores: list[float], says: str):
    with pytest.raises(TrainingError, match=says):
        measure(labels, scores)


def test_no_folds_have_no_average():
    with pytest.raises(TrainingError, match="at least one fold"):
        average([])


def test_area_under_roc_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(3)
    labels = np.arange(60) % 3 == 0
    scores = rng.normal(size=60) + labels
    pairs = scores[labels][:, None] - scores[~labels][None]
    curve = roc(labels.astype(int), scores)
    assert curve.area == pytest.approx((pairs > 0).mean())
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area)


def test_average_precision_is_the_mean_precision_at_each_positive():
    labels, scores = [1, 0, 1, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.5]
    curve = precision_recall(labels, scores)
    assert curve.area == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    assert (curve.x[0], curve.x[-1], curve.y[-1]) == (1, 0, 1)


@pytest.mark.parametrize("curve", [roc, precision_recall])
def test_a_curve_of_one_label_is_refused(curve: Callable[..., Curve]):
    with pytest.raises(TrainingError, match="all 2 are 1"):
        curve([1, 1], [0.2, 0.3])
