from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from rodepil.io import tables
from rodepil.report.counts import count, groups, has_both_classes


def predictions(labels: list[int], scores: list[float]) -> pa.Table:
    return tables.from_rows(
        "predictions",
        [
            {
                "run_id": "r",
                "fold": index % 3,
                "clip_id": f"c{index}",
                "subject_id": f"s{index % 4}",
                "label": label,
                "score": score,
            }
            for index, (label, score) in enumerate(zip(labels, scores, strict=True))
        ],
    )


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_counts_are_those_of_scikit_learn(threshold: float) -> None:
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 200)
    scores = generator.integers(0, 11, 200) / 10
    counted = count(predictions(labels.tolist(), scores.tolist()), threshold)
    called = scores >= threshold
    assert counted.matrix().tolist() == sk.confusion_matrix(labels, called).tolist()
    assert counted.accuracy == pytest.approx(sk.accuracy_score(labels, called))
    assert counted.sensitivity == pytest.approx(sk.recall_score(labels, called))
    assert counted.specificity == pytest.approx(sk.recall_score(labels, called, pos_label=0))
    if called.any():
        assert counted.precision == pytest.approx(sk.precision_score(labels, called))
    assert counted.f1 == pytest.approx(sk.f1_score(labels, called))


def test_what_has_no_clip_to_be_counted_on_is_not_defined() -> None:
    quiet = count(predictions([0, 0, 0], [0.1, 0.2, 0.3]))
    assert (quiet.sensitivity, quiet.precision, quiet.f1) == (None, None, None)
    assert (quiet.accuracy, quiet.specificity) == (1.0, 1.0)
    ill = count(predictions([1, 1], [0.1, 0.9]))
    assert (ill.specificity, ill.sensitivity, ill.precision) == (None, 0.5, 1.0)


def test_groups_hold_every_row_once_in_rising_order() -> None:
    table = predictions([0, 1, 0, 1, 1, 0, 0], [0.5] * 7)
    parts = list(groups(table, "fold"))
    assert [value for value, _ in parts] == [0, 1, 2]
    clips = [clip for _, rows in parts for clip in rows.column("clip_id").to_pylist()]
    assert sorted(clips) == sorted(table.column("clip_id").to_pylist())


def test_one_class_alone_is_noticed() -> None:
    assert has_both_classes(predictions([0, 1], [0.5, 0.5]))
    assert not has_both_classes(predictions([1, 1], [0.5, 0.5]))
