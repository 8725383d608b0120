"""Results by subject against scikit-learn, and None where nothing is defined."""

from __future__ import annotations

import pytest
from sklearn import metrics as sk

from rodepil.statistics.scored import take
from rodepil.statistics.subjects import by_subject
from tests.statistics.studies import rows_of, table


def test_every_subject_has_scikit_learns_numbers():
    scored = take(table(6))
    found = by_subject(scored)
    assert [one.subject for one in found] == list(scored.subjects)
    for at, one in enumerate(found):
        labels, scores = scored.label[scored.subject == at], scored.score[scored.subject == at]
        called = scores >= 0.5
        assert (one.negatives, one.positives) == ((~labels).sum(), labels.sum())
        assert one.accuracy == pytest.approx(sk.accuracy_score(labels, called))
        assert one.sensitivity == pytest.approx(sk.recall_score(labels, called))
        assert one.specificity == pytest.approx(sk.recall_score(labels, called, pos_label=0))
        assert one.precision == pytest.approx(sk.precision_score(labels, called))
        assert one.f1 == pytest.approx(sk.f1_score(labels, called))
        assert one.auroc == pytest.approx(sk.roc_auc_score(labels, scores))


def test_what_a_subject_can_not_tell_is_none():
    normal, seizing = by_subject(
        take(rows_of((0, "a", 0, 0.9), (0, "a", 0, 0.1), (1, "b", 1, 0.2), (1, "b", 1, 0.3)))
    )
    assert (normal.fold, normal.specificity, normal.precision) == (0, 0.5, 0.0)
    assert (normal.sensitivity, normal.f1, normal.auroc) == (None, None, None)
    assert (seizing.fold, seizing.sensitivity, seizing.f1) == (1, 0.0, 0.0)
    assert (seizing.specificity, seizing.precision, seizing.auroc) == (None, None, None)
