"""One store is read and mended by many threads, and a dataset travels to other processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import make_folds
from rodepil.data.split import Split, split_by_fold
from rodepil.store import FeatureStore, FrameView, open_shards
from tests.store.conftest import ClipFolder, Video

VIEW = FrameView(frames=4, size_px=48)
TAKEN = [3, 11, 18, 26]
THREADS = 4


@pytest.fixture
def filled(folder: ClipFolder, tmp_path: Path) -> FeatureStore:
    """A store with a clip in each shard."""
    store = FeatureStore(tmp_path / "store", shard_clips=1)
    store.materialize([VIEW], folder.manifest, processes=1)
    return store


@pytest.fixture
def split(folder: ClipFolder) -> Split:
    folds = make_folds(folder.clips, FoldSettings(method="leave_one_subject_out"))
    return split_by_fold(folder.clips, folds, 1)


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let threads take turns often, and shards be opened again and again."""
    monkeypatch.setattr(open_shards, "OPEN_SHARDS", 2)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def pixels(folder: ClipFolder, clip_id: str) -> Video:
    """What VIEW makes of a clip: frames as they were encoded."""
    return folder.videos[clip_id][TAKEN].transpose(0, 3, 1, 2)


@pytest.mark.usefixtures("_hasty")
def test_many_threads_read_one_store(folder: ClipFolder, filled: FeatureStore) -> None:
    def read(seed: int) -> bool:
        ids = np.random.default_rng(seed).choice(list(folder.rows), 100).tolist()
        rows = filled.rows("frames", ids)
        return all(
            np.array_equal(row["frames"], pixels(folder, clip_id))
            for clip_id, row in zip(ids, rows, strict=True)
        )

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(read, range(THREADS))) == [True] * THREADS


@pytest.mark.usefixtures("_hasty")
def test_what_one_thread_mends_stays_for_the_others(
    folder: ClipFolder, filled: FeatureStore, split: Split, opened: list[str]
) -> None:
    rows = filled.features.to_pylist()
    for row in rows:
        path = Path(str(filled.place)) / row["shard"]
        data = path.read_bytes()
        frames = pixels(folder, row["clip_id"]).tobytes()
        path.write_bytes(data.replace(frames, frames[::-1]))
    store = FeatureStore(filled.place, filled.features, shard_clips=1)
    opened.clear()
    sides = [
        store.dataset(VIEW, split, side, manifest=folder.manifest)
        for side in ("train", "test", "train", "test")
    ]

    def read(number: int) -> bool:
        dataset = sides[number]
        return all(
            np.array_equal(dataset[at]["frames"].numpy(), pixels(folder, clip_id))
            for at, clip_id in enumerate(dataset.clip_ids)
        )

    with ThreadPoolExecutor(len(sides)) as pool:
        assert list(pool.map(read, range(len(sides)))) == [True] * len(sides)
    assert sorted(opened) == sorted(folder.rows)  # none was made twice


def test_a_dataset_is_read_by_the_processes_of_a_data_loader(
    folder: ClipFolder, filled: FeatureStore, split: Split
) -> None:
    dataset = filled.dataset(VIEW, split, manifest=folder.manifest)
    len(dataset), dataset[0]  # shards are open here, which do not travel
    loader = DataLoader(dataset, batch_size=5, num_workers=1, multiprocessing_context="forkserver")
    ids: list[str] = []
    for batch in loader:
        for clip_id, frames in zip(batch["clip_id"], batch["frames"], strict=True):
            assert np.array_equal(frames.numpy(), pixels(folder, clip_id))
            ids.append(clip_id)
    assert tuple(ids) == dataset.clip_ids
