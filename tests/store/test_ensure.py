"""The store is a cache: what it has lost is made again, and only what its snapshot names."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from rodepil.errors import FeatureError
from rodepil.store import FeatureStore, FrameView
from tests.store.conftest import ClipFolder, contents

VIEW = FrameView(frames=4, size_px=32)


@pytest.fixture
def filled(folder: ClipFolder, store: FeatureStore) -> FeatureStore:
    store.materialize([VIEW], folder.manifest, processes=1)
    return store


def test_deleting_the_store_loses_only_time(folder: ClipFolder, filled: FeatureStore) -> None:
    first, before = filled.features, contents(filled.place.folder)
    shutil.rmtree(filled.place.folder)
    fresh = FeatureStore(filled.place, first, shard_clips=4)
    with pytest.raises(FeatureError, match=r"is not in the store .*; run 'rodepil features mat"):
        fresh.read("frames", ["c000"])
    fresh.ensure(VIEW, folder.manifest, processes=1)
    assert fresh.features.equals(first)
    assert contents(filled.place.folder) == before
    assert fresh.read("frames", ["c000"]).num_rows == 1


def test_ensure_does_nothing_when_nothing_is_gone(folder: ClipFolder, filled: FeatureStore) -> None:
    first = filled.features
    shutil.rmtree(folder.root / "clips")
    filled.ensure(VIEW, folder.manifest, processes=1)
    assert filled.features.equals(first)


def test_ensure_asks_for_no_more_than_the_snapshot(folder: ClipFolder, store: FeatureStore) -> None:
    folder.remove("c006")
    first = store.materialize([VIEW], folder.manifest, processes=1).features
    assert first.num_rows == 15
    shutil.rmtree(store.place.folder)
    store.ensure(VIEW, folder.manifest, processes=1)
    assert store.features.column("clip_id").equals(first.column("clip_id"))


def test_ensure_says_which_clip_is_lost(folder: ClipFolder, filled: FeatureStore) -> None:
    shutil.rmtree(filled.place.folder)
    folder.remove("c006")
    with pytest.raises(FeatureError, match=r"not every feature(.|\n)*1 clip failed\n.*c006\.avi"):
        filled.ensure(VIEW, folder.manifest, processes=1)


def test_a_clip_whose_file_is_gone_is_read_as_before(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    (before,) = (row["frames"].copy() for row in filled.rows("frames", ["c006"]))
    folder.remove("c006")
    filled.ensure(VIEW, folder.manifest, processes=1)
    (after,) = filled.rows("frames", ["c006"])
    assert np.array_equal(after["frames"], before)


def test_a_snapshot_stays_valid_when_its_features_come_back_in_other_shards(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    folder.add(5, 255 - folder.videos["c005"])
    patched = filled.materialize([VIEW], folder.manifest, processes=1).features
    copies = [row["frames"].copy() for row in filled.rows("frames", folder.rows)]
    shutil.rmtree(filled.place.folder)
    filled.ensure(VIEW, folder.manifest, processes=1)
    assert not filled.features.equals(patched)  # the changed clip has no shard of its own now
    fresh = FeatureStore(filled.place, patched)
    for row, copy in zip(fresh.rows("frames", folder.rows), copies, strict=True):
        assert np.array_equal(row["frames"], copy)


def test_ensure_leaves_the_snapshot_of_other_views_alone(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    small = FrameView(frames=2, size_px=16, name="small")
    filled.materialize([small], folder.manifest, processes=1)
    both = filled.features
    shutil.rmtree(filled.place.folder)
    filled.ensure(VIEW, folder.manifest, processes=1)
    assert filled.features.equals(both)
    with pytest.raises(FeatureError, match="is not in the store"):
        filled.read("small", ["c000"])


def test_ensure_refuses_a_stale_snapshot(folder: ClipFolder, filled: FeatureStore) -> None:
    folder.add(5, 255 - folder.videos["c005"])
    with pytest.raises(FeatureError, match=r"the clips are others.*clip c005; run 'rodepil"):
        filled.ensure(VIEW, folder.manifest, processes=1)
    with pytest.raises(FeatureError, match=r"16 features.*now makes \(frames 4, now 2\); the fi"):
        filled.ensure(FrameView(frames=2, size_px=32), folder.manifest, processes=1)
