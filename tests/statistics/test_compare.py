"""Rows beside the best: the folds both have, the same subjects in each resample, Holm."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import f1_score

from rodepil.errors import TrainingError
from rodepil.statistics.compare import best_row, compare
from rodepil.statistics.holm import holm
from rodepil.statistics.resample import Chance
from rodepil.statistics.scored import only
from tests.statistics.studies import rows_of, table

QUICK = Chance(resamples=400, swaps=400)
ROWS = {"weak": table(1, apart=0.4), "best": table(2, apart=2.5), "near": table(3, apart=1.9)}


def f1_of(rows: pa.Table) -> float:
    return float(
        f1_score(
            rows.column("label").to_numpy(),
            rows.column("score").to_numpy() >= 0.5,
            zero_division=0,
        )
    )


def test_the_best_row_has_the_highest_mean_f1():
    means = {
        name: np.mean([f1_of(only(rows, (fold,))) for fold in range(3)])
        for name, rows in ROWS.items()
    }
    assert best_row(ROWS) == max(means, key=means.__getitem__) == "best"


def test_a_row_that_has_done_fewer_folds_is_not_the_best():
    assert best_row({"all": ROWS["weak"], "one": only(ROWS["best"], (0,))}) == "all"


def test_of_equal_rows_the_first_is_the_best():
    assert best_row({"one": ROWS["weak"], "other": ROWS["weak"]}) == "one"


def test_every_other_row_is_compared_in_its_order():
    found = compare(ROWS, QUICK)
    assert [(one.row, one.best) for one in found] == [("weak", "best"), ("near", "best")]
    assert compare({"alone": ROWS["weak"]}) == ()


def test_the_difference_is_of_the_means_over_folds():
    weak = compare(ROWS, QUICK)[0]
    wanted = np.mean(
        [f1_of(only(ROWS["weak"], (at,))) - f1_of(only(ROWS["best"], (at,))) for at in range(3)]
    )
    f1 = weak.differences["f1"]
    assert f1.estimate.value == pytest.approx(wanted)
    assert f1.estimate.interval is not None
    assert f1.estimate.interval.low < wanted < f1.estimate.interval.high < 0
    assert weak.f1_by_subject["1-2"] == pytest.approx(
        f1_of(subject(ROWS["weak"], "1-2")) - f1_of(subject(ROWS["best"], "1-2"))
    )
    assert (weak.folds, weak.swaps, weak.exact) == ((0, 1, 2), 2**8, True)


def subject(rows: pa.Table, name: str) -> pa.Table:
    return rows.filter(pc.equal(rows.column("subject_id"), name))


def test_a_paired_interval_is_narrower_than_rows_apart_would_give():
    # The second row is the first but for one clip of every subject.
    rows = ROWS["best"]
    scores = rows.column("score").to_numpy().copy()
    scores[::40] = 1 - scores[::40]
    at = rows.schema.get_field_index("score")
    other = rows.set_column(at, rows.schema.field(at), pa.array(scores))
    (paired,) = compare({"best": rows, "other": other}, QUICK)
    (apart,) = compare({"best": rows, "near": ROWS["near"]}, QUICK)
    widths = [
        one.differences["f1"].estimate.interval.high - one.differences["f1"].estimate.interval.low
        for one in (paired, apart)
    ]
    assert widths[0] < widths[1]


def test_p_values_are_corrected_over_the_rows_of_a_metric():
    found = compare(ROWS, QUICK)
    for name in ("f1", "accuracy"):
        given = [one.differences[name].p_value for one in found]
        assert [one.differences[name].p_holm for one in found] == holm(given)
        assert given[0] < given[1]


def test_only_folds_that_both_rows_have_are_compared():
    rows = {"whole": ROWS["best"], "part": only(ROWS["weak"], (0, 2))}
    (found,) = compare(rows, QUICK)
    assert found.folds == (0, 2)
    (same,) = compare({name: only(one, (0, 2)) for name, one in rows.items()}, QUICK)
    assert found.differences == same.differences


def test_rows_without_a_common_fold_are_not_compared_and_not_counted():
    rows = {
        "best": only(ROWS["best"], (0, 1)),
        "weak": only(ROWS["weak"], (0, 1)),
        "elsewhere": only(ROWS["near"], (2,)),
    }
    weak, elsewhere = compare(rows, QUICK)
    assert elsewhere.folds == ()
    assert (elsewhere.differences, elsewhere.f1_by_subject) == ({}, {})
    assert weak.differences["f1"].p_holm == weak.differences["f1"].p_value


def test_equal_rows_have_no_difference_and_no_interval():
    (found,) = compare({"one": ROWS["near"], "same": ROWS["near"]}, QUICK)
    f1 = found.differences["f1"]
    assert (f1.estimate.value, f1.estimate.interval, f1.p_value) == (0.0, None, 1.0)


def test_subjects_without_a_seizure_have_no_difference_of_f1():
    clips = [(0, "a", 1, 0.9), (0, "a", 0, 0.1), (0, "b", 0, 0.2), (0, "b", 0, 0.8)]
    worse = [(fold, name, label, 0.4) for fold, name, label, _ in clips]
    (found,) = compare({"one": rows_of(*clips), "other": rows_of(*worse)}, QUICK)
    assert found.f1_by_subject == {"a": -1.0, "b": None}


def test_rows_of_other_clips_are_refused():
    with pytest.raises(TrainingError, match=r"'other' and 'one' .* \(1 clips are in one alone\)"):
        compare({"one": ROWS["best"], "other": ROWS["weak"].slice(1)})


def test_rows_with_other_labels_are_refused():
    one = rows_of((0, "a", 1, 0.9), (0, "b", 0, 0.1))
    other = rows_of((0, "a", 1, 0.9), (0, "b", 1, 0.1))
    with pytest.raises(TrainingError, match="other clips, labels or subjects"):
        compare({"one": one, "other": other})


def test_no_rows_are_refused():
    with pytest.raises(TrainingError, match="run at least one"):
        compare({})


def test_a_row_that_was_chosen_is_what_all_are_compared_with():
    found = compare(ROWS, QUICK, best="near")
    assert [(one.row, one.best) for one in found] == [("weak", "near"), ("best", "near")]
    (turned,) = compare({name: ROWS[name] for name in ("best", "near")}, QUICK)
    value = found[1].differences["f1"].estimate.value
    assert value == pytest.approx(-turned.differences["f1"].estimate.value)
    with pytest.raises(TrainingError, match=r"row 'gone' is none of \['weak', 'best', 'near'\]"):
        compare(ROWS, QUICK, best="gone")
