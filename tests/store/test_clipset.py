from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import make_folds
from rodepil.data.split import Split, split_by_fold
from rodepil.errors import FeatureError, SubjectLeak
from rodepil.io import tables
from rodepil.store import FeatureStore, FrameView, clipset

VIEW = FrameView(frames=4, size_px=32)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store", shard_clips=4)


@pytest.fixture
def features(folder: Any, store: FeatureStore) -> pa.Table:
    made: pa.Table = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    return made


@pytest.fixture
def split(folder: Any) -> Split:
    folds = make_folds(folder.clips, FoldSettings(method="leave_one_subject_out"))
    return split_by_fold(folder.clips, folds, 1)


def test_a_split_gives_its_training_and_its_test_clips(
    folder: Any, store: FeatureStore, features: pa.Table, split: Split
) -> None:
    training = clipset.training_set(store, VIEW, features, split)
    testing = clipset.testing_set(store, VIEW, features, split)
    assert testing.clip_ids == ("c001", "c005", "c009", "c013")
    assert set(testing.subject_ids) == {"rat1"}
    assert set(training.subject_ids) == {"rat0", "rat2", "rat3"}
    assert sorted(training.clip_ids + testing.clip_ids) == sorted(folder.rows)
    for clips in (training, testing):
        assert clips.frames.shape == (len(clips), 4, 3, 32, 32)
        assert (clips.frames.dtype, clips.labels.dtype) == (torch.uint8, torch.int64)
        assert clips.labels.tolist() == [folder.rows[clip]["label"] for clip in clips.clip_ids]
        for clip_id, frames in zip(clips.clip_ids, clips.frames, strict=True):
            (stored,) = store.read(VIEW, features, [clip_id])
            assert np.array_equal(frames.numpy(), stored)


def test_a_clip_set_may_be_written_to_and_the_store_stays_as_it_is(
    store: FeatureStore, features: pa.Table, split: Split
) -> None:
    clips = clipset.training_set(store, VIEW, features, split)
    (before,) = (array.copy() for array in store.read(VIEW, features, clips.clip_ids[:1]))
    clips.frames.bitwise_not_()
    assert np.array_equal(store.read(VIEW, features, clips.clip_ids[:1])[0], before)
    assert np.array_equal(clips.frames[0].numpy(), 255 - before)


@pytest.mark.parametrize("take", [clipset.training_set, clipset.testing_set])
def test_clips_are_had_only_through_a_split(
    folder: Any, store: FeatureStore, features: pa.Table, take: Callable[..., clipset.ClipSet]
) -> None:
    class Lookalike:
        fold, train, test = 0, folder.clips, folder.clips

    for no_split in (folder.clips, Lookalike(), None):
        with pytest.raises(SubjectLeak, match="clips are had through a Split, got"):
            take(store, VIEW, features, no_split)


def test_a_clip_that_gave_no_feature_is_missed_aloud(
    store: FeatureStore, features: pa.Table, split: Split
) -> None:
    with pytest.raises(FeatureError, match=r"1 clips have no stored feature.*c000"):
        clipset.training_set(store, VIEW, features.slice(1), split)


def test_a_feature_of_other_bytes_is_refused(
    folder: Any, store: FeatureStore, features: pa.Table
) -> None:
    folder.rows["c000"]["sha256"] = "0" * 64
    folds = make_folds(folder.clips, FoldSettings(method="leave_one_subject_out"))
    stale = split_by_fold(folder.clips, folds, 1)
    with pytest.raises(FeatureError, match=r"1 features of other clips.*of clip c000"):
        clipset.training_set(store, VIEW, features, stale)
    with pytest.raises(FeatureError, match=r"than FrameView\(frames=2, size_px=32\) now makes"):
        clipset.testing_set(store, FrameView(frames=2, size_px=32), features, stale)


def test_workers_that_decode_do_not_import_torch() -> None:
    code = (
        "import sys, rodepil.store.materialize, rodepil.store.views;"
        "from rodepil.store import FeatureStore;"
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_the_store_does_not_have_is_no_attribute() -> None:
    with pytest.raises(ImportError, match="nothing"):
        from rodepil.store import nothing  # noqa: F401, PLC0415 - the point


def test_the_snapshot_is_a_table_that_can_be_kept(tmp_path: Path, features: pa.Table) -> None:
    tables.write("features", features, tmp_path / "features.parquet")
    assert tables.read("features", tmp_path / "features.parquet").equals(features)
