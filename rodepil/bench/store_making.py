"""Making features: several views in one decode, beside only decoding, and the memory it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from rodepil.bench.decoding import decode_only
from rodepil.bench.rows import Row, less_is_better, more_is_better
from rodepil.bench.work import Cost, make_and_weigh
from rodepil.cluster import cpu_count, run_many
from rodepil.errors import VideoError
from rodepil.store.features import SHARD_CLIPS, FeatureStore
from rodepil.store.making import Group
from rodepil.store.materialize import Manifest, groups_of, plan
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
SHARED_CLIPS = 64
"""Clips of which all views are made: several groups for each worker."""

SHARING_WORKERS = 2

DECODING = "PyAV, decoding only"
ALLOWED_MIB = 1024.0


def making_rows(manifest: Manifest, folder: Path, repeats: int) -> Iterator[Row]:
    """Yield the rows of views that share a decode, of a worker's memory, and of the rate.

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
    yield _rate(manifest, folder / "rate", repeats)


def _shared(manifest: Manifest, store: Path, repeats: int) -> Iterator[Row]:
    """Yield what all views of a clip cost beside the most expensive one alone, in workers."""
    few = Manifest(manifest.clips.slice(0, SHARED_CLIPS), manifest.root.resolve())
    sets = {view.name: (view,) for view in VIEWS} | {"all": VIEWS}
    costs: dict[str, list[Cost]] = {name: [] for name in sets}
    for _ in range(repeats):
        for name, views in sets.items():
            costs[name].append(_cost(views, few, store))
    for what, field in (("processor time", "processor_s"), ("time", "wall_s")):
        each_ms = {
            name: median(getattr(cost, field) for cost in found) / few.clips.num_rows * 1e3
            for name, found in costs.items()
        }
        together = each_ms.pop("all")
        most = max(each_ms, key=lambda name: each_ms[name])
        label = f"{len(VIEWS)} views in one decode, {what} a clip"
        peer = f"the most expensive alone ({most})"
        yield less_is_better(label, together, "ms", peer, each_ms[most])
    peak = max(cost.peak_mib for cost in costs["all"])
    if peak > 0:
        name = f"peak memory of a worker that makes {len(VIEWS)} views"
        yield less_is_better(name, peak, "MiB", "the most allowed", ALLOWED_MIB)


def _cost(views: tuple[View, ...], manifest: Manifest, store: Path) -> Cost:
    """Make views of clips in new workers; return the sums of their times, and the highest peak."""
    shutil.rmtree(store, ignore_errors=True)
    wanted = groups_of(plan(views, manifest.clips), SHARD_CLIPS)
    groups = [Group(views, LocalPlace(store), manifest.root, items) for items in wanted]
    found = []
    for outcome in run_many(make_and_weigh, groups, processes=SHARING_WORKERS):
        if outcome.result is None:
            raise VideoError(f"the benchmark's worker ended: {outcome.error}") from outcome.error
        found.append(outcome.result)
    processor, wall, peaks = zip(*found, strict=True)
    return Cost(sum(processor), sum(wall), max(peaks))


def _rate(manifest: Manifest, store: Path, repeats: int) -> Row:
    """Return the rate of materialization beside that of decoding, on as many processes.

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
        theirs.append(_seconds(decode))
        shutil.rmtree(store, ignore_errors=True)
        ours.append(_seconds(partial(_materialize, manifest, store, processes)))
    rates = [count / median(times[1:]) for times in (ours, theirs)]
    name = f"materialize 16x224, {count} clips on {processes} processes"
    return more_is_better(name, rates[0], "clips/s", DECODING, rates[1])


def _materialize(manifest: Manifest, store: Path, processes: int) -> None:
    summary = FeatureStore(store).materialize([FRAMES], manifest, processes=processes)
    if summary.failures.num_rows:
        raise VideoError(f"clips of the benchmark gave no features:\n{summary}")


def _seconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start
