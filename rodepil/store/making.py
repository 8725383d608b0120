"""What a worker runs: it makes the features of a group of clips and writes them as shards.

A group is some clips that lie together; of each view it gives one shard, or more where a shard of
so many clips would be large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from rodepil.errors import FeatureError, RodepilError
from rodepil.io.clip_frames import ClipSpan
from rodepil.io.files import sha256_file
from rodepil.store.decode import decode
from rodepil.store.places import Place
from rodepil.store.shards import file_name, folder_name, write_shard
from rodepil.store.sharing import is_made
from rodepil.store.shelf import Shelf
from rodepil.store.views.base import Row, View

MIB = 1 << 20
SHARD_BYTES = 128 * MIB
"""What a shard takes at most, unless one clip takes more: a worker holds it until it is whole."""
LENGTH = 1024
"""What clips are taken to be long in columns whose length differs from clip to clip."""


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
        The key of its feature in each view that is wanted of it, by the view's number; none
        where it only keeps its place in a group.
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
    """Clips that lie together, for a worker: all that it needs, and picklable.

    Parameters
    ----------
    views
        All views, by number.
    place, root
        Where shards go, and where clips' paths start.
    wanted
        The clips; also those of which nothing is wanted, for a shard is known by its clips' places.
    """

    views: tuple[View, ...]
    place: Place
    root: Path
    wanted: tuple[Wanted, ...]

    @property
    def n_clips(self) -> int:
        """The clips to decode."""
        return sum(bool(one.keys) for one in self.wanted)

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


Shards = Mapping[int, Mapping[str, tuple[str, ...]]]
"""For a view's number the keys of each shard."""


@dataclass(frozen=True)
class Made:
    """What a worker made of a group, what failed, and what another process had made meanwhile."""

    shards: Shards
    failures: tuple[Failure, ...]
    found: Shards = field(default_factory=dict)


def shard_clips(view: View, most: int) -> int:
    """Return how many clips of a view make a shard, `most` or fewer; it hangs on the view alone."""
    return min(most, max(1, SHARD_BYTES // max(1, clip_bytes(view))))


def clip_bytes(view: View) -> int:
    """Return about how many bytes the view stores of a clip."""
    return sum(column.size_bytes(LENGTH) for column in view.columns.values())


def make(group: Group) -> Made:
    """Make the features of one group's clips and write their shards; what a worker runs.

    Memory is bounded by the shards that are not whole yet, one a view.
    """
    found = _found(group)
    group = _without(group, found)
    begun = {number: _Begun(group, number) for number in sorted(set(group.numbers))}
    failures: list[Failure] = []
    for at, one in enumerate(group.wanted):
        if one.keys:
            failures += _make_one(group, one, begun)
        for shard in begun.values():
            if (at + 1) % shard.clips == 0:
                shard.end()
    for shard in begun.values():
        shard.end()
    return Made({number: shard.ended for number, shard in begun.items()}, tuple(failures), found)


def _found(group: Group) -> Shards:
    """Return those shards of a group that are there by now: another process makes the same."""
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for number in sorted(set(group.numbers)):
        view = group.views[number]
        size = shard_clips(view, len(group.wanted))
        for start in range(0, len(group.wanted), size):
            some = group.wanted[start : start + size]
            keys = tuple(one.keys[number] for one in some if number in one.keys)
            name = file_name(keys)
            if keys and is_made(group.place, f"{folder_name(view)}/{name}", keys):
                found.setdefault(number, {})[name] = keys
    return found


def _without(group: Group, found: Shards) -> Group:
    """Return a group that lacks no more what was found."""
    there = {number: {key for keys in each.values() for key in keys}
             for number, each in found.items()}  # fmt: skip
    wanted = tuple(
        replace(
            one,
            keys={at: key for at, key in one.keys.items() if key not in there.get(at, ())},
        )
        for one in group.wanted
    )
    return replace(group, wanted=wanted)


class _Begun:
    """Shards of one view of a group, the last of which grows."""

    def __init__(self, group: Group, number: int) -> None:
        self._place, self._view = group.place, group.views[number]
        self._keys: list[str] = []
        self._rows: list[Row] = []
        self.clips = shard_clips(self._view, len(group.wanted))
        self._shelf = Shelf(self._view, self.clips)
        self.ended: dict[str, tuple[str, ...]] = {}

    def add(self, key: str, row: Row) -> None:
        self._rows.append(self._shelf.keep(len(self._keys), row))
        self._keys.append(key)

    def end(self) -> None:
        """Write what has come, if anything, and begin the next."""
        if self._keys:
            name = file_name(self._keys)
            with self._place.publish(f"{folder_name(self._view)}/{name}") as beside:
                write_shard(beside, self._view, self._keys, self._rows)
            self.ended[name] = tuple(self._keys)
            self._keys, self._rows = [], []


def _make_one(group: Group, one: Wanted, begun: Mapping[int, _Begun]) -> Iterator[Failure]:
    """Add the features of one clip to the shards, and yield why views have none of it."""
    try:
        rows = _features(group, one)
    except RodepilError as error:
        said = str(error).replace(str(group.root / one.path), one.path)
        yield Failure(one.path, type(error).__name__, said)
        return
    for (number, key), row in zip(one.keys.items(), rows, strict=True):
        if isinstance(row, RodepilError):
            said = str(row).removeprefix(str(group.root / one.path)).lstrip(": ")
            message = f"{one.path} in view '{group.views[number].name}': {said}"
            yield Failure(one.path, type(row).__name__, message)
        else:
            begun[number].add(key, row)


def _features(group: Group, one: Wanted) -> list[Row | RodepilError]:
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
