from __future__ import annotations

import dataclasses
import pickle

import pyarrow as pa
import pytest

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import make_folds
from rodepil.data.split import Split, split_by_fold
from rodepil.errors import FoldError, SubjectLeak
from rodepil.io import tables

SUBJECTS = ["a", "b", "c", "d"]


@pytest.fixture
def clips() -> pa.Table:
    """Eight clips each of four subjects, half of them seizures, one in eight dropped."""
    return tables.from_rows(
        "clips",
        [
            {
                "clip_id": f"c{i:02}", "recording_id": "r", "subject_id": SUBJECTS[i % 4],
                "position": 1, "date": "d", "video_id": "v", "start_frame": i, "end_frame": i + 1,
                "start_s": 0.0, "duration_s": 1.0, "label": i // 4 % 2, "kept": i > 3,
            }
            for i in range(32)
        ],
    )  # fmt: skip


@pytest.fixture
def folds(clips: pa.Table) -> pa.Table:
    return make_folds(clips, FoldSettings(method="leave_one_subject_out"))


def test_a_split_tests_one_fold_and_trains_on_the_rest(clips: pa.Table, folds: pa.Table) -> None:
    split = split_by_fold(clips, folds, 2)
    assert split.fold == 2
    assert split.test.column("clip_id").to_pylist() == [f"c{i:02}" for i in range(6, 32, 4)]
    assert split.test.num_rows + split.train.num_rows == 28
    assert set(split.test.column("subject_id").to_pylist()) == {"c"}
    assert set(split.train.column("subject_id").to_pylist()) == {"a", "b", "d"}
    assert split.train.schema.equals(tables.schema("clips"))


def test_every_kept_clip_is_tested_in_exactly_one_fold(clips: pa.Table, folds: pa.Table) -> None:
    tested = [split_by_fold(clips, folds, fold).test.column("clip_id") for fold in range(4)]
    assert sorted(clip.as_py() for ids in tested for clip in ids) == [
        f"c{i:02}" for i in range(4, 32)
    ]


def test_a_split_does_not_depend_on_the_order_of_rows(clips: pa.Table, folds: pa.Table) -> None:
    backwards = list(range(31, -1, -1))
    split = split_by_fold(clips.take(backwards), folds.sort_by([("fold", "descending")]), 1)
    assert split.train.equals(split_by_fold(clips, folds, 1).train)
    assert split.test.equals(split_by_fold(clips, folds, 1).test)


def test_no_split_is_made_by_hand(clips: pa.Table) -> None:
    with pytest.raises(SubjectLeak, match="no Split is made by hand"):
        Split(0, clips.slice(0, 1), clips.slice(1, 1), guard=object())
    with pytest.raises(TypeError, match="guard"):
        Split(0, clips.slice(0, 1), clips.slice(1, 1))  # type: ignore[call-arg] # the point


def test_a_split_can_not_be_changed(clips: pa.Table, folds: pa.Table) -> None:
    split = split_by_fold(clips, folds, 0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        split.train = clips  # type: ignore[misc] # the point
    with pytest.raises((TypeError, ValueError), match="guard"):
        dataclasses.replace(split, train=clips)  # type: ignore[call-arg] # the point
    with pytest.raises(SubjectLeak, match="no Split is made by hand"):
        dataclasses.replace(split, train=clips, guard=None)


def test_a_split_reaches_a_worker_as_it_is(clips: pa.Table, folds: pa.Table) -> None:
    split = split_by_fold(clips, folds, 0)
    there = pickle.loads(pickle.dumps(split))  # noqa: S301 - our own bytes
    assert (there.fold, there.train, there.test) == (0, split.train, split.test)


def test_a_fold_that_is_not_there_is_refused(clips: pa.Table, folds: pa.Table) -> None:
    with pytest.raises(FoldError, match=r"no fold 4; the table has \[0, 1, 2, 3\]"):
        split_by_fold(clips, folds, 4)


def test_stale_folds_give_no_split(clips: pa.Table, folds: pa.Table) -> None:
    with pytest.raises(FoldError, match="stale"):
        split_by_fold(clips, folds.slice(1), 0)


def test_a_subject_on_both_sides_gives_no_split(clips: pa.Table, folds: pa.Table) -> None:
    rows = folds.to_pylist()
    rows[0]["fold"] = 3
    with pytest.raises(SubjectLeak, match=r"subject a is in folds \[0, 3\]"):
        split_by_fold(clips, tables.from_rows("folds", rows), 0)


def test_a_derived_clip_and_its_parent_on_both_sides_give_no_split(
    clips: pa.Table, folds: pa.Table
) -> None:
    rows = clips.to_pylist()
    rows[5]["parent_clip_id"] = "c04"
    with pytest.raises(SubjectLeak, match="c04 and c05 derive from one clip"):
        split_by_fold(tables.from_rows("clips", rows), folds, 0)
