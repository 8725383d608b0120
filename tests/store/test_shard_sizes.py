"""How many clips a shard holds, and how much a worker."""

from __future__ import annotations

import shutil
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rodepil.store import FeatureStore, making, materialize
from rodepil.store.views import View
from rodepil.store.views.frames import FrameView
from tests.store.conftest import VIEW, ClipFolder, contents, reference


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """Views of which 4, 2 and 1 clips make a shard, for shards may take two clips of PAIRS."""
    monkeypatch.setattr(making, "SHARD_BYTES", 2 * 4 * 2 * 3 * 32 * 32)
    large = FrameView(frames=16, size_px=32, name="large")
    return [VIEW, FrameView(frames=4, size_px=32, pairs="native", name="pairs"), large]


def shards_of(features: pa.Table) -> dict[str, list[int]]:
    """Return how many clips lie in each shard of a view."""
    counts = Counter(zip(*(features.column(n).to_pylist() for n in ("view", "shard")), strict=True))
    found: dict[str, list[int]] = {}
    for (view, _), count in sorted(counts.items()):
        found.setdefault(view, []).append(count)
    return found


def test_large_features_lie_in_smaller_shards(
    folder: ClipFolder, store: FeatureStore, in_parts: list[View], opened: list[str]
) -> None:
    summary = store.materialize(in_parts, folder.manifest, processes=1)
    assert shards_of(summary.features) == {"frames": [4] * 4, "pairs": [2] * 8, "large": [1] * 16}
    assert sorted(opened) == sorted(folder.rows)
    for clip_id, row in zip(folder.rows, store.rows("frames", folder.rows), strict=True):
        assert np.array_equal(row["frames"], reference(folder.videos[clip_id]))


def test_a_views_shards_do_not_hang_on_the_views_beside_it_nor_on_what_was_there(
    folder: ClipFolder, store: FeatureStore, in_parts: list[View], tmp_path: Path
) -> None:
    first = store.materialize(in_parts, folder.manifest, processes=1)
    whole = contents(store.place.folder)
    alone = FeatureStore(tmp_path / "alone", shard_clips=4)
    for view in reversed(in_parts):
        made = alone.materialize([view], folder.manifest, processes=1)
    assert (contents(alone.place.folder), made.features) == (whole, first.features)
    random = np.random.default_rng(0)
    for path in sorted(store.place.folder.rglob("*.arrow")):
        if random.random() < 0.5:
            path.unlink()
    store.materialize(in_parts, folder.manifest, processes=1)
    assert contents(store.place.folder) == whole


def test_views_that_take_too_much_together_are_made_one_after_the_other(
    folder: ClipFolder,
    store: FeatureStore,
    in_parts: list[View],
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.materialize(in_parts, folder.manifest, processes=1)
    together = contents(store.place.folder)
    shutil.rmtree(store.place.folder)
    opened.clear()
    # of 12 KiB a frame: 4 + 2 clips of 4 frames, 2 + 2 of 8 pairs; then 1 + 2 of 16
    monkeypatch.setattr(materialize, "ROOM_BYTES", (6 * 4 + 4 * 8) * 3 * 32 * 32)
    store.materialize(in_parts, folder.manifest, processes=1)
    assert sorted(opened) == sorted([*folder.rows] * 2)
    assert contents(store.place.folder) == together


def test_a_worker_holds_no_more_than_the_shards_it_fills(
    folder: ClipFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = FrameView(frames=30, size_px=96, pairs="native")
    (column,) = view.columns.values()
    monkeypatch.setattr(making, "SHARD_BYTES", 3 * column.size_bytes())
    store = FeatureStore(tmp_path / "store", shard_clips=16)
    tracemalloc.start()
    try:
        store.materialize([view], folder.manifest, processes=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # three clips, the one that is made in order of time and in its own; 16 would be held else
    assert 3 * column.size_bytes() < peak < 6 * column.size_bytes()
