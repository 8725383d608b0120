"""One side of a split: guarded, made again where it is damaged, the same wherever it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import make_folds
from rodepil.data.split import Split, split_by_fold
from rodepil.errors import DamagedFeature, FeatureError, SubjectLeak
from rodepil.store import FeatureStore, FrameView, MotionView
from tests.store.conftest import ClipFolder

VIEW = FrameView(frames=4, size_px=48)
TAKEN = [3, 11, 18, 26]
CPU = torch.device("cpu")


@pytest.fixture
def filled(folder: ClipFolder, store: FeatureStore) -> FeatureStore:
    store.materialize([VIEW], folder.manifest, processes=1)
    return store


@pytest.fixture
def split(folder: ClipFolder) -> Split:
    """The split that tests rat1."""
    folds = make_folds(folder.clips, FoldSettings(method="leave_one_subject_out"))
    return split_by_fold(folder.clips, folds, 1)


def pixels(folder: ClipFolder, clip_id: str) -> Any:
    return folder.videos[clip_id][TAKEN].transpose(0, 3, 1, 2)


def shard_of(store: FeatureStore, clip_id: str) -> Path:
    rows = store.features.to_pylist()
    (name,) = (row["shard"] for row in rows if row["clip_id"] == clip_id)
    return Path(str(store.place)) / name


def damage(path: Path, folder: ClipFolder, clip_id: str) -> None:
    """Change one of a clip's pixels."""
    data = bytearray(path.read_bytes())
    data[data.index(pixels(folder, clip_id).tobytes()) + 100] ^= 1
    path.write_bytes(data)


def test_a_clip_comes_with_all_that_is_known_of_it(
    folder: ClipFolder, filled: FeatureStore, split: Split
) -> None:
    dataset = filled.dataset(VIEW, split)
    assert len(dataset) == 12
    for index in (0, 7):
        clip_id = dataset.clip_ids[index]
        got, row = dataset[index], folder.rows[clip_id]
        assert np.array_equal(got.pop("frames").numpy(), pixels(folder, clip_id))
        assert got == {
            "clip_id": clip_id, "label": row["label"], "subject_id": row["subject_id"]
        }  # fmt: skip


def test_clips_of_the_other_side_are_not_read(filled: FeatureStore, split: Split) -> None:
    training, testing = (filled.dataset(VIEW, split, side) for side in ("train", "test"))
    assert training.read(["c000", "c002", "c000"]).num_rows == 3
    assert testing.read(["c001"]).num_rows == 1
    for dataset, side, strange in ((training, "train", "c001"), (testing, "test", "c000")):
        with pytest.raises(SubjectLeak, match=rf"1 clips are not of the {side} side of fold 1, t"):
            dataset.read([dataset.clip_ids[0], strange])
        with pytest.raises(SubjectLeak, match="the first is nowhere"):
            dataset.read(["nowhere", strange])


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_shard_is_made_again_where_the_clips_are_known(
    folder: ClipFolder, filled: FeatureStore, split: Split, workers: int
) -> None:
    path = shard_of(filled, "c006")
    whole = path.read_bytes()
    damage(path, folder, "c006")
    fresh = FeatureStore(filled.place, filled.features, shard_clips=4)
    dataset = fresh.dataset(VIEW, split, manifest=folder.manifest, workers=workers)
    frames = torch.cat(list(dataset.batches(torch.arange(12).split(5), CPU)))
    for clip_id, got in zip(dataset.clip_ids, frames, strict=True):
        assert np.array_equal(got.numpy(), pixels(folder, clip_id))
    assert path.read_bytes() == whole


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_shard_is_an_error_where_the_clips_are_not_known(
    folder: ClipFolder, filled: FeatureStore, split: Split, workers: int
) -> None:
    damage(shard_of(filled, "c006"), folder, "c006")
    fresh = FeatureStore(filled.place, filled.features, shard_clips=4)
    dataset = fresh.dataset(VIEW, split, workers=workers)
    with pytest.raises(DamagedFeature, match=r"has changed bytes .*run 'rodepil features mat"):
        list(dataset.batches(torch.arange(12).split(5), CPU))


def test_a_lost_shard_is_made_again_while_everything_is_loaded(
    folder: ClipFolder, filled: FeatureStore, split: Split
) -> None:
    for clip_id in folder.rows:
        shard_of(filled, clip_id).unlink(missing_ok=True)
    fresh = FeatureStore(filled.place, filled.features, shard_clips=4)
    with pytest.raises(FeatureError, match="is not in the store"):
        fresh.dataset(VIEW, split).resident()
    clips = fresh.dataset(VIEW, split, manifest=folder.manifest).resident()
    for clip_id, got in zip(clips.clip_ids, clips.frames, strict=True):
        assert np.array_equal(got.numpy(), pixels(folder, clip_id))


def test_clips_that_differ_in_length_come_one_by_one(
    folder: ClipFolder, store: FeatureStore, split: Split
) -> None:
    view = MotionView(size_px=24)
    store.materialize([view], folder.manifest, processes=1)
    dataset = store.dataset(view, split)
    assert dataset[0]["activity"].shape == (29,)
    assert dataset[0]["peak"].shape == ()
    with pytest.raises(FeatureError, match="differ in length and make no batch; read them one by"):
        dataset.resident()


@pytest.mark.parametrize("side", ["training", "validation", "Train", "", None, 3, ["train"]])
def test_a_side_that_is_neither_train_nor_test_is_refused(
    filled: FeatureStore, split: Split, side: Any
) -> None:
    with pytest.raises(FeatureError, match=r"a split has no side .*; take 'train' or 'test'"):
        filled.dataset(VIEW, split, side)
