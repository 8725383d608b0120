"""What places say of labels, and what folds share, on tables made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from rodepil.data.audit.sharing import explained, fold_sharing, judge_factor, shared_recordings
from rodepil.data.audit.tell import Cohort
from rodepil.errors import FoldError
from rodepil.io import tables


def clips_of(rows: list[tuple[str, str, str, int]]) -> pa.Table:
    """Make a manifest of (clip, subject, video, label)."""
    made: list[dict[str, Any]] = [
        {
            "clip_id": clip,
            "recording_id": f"Feb-1-2019_{video}",
            "subject_id": subject,
            "position": 1,
            "date": "Feb-1-2019",
            "video_id": video,
            "start_frame": 0,
            "end_frame": 300,
            "start_s": 0.0,
            "duration_s": 10.0,
            "label": label,
            "kept": True,
        }
        for clip, subject, video, label in rows
    ]
    return tables.from_rows("clips", made)


ROWS = [
    ("c1", "rat-a", "V1", 0),
    ("c2", "rat-a", "V1", 1),
    ("c3", "rat-b", "V1", 0),
    ("c4", "rat-b", "V2", 1),
    ("c5", "rat-c", "V3", 0),
    ("c6", "rat-c", "V3", 1),
]
FOLDS = {"rat-a": 0, "rat-b": 1, "rat-c": 1}


def folds_of(rows: list[tuple[str, str, str, int]]) -> pa.Table:
    return tables.from_rows(
        "folds", [{"clip_id": row[0], "subject_id": row[1], "fold": FOLDS[row[1]]} for row in rows]
    )


def test_a_recording_in_two_folds_is_named_with_both() -> None:
    found = fold_sharing(clips_of(ROWS), folds_of(ROWS), [])
    assert [(one.video_id, one.folds) for one in found.recordings] == [("V1", (0, 1))]


def test_near_duplicates_count_where_they_stand_in_two_folds() -> None:
    found = fold_sharing(clips_of(ROWS), folds_of(ROWS), [("c3", "c5"), ("c2", "c4")])
    assert [dict(one) for one in found.duplicates] == [{"c2": 0, "c4": 1}]


def test_folds_of_other_clips_are_refused() -> None:
    with pytest.raises(FoldError, match="stale"):
        fold_sharing(clips_of(ROWS), folds_of(ROWS[:4]), [])


def test_recordings_of_one_subject_are_not_shared() -> None:
    assert shared_recordings(["V1", "V1", "V2", "V2"], ["a", "b", "a", "a"]) == {"V1": ["a", "b"]}


def test_what_a_factor_explains_is_the_mutual_information_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 500)
    codes = (labels + random.integers(0, 4, 500)) % 5
    wanted = mutual_info_score(labels, codes) / entropy(np.bincount(labels) / 500)
    assert explained(codes.astype(np.int64), labels.astype(np.int64)) == pytest.approx(wanted)


def test_a_position_that_holds_most_seizures_is_named_first() -> None:
    random = np.random.default_rng(1)
    position = random.integers(1, 6, 600)
    labels = (random.random(600) < np.where(position == 3, 0.8, 0.05)).astype(np.int64)
    subjects = np.array([f"rat-{place % 15}" for place in range(600)])
    found = judge_factor([str(one) for one in position], Cohort(labels, subjects))
    first = found.places[0]
    assert (first.value, first.clips) == ("3", int((position == 3).sum()))
    assert first.positives == int(labels[position == 3].sum())
    assert found.p < 0.01
    assert found.explained > 10 * found.chance


def test_positions_that_say_nothing_are_chance() -> None:
    random = np.random.default_rng(2)
    labels = random.integers(0, 2, 600)
    subjects = np.array([f"rat-{place % 15}" for place in range(600)])
    values = [str(one) for one in random.integers(1, 6, 600)]
    assert judge_factor(values, Cohort(labels, subjects)).p > 0.05
