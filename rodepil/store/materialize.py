"""Make the features that a store lacks: planned in one place, made by workers group by group.

A group is some clips that lie together; of each view it gives one shard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.cluster import run_many
from rodepil.errors import FeatureError, RodepilError
from rodepil.io import tables
from rodepil.io.clip_frames import ClipSpan
from rodepil.io.files import sha256_file
from rodepil.store.decode import decode
from rodepil.store.places import Place
from rodepil.store.shards import file_name, folder_name, write_shard
from rodepil.store.views.base import Row, View, feature_key

COLUMNS = ["clip_id", "path", "sha256", "n_frames", "fps"]


@dataclass(frozen=True)
class Manifest:
    """The clips that features are made of.

    Parameters
    ----------
    clips
        The table "clips".
    root
        The folder that its paths are relative to.
    """

    clips: pa.Table
    root: Path


@dataclass(frozen=True)
class Wanted:
    """A clip of which features are wanted.

    Parameters
    ----------
    clip_id, path, sha256
        The clip; its path is relative to the manifest's root.
    n_frames, fps
        What it decodes to, where the manifest says so.
    keys
        The key of its feature in each view that is wanted of it, by the view's number.
    """

    clip_id: str
    path: str
    sha256: str
    n_frames: int | None
    fps: str | None
    keys: Mapping[int, str]

    @property
    def span(self) -> ClipSpan | None:
        """What the clip must decode to.

        Raises
        ------
        FeatureError
            The manifest's rate is none.
        """
        if self.n_frames is None or self.fps is None:
            return None
        try:
            fps = Fraction(self.fps)
        except (ValueError, ZeroDivisionError):
            fps = Fraction(0)
        if fps <= 0:
            raise FeatureError(
                f"clip {self.clip_id} has a rate of {self.fps}, wanted a fraction above 0; make "
                "the table of clips again ('rodepil curate')"
            )
        return ClipSpan(self.n_frames, fps)


@dataclass(frozen=True)
class Group:
    """The clips of one shard, for a worker: all that it needs, and picklable."""

    views: tuple[View, ...]
    place: Place
    root: Path
    wanted: tuple[Wanted, ...]

    @property
    def numbers(self) -> Iterator[int]:
        """The number of the view of each feature to make."""
        return (number for one in self.wanted for number in one.keys)


@dataclass(frozen=True)
class Failure:
    """A clip that gave no feature, and why."""

    item: str
    error: str
    message: str


@dataclass(frozen=True)
class Made:
    """What a worker made of a group: for each view's number the shard's name and keys."""

    shards: Mapping[int, tuple[str, tuple[str, ...]]]
    failures: tuple[Failure, ...]


def plan(views: Sequence[View], clips: pa.Table) -> list[Wanted]:
    """List the kept clips with the keys of each one's features.

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
    identities = list(enumerate(view.identity() for view in views))
    rows = zip(*(clips.column(name).to_pylist() for name in COLUMNS), strict=True)
    return [
        Wanted(
            clip_id,
            path,
            sha256,
            n_frames,
            fps,
            {number: feature_key(sha256, identity) for number, identity in identities},
        )
        for clip_id, path, sha256, n_frames, fps in rows
    ]


def groups_of(wanted: Iterable[Wanted], size: int) -> Iterator[tuple[Wanted, ...]]:
    """Cut into groups of `size` clips, the last one smaller."""
    rest = iter(wanted)
    while group := tuple(islice(rest, size)):
        yield group


def lacking(group: Iterable[Wanted], there: Sequence[Mapping[str, object]]) -> tuple[Wanted, ...]:
    """Return what of a group is not there, `there` holding the keys of each view."""
    left = (
        replace(one, keys={view: key for view, key in one.keys.items() if key not in there[view]})
        for one in group
    )
    return tuple(one for one in left if one.keys)


def run(
    groups: Sequence[Group], advance: Callable[[int], None], processes: int | None
) -> Iterator[Made]:
    """Yield what workers make of groups as they end, and tell how many clips are done.

    Raises
    ------
    FeatureError
        A worker died, or the store can't be written; what is finished is kept.
    """
    for outcome in run_many(make, groups, processes=processes):
        if outcome.result is None:
            error = outcome.error
            raise FeatureError(
                str(error)
                if isinstance(error, FeatureError)
                else f"a worker ended with {error!r}; what is finished is kept, run it again"
            ) from error
        advance(len(outcome.item.wanted))
        yield outcome.result


def make(group: Group) -> Made:
    """Make the features of one group's clips and write their shards; what a worker runs.

    Memory is bounded by the group: its clips' features.
    """
    made: dict[int, tuple[list[str], list[Row]]] = {}
    failures: list[Failure] = []
    for one in group.wanted:
        try:
            rows = _features(group, one)
        except RodepilError as error:
            failures.append(Failure(one.path, type(error).__name__, str(error)))
            continue
        for (number, key), row in zip(one.keys.items(), rows, strict=True):
            if isinstance(row, FeatureError):
                message = f"{one.path} in view '{group.views[number].name}': {row}"
                failures.append(Failure(one.path, type(row).__name__, message))
            else:
                keys, kept = made.setdefault(number, ([], []))
                keys.append(key)
                kept.append(row)
    return Made(
        {number: _write(group, number, keys, rows) for number, (keys, rows) in made.items()},
        tuple(failures),
    )


def _features(group: Group, one: Wanted) -> list[Row | FeatureError]:
    """Decode one clip whose bytes are those that its keys stand for, once for all views."""
    path = group.root / one.path
    if not path.is_file():
        raise FeatureError(f"{path} is not there; run 'rodepil curate' to make the clip again")
    try:
        sha256 = sha256_file(path)
    except OSError as error:
        raise FeatureError(f"{path} can't be read: {error.strerror}; set its rights") from error
    if sha256 != one.sha256:
        raise FeatureError(f"{path} has changed since it was curated; run 'rodepil curate'")
    return decode(path, [group.views[number] for number in one.keys], one.span)


def _write(
    group: Group, number: int, keys: Sequence[str], rows: Sequence[Row]
) -> tuple[str, tuple[str, ...]]:
    view, shard = group.views[number], file_name(keys)
    with group.place.publish(f"{folder_name(view)}/{shard}") as beside:
        write_shard(beside, view, keys, rows)
    return shard, tuple(keys)
