"""Making features: several views in one decode, beside only decoding, and the memory it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from rodepil.bench.rows import Row, less_is_better, more_is_better
from rodepil.bench.work import decode_only, make_and_weigh
from rodepil.cluster import cpu_count, run_many
from rodepil.errors import VideoError
from rodepil.store.features import SHARD_CLIPS, FeatureStore
from rodepil.store.materialize import Group, Manifest, groups_of, plan
from rodepil.store.places import LocalPlace
from rodepil.store.views import View
from rodepil.store.views.frames import FrameView
from rodepil.store.views.motion import MotionView

FRAMES = FrameView()
VIEWS: tuple[View, ...] = (
    FRAMES,
    FrameView(frames=8, size_px=112, name="small"),
    FrameView(pairs="native", name="pairs"),
    MotionView(),
)
SHARED_CLIPS = 16
"""Clips of which all views are made: one group, which is what a worker takes at a time."""

DECODING = "PyAV, decoding only"
ALLOWED_MIB = 1024.0


def making_rows(manifest: Manifest, folder: Path, repeats: int) -> Iterator[Row]:
    """Yield the rows of views that share a decode, of the rate, and of a worker's memory.

    Parameters
    ----------
    manifest
        Clips.
    folder
        Where stores are made.
    repeats
        Rounds; their median counts.
    """
    yield from _shared(manifest, folder / "shared", repeats)
    yield from _rate(manifest, folder / "rate", repeats)
    yield from _memory(manifest, folder / "memory")


def _materialize(views: Sequence[View], manifest: Manifest, store: Path, processes: int) -> None:
    summary = FeatureStore(store).materialize(views, manifest, processes=processes)
    if summary.failures.num_rows:
        raise VideoError(f"clips of the benchmark gave no features:\n{summary}")


def _shared(manifest: Manifest, store: Path, repeats: int) -> Iterator[Row]:
    """Yield what all views of a clip cost beside the most expensive one alone."""
    few = Manifest(manifest.clips.slice(0, SHARED_CLIPS), manifest.root)
    calls = {view.name: partial(_materialize, [view], few, store, 1) for view in VIEWS}
    calls["all"] = partial(_materialize, VIEWS, few, store, 1)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            shutil.rmtree(store, ignore_errors=True)
            times = _spent(call)
            if turn:
                spent[name].append(times)
    count = few.clips.num_rows
    for number, what in enumerate(("processor time", "time")):
        costs = {
            name: median(times[number] for times in each) / count * 1e3
            for name, each in spent.items()
        }
        together = costs.pop("all")
        most = max(costs, key=lambda name: costs[name])
        label = f"{len(VIEWS)} views in one decode, {what} a clip"
        peer = f"the most expensive alone ({most})"
        yield less_is_better(label, together, "ms", peer, costs[most])


def _spent(call: Callable[[], object]) -> tuple[float, float]:
    """Return processor time and time that a call takes, in seconds."""
    processor, start = process_time(), perf_counter()
    call()
    return process_time() - processor, perf_counter() - start


def _rate(manifest: Manifest, store: Path, repeats: int) -> Iterator[Row]:
    """Yield the rate of materialization beside that of decoding, on as many processes.

    Both start their processes anew, and both run once before, so that the files lie in memory.
    """
    processes, count = cpu_count(), manifest.clips.num_rows
    paths = [manifest.root / path for path in manifest.clips.column("path").to_pylist()]
    groups = [paths[start : start + SHARD_CLIPS] for start in range(0, count, SHARD_CLIPS)]

    def decode() -> None:
        for outcome in run_many(decode_only, groups, processes=processes):
            if outcome.error is not None:
                raise outcome.error

    ours, theirs = [], []
    for _ in range(repeats + 1):
        theirs.append(_spent(decode)[1])
        shutil.rmtree(store, ignore_errors=True)
        ours.append(_spent(partial(_materialize, [FRAMES], manifest, store, processes))[1])
    rates = [count / median(times[1:]) for times in (ours, theirs)]
    name = f"materialize 16x224, {count} clips on {processes} processes"
    yield more_is_better(name, rates[0], "clips/s", DECODING, rates[1])


def _memory(manifest: Manifest, store: Path) -> Iterator[Row]:
    """Yield the most memory that a worker takes to make all views."""
    wanted = plan(VIEWS, manifest.clips)
    groups = [
        Group(VIEWS, LocalPlace(store), manifest.root.resolve(), items)
        for items in groups_of(wanted, SHARD_CLIPS)
    ]
    peaks = []
    for outcome in run_many(make_and_weigh, groups[: 2 * cpu_count()], processes=2):
        if outcome.error is not None:
            raise outcome.error
        peaks.append(outcome.result or 0.0)
    shutil.rmtree(store, ignore_errors=True)
    if max(peaks) > 0:
        name = f"peak memory of a worker that makes {len(VIEWS)} views"
        yield less_is_better(name, max(peaks), "MiB", "the most allowed", ALLOWED_MIB)
