"""Reading stored clips at random: beside copies in memory, beside plain files, beside OpenCV."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from rodepil.bench.disk import drop_from_memory, drops_from_memory
from rodepil.bench.rows import Row, more_is_better
from rodepil.bench.timing import time_by_turns
from rodepil.bench.work import sample_with_opencv
from rodepil.data.split import split_by_fold
from rodepil.io import tables
from rodepil.store.features import FeatureStore
from rodepil.store.materialize import Manifest
from rodepil.store.views.frames import FrameView

VIEW = FrameView()
POOL_CLIPS = 256
SNAPSHOT_CLIPS = 13_000
"""Rows of the snapshot that clips are looked up in, as many as the published data have."""

BATCH = 16
WARM_REPEATS = 10
OPENCV_CLIPS = 8
GIGABYTE = 1e9
CPU = torch.device("cpu")
Clips = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Pool:
    """Stored clips, and the same ones in memory.

    Attributes
    ----------
    store
        Holds them.
    clip_ids
        N names.
    frames
        (N, T, C, H, W) uint8, range [0, 255].
    paths
        The encoded clips.
    """

    store: FeatureStore
    clip_ids: Sequence[str]
    frames: Clips
    paths: Sequence[Path]

    @property
    def gigabytes(self) -> float:
        """Bytes of all clips."""
        return self.frames.nbytes / GIGABYTE


def reading_rows(manifest: Manifest, folder: Path, repeats: int) -> Iterator[Row]:
    """Yield the rows of warm and cold reads, of batches, and of sampling the encoded clips.

    Parameters
    ----------
    manifest
        Clips.
    folder
        Where the store is made.
    repeats
        Rounds of what is cold; their median counts.
    """
    manifest = Manifest(manifest.clips.slice(0, POOL_CLIPS), manifest.root)
    pool = _pool(manifest, folder)
    yield from _warm(pool)
    yield _batches(pool, manifest)
    yield _opencv(pool, manifest)
    if drops_from_memory(folder):
        yield _cold(pool, folder, repeats)


def _pool(manifest: Manifest, folder: Path) -> Pool:
    made = FeatureStore(folder).materialize([VIEW], manifest).features
    store = FeatureStore(folder, _among_many(made))
    clip_ids = made.column("clip_id").to_pylist()
    frames = np.stack([row["frames"] for row in store.rows(VIEW.name, clip_ids)])
    columns = (manifest.clips.column(name).to_pylist() for name in ("clip_id", "path"))
    paths = {clip_id: manifest.root / path for clip_id, path in zip(*columns, strict=True)}
    return Pool(store, clip_ids, frames, [paths[clip_id] for clip_id in clip_ids])


def _among_many(features: pa.Table) -> pa.Table:
    """Return a snapshot with as many rows more as the published data would have."""
    rows = features.to_pylist()
    more = [
        {**rows[number % len(rows)], "clip_id": f"other{number}"}
        for number in range(SNAPSHOT_CLIPS - len(rows))
    ]
    return pa.concat_tables([features, tables.from_rows("features", more)])


def _shuffled(count: int, seed: int) -> npt.NDArray[np.int64]:
    order: npt.NDArray[np.int64] = np.random.default_rng(seed).permutation(count)
    return order


def _warm(pool: Pool) -> Iterator[Row]:
    """Yield reads of all clips in random order, each copied out, beside copies alone."""
    into = np.empty_like(pool.frames[:BATCH])
    order = _shuffled(len(pool.clip_ids), 0)

    def read() -> None:
        for start in range(0, len(order), BATCH):
            ids = [pool.clip_ids[number] for number in order[start : start + BATCH]]
            for slot, row in zip(into, pool.store.rows(VIEW.name, ids), strict=False):
                np.copyto(slot, row["frames"])

    def copy() -> None:
        for start in range(0, len(order), BATCH):
            for slot, number in zip(into, order[start : start + BATCH], strict=False):
                np.copyto(slot, pool.frames[number])

    seconds = time_by_turns(
        {"ours": read, "copy": copy}, repeats=WARM_REPEATS, device=CPU, after=_nothing
    )
    speed = {name: pool.gigabytes / spent for name, spent in seconds.items()}
    yield more_is_better(
        "random reads, warm", speed["ours"], "GB/s", "copies in memory", speed["copy"]
    )


def _batches(pool: Pool, manifest: Manifest) -> Row:
    """Return batches through a split and its dataset, beside batches of a tensor in memory."""
    clips = manifest.clips
    subjects = clips.column("subject_id").to_pylist()
    tested = min(set(subjects))
    rows = [
        {"clip_id": clip_id, "subject_id": subject, "fold": int(subject != tested)}
        for clip_id, subject in zip(clips.column("clip_id").to_pylist(), subjects, strict=True)
    ]
    split = split_by_fold(clips, tables.from_rows("folds", rows), 0)
    dataset = pool.store.dataset(VIEW, split, "train", workers=1)
    resident = dataset.resident()
    order = torch.from_numpy(_shuffled(len(dataset), 1))
    batches = torch.split(order, BATCH)
    seconds = time_by_turns(
        {
            "ours": lambda: [len(batch) for batch in dataset.batches(batches, CPU)],
            "memory": lambda: [len(batch) for batch in resident.batches(batches, CPU)],
        },
        repeats=WARM_REPEATS,
        device=CPU,
        after=_nothing,
    )
    speed = {name: len(dataset) / spent for name, spent in seconds.items()}
    name = f"batches of {BATCH}, warm"
    return more_is_better(name, speed["ours"], "clips/s", "index_select in memory", speed["memory"])


def _opencv(pool: Pool, manifest: Manifest) -> Row:
    """Return reads of single clips beside sampling the encoded ones with OpenCV."""
    into = np.empty_like(pool.frames[0])
    some = _shuffled(len(pool.clip_ids), 2)[:OPENCV_CLIPS].tolist()
    n_frames = dict(
        zip(
            *(manifest.clips.column(name).to_pylist() for name in ("path", "n_frames")), strict=True
        )
    )
    lengths = [n_frames[path.relative_to(manifest.root).as_posix()] for path in pool.paths]

    def read() -> None:
        for number in some:
            (row,) = pool.store.rows(VIEW.name, [pool.clip_ids[number]])
            np.copyto(into, row["frames"])

    def sample() -> None:
        for number in some:
            sample_with_opencv(pool.paths[number], VIEW.frames, lengths[number])

    seconds = time_by_turns(
        {"ours": read, "opencv": sample}, repeats=WARM_REPEATS, device=CPU, after=_nothing
    )
    speed = {name: len(some) / spent for name, spent in seconds.items()}
    peer = f"OpenCV, {VIEW.frames} frames of the encoded clip"
    return more_is_better("a clip, warm", speed["ours"], "clips/s", peer, speed["opencv"])


def _cold(pool: Pool, folder: Path, repeats: int) -> Row:
    """Return first reads of all clips in random order, beside those of the files' same bytes.

    Ours opens the shards and compares checksums as well.
    """
    place, features = pool.store.place, pool.store.features
    spots = _where(pool, folder)
    into = np.empty_like(pool.frames[:BATCH])
    order = _shuffled(len(pool.clip_ids), 3)
    pool.store.forget()  # what is mapped stays in memory
    gc.collect()

    def ours() -> None:
        store = FeatureStore(place, features)
        for start in range(0, len(order), BATCH):
            ids = [pool.clip_ids[number] for number in order[start : start + BATCH]]
            for slot, row in zip(into, store.rows(VIEW.name, ids), strict=False):
                np.copyto(slot, row["frames"])

    def files() -> None:
        opened = {path: path.open("rb", buffering=0) for path in {path for path, _ in spots}}
        for turn, number in enumerate(order):
            path, offset = spots[number]
            opened[path].seek(offset)
            opened[path].readinto(into[turn % BATCH].data)
        for stream in opened.values():
            stream.close()

    seconds: dict[str, list[float]] = {"ours": [], "files": []}
    calls: dict[str, Callable[[], None]] = {"ours": ours, "files": files}
    for _ in range(repeats):
        for name, call in calls.items():
            gc.collect()
            drop_from_memory(path for path, _ in spots)
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
    speed = {name: pool.gigabytes / median(times) for name, times in seconds.items()}
    return more_is_better(
        "random reads, cold", speed["ours"], "GB/s", "the same bytes by readinto", speed["files"]
    )


def _where(pool: Pool, folder: Path) -> list[tuple[Path, int]]:
    """Return for each clip the file that holds it, and where its frames begin in that."""
    shard_of = {row["clip_id"]: folder / row["shard"] for row in pool.store.features.to_pylist()}
    content = {path: path.read_bytes() for path in set(shard_of.values())}
    found = []
    for clip_id, frames in zip(pool.clip_ids, pool.frames, strict=True):
        path = shard_of[clip_id]
        found.append((path, content[path].find(frames.tobytes())))
    return found


def _nothing() -> None:
    """Do nothing after a call."""
