"""Make the features that a store lacks: planned in one place, made by workers group by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.cluster import on_cluster, run_many
from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store.making import MIB, Group, Made, Wanted, clip_bytes, make, shard_clips
from rodepil.store.places import Place
from rodepil.store.views.base import View, feature_key

COLUMNS = ["clip_id", "path", "sha256", "n_frames", "fps"]

ROOM_BYTES = 640 * MIB
"""What the views that are made in one decode take of a worker's memory at most, unless one alone
takes more."""


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


def short_of(
    wanted: Iterable[Wanted], size: int, there: Sequence[Mapping[str, object]]
) -> list[tuple[Wanted, ...]]:
    """Return the groups of `size` clips that lack something, with what they lack."""
    groups = (lacking(group, there) for group in groups_of(wanted, size))
    return [group for group in groups if any(one.keys for one in group)]


def lacking(group: Iterable[Wanted], there: Sequence[Mapping[str, object]]) -> tuple[Wanted, ...]:
    """Return a group with those keys alone that are not there, `there` holding each view's."""
    return tuple(
        replace(one, keys={view: key for view, key in one.keys.items() if key not in there[view]})
        for one in group
    )


def groups_for(
    views: Sequence[View], place: Place, root: Path, short: Sequence[tuple[Wanted, ...]]
) -> list[Group]:
    """Return what workers have to do, each group once for all views that there is room for.

    Parameters
    ----------
    views
        All views, by number.
    place, root
        Where shards go, and where clips' paths start.
    short
        The groups with what they lack.
    """
    most = max(map(len, short), default=0)
    at_work = {number: views[number] for number in numbers_of(short)}
    return [
        Group(tuple(views), place, root, part)
        for bundle in bundles_of(at_work, most)
        for part in (_only(bundle, group) for group in short)
        if any(one.keys for one in part)
    ]


def numbers_of(short: Iterable[Iterable[Wanted]]) -> list[int]:
    """Return the numbers of the views of which something is wanted, in order."""
    return sorted({number for group in short for one in group for number in one.keys})


def bundles_of(views: Mapping[int, View], most: int) -> list[set[int]]:
    """Return the numbers of views that are made in one decode: all, as far as there is room.

    Parameters
    ----------
    views
        Views by number.
    most
        Clips in a shard at most.
    """
    bundles: list[set[int]] = []
    room = 0
    for number, view in views.items():
        # a shard, and the clip that is made: as its frames come, and in order
        takes = (shard_clips(view, most) + 2) * clip_bytes(view)
        room -= takes
        if room < 0:
            bundles.append(set())
            room = ROOM_BYTES - takes
        bundles[-1].add(number)
    return bundles


def _only(bundle: set[int], group: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """Return a group with the keys of some views alone."""
    return tuple(
        replace(one, keys={view: key for view, key in one.keys.items() if view in bundle})
        for one in group
    )


def prepare(views: Iterable[View], processes: int | None) -> None:
    """Let views of which something is to be made load what they take.

    On a cluster the workers do that: the machine that plans may lack what they have.

    Raises
    ------
    RodepilError
        A view can't be made.
    """
    if not on_cluster(processes):
        for view in views:
            view.prepare()


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
        advance(outcome.item.n_clips)
        yield outcome.result


def refuse_vanished(
    wanted: Sequence[Wanted],
    before: Sequence[Mapping[str, object]],
    made: Sequence[Mapping[str, tuple[str, ...]]],
    after: Sequence[Mapping[str, object]],
) -> None:
    """Refuse a store in which not all is there any more that was there or has been made.

    Parameters
    ----------
    wanted
        The clips.
    before, after
        The keys that were there, and those that are, of each view.
    made
        The keys of each shard that was written, of each view.

    Raises
    ------
    FeatureError
        Something has gone meanwhile.
    """
    written = [{key for keys in shards.values() for key in keys} for shards in made]
    lost = [
        one.clip_id
        for one in wanted
        for at, key in one.keys.items()
        if key not in after[at] and (key in before[at] or key in written[at])
    ]
    if lost:
        raise FeatureError(
            f"{len(lost)} features were removed while others were made, the first is of clip "
            f"{lost[0]}; run it again: what is left is kept"
        )
