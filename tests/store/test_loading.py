"""Batches of an epoch: their order, how they go on, where clips are kept, what memory is free."""

from __future__ import annotations

import logging
import threading
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import make_folds
from rodepil.data.split import split_by_fold
from rodepil.store import ClipSet, FeatureDataset, FeatureLoader, FeatureStore, FrameView, keep
from rodepil.store import loading as module
from rodepil.store.loading import LabelledBatch
from rodepil.store.room import free_host_bytes
from tests.store.conftest import ClipFolder

VIEW = FrameView(frames=4, size_px=48)  # of the clips' own size, so that pixels are the source's
TAKEN = [3, 11, 18, 26]  # centres of four parts of 7.5 frames
CPU = torch.device("cpu")
Told = list[tuple[tuple[str, ...], list[int], bytes]]


@pytest.fixture
def dataset(folder: ClipFolder, store: FeatureStore) -> FeatureDataset:
    """The twelve clips that are trained on when rat1 is tested."""
    store.materialize([VIEW], folder.manifest, processes=1)
    folds = make_folds(folder.clips, FoldSettings(method="leave_one_subject_out"))
    return store.dataset(VIEW, split_by_fold(folder.clips, folds, 1))


def tell(batch: LabelledBatch) -> tuple[tuple[str, ...], list[int], bytes]:
    return batch.clip_ids, batch.labels.tolist(), batch.frames.numpy().tobytes()


def epochs(loader: FeatureLoader, count: int = 2) -> list[Told]:
    return [[tell(batch) for batch in loader] for _ in range(count)]


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_clip_comes_once_an_epoch_with_its_own_pixels_and_label(
    folder: ClipFolder, dataset: FeatureDataset, workers: int
) -> None:
    dataset.workers = workers
    orders = []
    for epoch in epochs(FeatureLoader(dataset, 5, seed=3)):
        assert [len(clip_ids) for clip_ids, _, _ in epoch] == [5, 5, 2]
        for clip_ids, labels, pixels in epoch:
            assert labels == [folder.rows[clip_id]["label"] for clip_id in clip_ids]
            source = [folder.videos[clip_id][TAKEN].transpose(0, 3, 1, 2) for clip_id in clip_ids]
            assert pixels == np.stack(source).tobytes()
        orders.append([clip_id for clip_ids, _, _ in epoch for clip_id in clip_ids])
        assert sorted(orders[-1]) == sorted(
            clip for clip, row in folder.rows.items() if row["subject_id"] != "rat1"
        )
    assert orders[0] != orders[1]


def test_workers_and_residence_change_nothing_that_comes(dataset: FeatureDataset) -> None:
    dataset.workers = 0
    expected = epochs(FeatureLoader(dataset, 5, seed=3))
    assert epochs(FeatureLoader(dataset.resident(), 5, seed=3)) == expected
    for dataset.workers in (1, 2):
        assert epochs(FeatureLoader(dataset, 5, seed=3)) == expected
    assert epochs(FeatureLoader(dataset, 5, seed=4)) != expected


def test_without_shuffle_clips_come_in_their_own_order(dataset: FeatureDataset) -> None:
    (epoch,) = epochs(FeatureLoader(dataset, 5, shuffle=False), 1)
    assert [clip for clip_ids, _, _ in epoch for clip in clip_ids] == list(dataset.clip_ids)


def test_resuming_anywhere_goes_on_with_the_exact_next_clip(dataset: FeatureDataset) -> None:
    whole = [batch for epoch in epochs(FeatureLoader(dataset, 5, seed=3), 3) for batch in epoch]
    for given in range(7):
        first = FeatureLoader(dataset, 5, seed=3)
        seen: Told = []
        while len(seen) < given:
            seen += [tell(batch) for batch in islice(first, given - len(seen))]
        state = first.state_dict()
        second = FeatureLoader(dataset, 5, seed=3)
        second.load_state_dict(state)
        assert second.epoch == given // 3
        left = [batch for epoch in epochs(second, 3 - given // 3) for batch in epoch]
        assert seen + left == whole, given


def test_a_state_of_something_else_is_refused(dataset: FeatureDataset) -> None:
    state = FeatureLoader(dataset, 5, seed=3).state_dict()
    with pytest.raises(ValueError, match="the state is of seed 3, this loader has 4"):
        FeatureLoader(dataset, 5, seed=4).load_state_dict(state)
    clips = dataset.resident()
    fewer = ClipSet(
        clips.frames[:-1], clips.labels[:-1], clips.clip_ids[:-1], clips.subject_ids[:-1]
    )
    others = [
        FeatureLoader(fewer, 5, seed=3),
        FeatureLoader(dataset, 4, seed=3),
        FeatureLoader(dataset, 5, seed=3, shuffle=False),
    ]
    for loader in others:
        with pytest.raises(ValueError, match="of other clips, another batch size or shuffle"):
            loader.load_state_dict(state)
    with pytest.raises(ValueError, match="of other clips"):
        others[0].load_state_dict({"epoch": 0, "position": 0, "seed": 3})


@pytest.mark.parametrize("workers", [1, 2])
def test_who_stops_in_the_middle_leaves_no_threads(dataset: FeatureDataset, workers: int) -> None:
    dataset.workers = workers
    before = set(threading.enumerate())
    running = iter(FeatureLoader(dataset, 2, seed=3))
    next(running)
    assert len(set(threading.enumerate()) - before) >= 1
    del running
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("free", "how"),
    [
        (4.0, "kept on cpu; room for 0.00 GB"),
        (3.99, "streamed to cpu; room for 0.00 GB"),
        (None, "streamed to cpu; room for an unknown amount"),
    ],
)
def test_clips_are_kept_where_a_quarter_of_the_free_memory_holds_them(
    dataset: FeatureDataset,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    free: float | None,
    how: str,
) -> None:
    there = None if free is None else int(free * 12 * 4 * 3 * 48 * 48)
    monkeypatch.setattr(module, "free_bytes", lambda _: there)
    with caplog.at_level(logging.INFO, module.__name__):
        clips = keep(dataset, CPU)
    assert isinstance(clips, ClipSet) is how.startswith("kept")
    assert caplog.messages == [f"12 train clips of view 'frames' (0.00 GB) are {how}"]
    assert isinstance(keep(dataset, CPU, "device"), ClipSet)
    assert keep(dataset, CPU, "stream") is dataset


def test_free_memory_is_the_less_of_the_kernels_word_and_the_containers_limit(
    tmp_path: Path,
) -> None:
    assert free_host_bytes(tmp_path, tmp_path) is None
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable: 5000 kB\n")
    assert free_host_bytes(tmp_path, tmp_path) == 5000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert free_host_bytes(tmp_path, tmp_path) == 5000 * 1024
    for limit, free in ((4_000_000, 3_000_000), (9_000_000, 5000 * 1024), (500_000, 0)):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert free_host_bytes(tmp_path, tmp_path) == free
    (tmp_path / "memory.max").write_text("what\n")
    assert free_host_bytes(tmp_path, tmp_path) == 5000 * 1024
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\n")
    assert free_host_bytes(tmp_path, tmp_path) is None
