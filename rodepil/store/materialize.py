"""Make the features that a store lacks: planned in one place, made by workers shard by shard."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.cluster import run_many
from rodepil.errors import FeatureError, RodepilError
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.store.registry import View, feature_key
from rodepil.store.shards import Tensor, file_name, folder_name, write_shard

COLUMNS = ["clip_id", "path", "sha256", "n_frames"]


@dataclass(frozen=True)
class Wanted:
    """A clip whose feature is wanted; `path` is relative to the folder of the manifest."""

    clip_id: str
    path: str
    sha256: str
    n_frames: int | None
    key: str


@dataclass(frozen=True)
class Job:
    """The clips of one shard, for a worker: all that it needs, and picklable."""

    view: View
    store: Path
    clips_root: Path
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True)
class Failure:
    """A clip that gave no feature, and why."""

    item: str
    error: str
    message: str


@dataclass(frozen=True)
class Made:
    """A shard's file name and keys; no name where no clip of the job was good."""

    shard: str | None
    keys: tuple[str, ...]
    failures: tuple[Failure, ...]


def plan(view: View, clips: pa.Table) -> list[Wanted]:
    """List the kept clips with the key of each one's feature.

    The order is that of recordings and time, whatever the order of rows: it decides which clips
    share a shard, so that every run over the same clips makes the same shards.

    Raises
    ------
    FeatureError
        A kept clip has no path or digest.
    """
    clips = tables.check("clips", clips).filter(pc.field("kept"))
    order = ["recording_id", "position", "start_frame", "clip_id"]
    clips = clips.sort_by([(name, "ascending") for name in order]).select(COLUMNS)
    lost = clips.filter(pc.field("path").is_null() | pc.field("sha256").is_null())
    if lost.num_rows:
        raise FeatureError(
            f"{lost.num_rows} kept clips have no path or no sha256, the first is "
            f"{lost.column('clip_id')[0]}; run 'rodepil curate'"
        )
    identity = view.identity()
    rows = zip(*(clips.column(name).to_pylist() for name in COLUMNS), strict=True)
    return [
        Wanted(clip_id, path, sha256, n_frames, feature_key(sha256, identity))
        for clip_id, path, sha256, n_frames in rows
    ]


def shards_of(wanted: Iterable[Wanted], size: int) -> Iterator[tuple[Wanted, ...]]:
    """Deal clips to shards of `size`, each content once, whatever the store holds already.

    So a run that was killed and started again makes the shards that it would have made.
    """
    once = list({one.key: one for one in wanted}.values())
    for start in range(0, len(once), size):
        yield tuple(once[start : start + size])


def run(jobs: list[Job], advance: Callable[[float], None], processes: int | None) -> Iterator[Made]:
    """Yield what became of each job.

    Raises
    ------
    FeatureError
        A worker died or a shard could not be written.
    """
    for outcome in run_many(make_shard, jobs, processes=processes):
        if outcome.result is None:
            raise FeatureError(
                f"a shard in {outcome.item.store} could not be made: {outcome.error!r}; "
                "finished shards are kept: mend this (disk full? memory short?) and run it again"
            ) from outcome.error
        advance(len(outcome.item.wanted))
        yield outcome.result


def make_shard(job: Job) -> Made:
    """Decode the clips of one shard and write those that are good.

    Memory is bounded by the shard: its clips' tensors.
    """
    keys: list[str] = []
    tensors: list[Tensor] = []
    failures: list[Failure] = []
    for one in job.wanted:
        try:
            tensors.append(_feature(job, one))
            keys.append(one.key)
        except RodepilError as error:
            failures.append(Failure(one.path, type(error).__name__, str(error)))
    if not keys:
        return Made(None, (), tuple(failures))
    shard = file_name(keys)
    write_shard(job.store / folder_name(job.view) / shard, job.view, keys, tensors)
    return Made(shard, tuple(keys), tuple(failures))


def _feature(job: Job, one: Wanted) -> Tensor:
    """Decode one clip whose bytes are those that its key stands for."""
    path = job.clips_root / one.path
    if not path.is_file():
        raise FeatureError(f"{path} is not there; run 'rodepil curate' to make the clip again")
    if sha256_file(path) != one.sha256:
        raise FeatureError(f"{path} has changed since it was curated; run 'rodepil curate'")
    return job.view.decode(path, one.n_frames)


def missing(wanted: Iterable[Wanted], there: Container[str]) -> tuple[Wanted, ...]:
    """Return the clips whose key is not there."""
    return tuple(one for one in wanted if one.key not in there)
