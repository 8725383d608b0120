"""Clips are had through a split alone, in memory that may be written to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest
import torch

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import make_folds
from rodepil.data.split import Split, split_by_fold
from rodepil.errors import FeatureError, SubjectLeak
from rodepil.io import tables
from rodepil.store import ClipSet, FeatureStore
from rodepil.store.views.frames import FrameView
from tests.store.conftest import ClipFolder

VIEW = FrameView(frames=4, size_px=32)
CPU = torch.device("cpu")


@pytest.fixture
def filled(folder: ClipFolder, store: FeatureStore) -> FeatureStore:
    store.materialize([VIEW], folder.manifest, processes=1)
    return store


def split_of(clips: pa.Table) -> Split:
    return split_by_fold(clips, make_folds(clips, FoldSettings(method="leave_one_subject_out")), 1)


def test_a_split_gives_its_training_and_its_test_clips(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    split = split_of(folder.clips)
    training: ClipSet = filled.dataset(VIEW, split, "train").resident(CPU)
    testing: ClipSet = filled.dataset(VIEW, split, "test").resident(CPU)
    assert testing.clip_ids == ("c001", "c005", "c009", "c013")
    assert set(testing.subject_ids) == {"rat1"}
    assert set(training.subject_ids) == {"rat0", "rat2", "rat3"}
    assert sorted(training.clip_ids + testing.clip_ids) == sorted(folder.rows)
    for clips in (training, testing):
        assert clips.frames.shape == (len(clips), 4, 3, 32, 32)
        assert (clips.frames.dtype, clips.labels.dtype) == (torch.uint8, torch.int64)
        assert clips.labels.tolist() == [folder.rows[clip]["label"] for clip in clips.clip_ids]
        stored = filled.rows("frames", clips.clip_ids)
        for frames, row in zip(clips.frames, stored, strict=True):
            assert np.array_equal(frames.numpy(), row["frames"])


def test_clips_may_be_written_to_and_the_store_stays_as_it_is(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    dataset = filled.dataset(VIEW, split_of(folder.clips))
    (first,) = filled.rows("frames", dataset.clip_ids[:1])
    before = first["frames"].copy()
    clips = dataset.resident(CPU)
    clips.frames.bitwise_not_()
    dataset[0]["frames"].zero_()
    (after,) = filled.rows("frames", dataset.clip_ids[:1])
    assert np.array_equal(after["frames"], before)
    assert np.array_equal(clips.frames[0].numpy(), 255 - before)


@pytest.mark.parametrize("side", ["train", "test"])
def test_clips_are_had_only_through_a_split(
    folder: ClipFolder, filled: FeatureStore, side: Literal["train", "test"]
) -> None:
    class Lookalike:
        fold, train, test = 0, folder.clips, folder.clips

    for no_split in (folder.clips, Lookalike(), None):
        with pytest.raises(SubjectLeak, match="clips are had through a Split, got"):
            filled.dataset(VIEW, no_split, side)  # type: ignore[arg-type] # the point


def test_a_clip_that_gave_no_feature_is_missed_aloud(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    filled.features = filled.features.slice(1)
    with pytest.raises(FeatureError, match=r"1 clips have no stored feature.*c000"):
        filled.dataset(VIEW, split_of(folder.clips))


def test_a_feature_of_other_bytes_or_settings_is_refused(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    folder.rows["c000"]["sha256"] = "0" * 64
    stale = split_of(folder.clips)
    with pytest.raises(FeatureError, match=r"1 features of other clips.*of clip c000"):
        filled.dataset(VIEW, stale)
    with pytest.raises(FeatureError, match=r"than view 'frames' now makes \(frames 4, now 2\)"):
        filled.dataset(FrameView(frames=2, size_px=32), stale, "test")


def test_workers_that_decode_do_not_import_torch() -> None:
    code = (
        "import sys, rodepil.store.materialize, rodepil.store.views.motion;"
        "from rodepil.store import FeatureStore, FrameView, Manifest;"
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_the_store_does_not_have_is_no_attribute() -> None:
    with pytest.raises(ImportError, match="nothing"):
        from rodepil.store import nothing  # noqa: F401, PLC0415 - the point


def test_the_snapshot_is_a_table_that_can_be_kept(filled: FeatureStore, tmp_path: Path) -> None:
    tables.write("features", filled.features, tmp_path / "features.parquet")
    assert tables.read("features", tmp_path / "features.parquet").equals(filled.features)
