"""Remove what nothing refers to: no snapshot, no run, and not the present settings.

Of snapshots there are two: that of clips, and that of the sequences of action units.

A feature is referred to by its key. What is younger than an hour is kept, for a materialization
that is under way names its shards only at its end; so is a folder that one holds a lease of, for it
may be reusing what is older; and what the present settings want.

Snapshots and runs are those of this project. Of others that use the same store nothing is known.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from rodepil.errors import FeatureError
from rodepil.store.index import INDEX, Index
from rodepil.store.know.lineage import referred_keys
from rodepil.store.know.listing import FOLDER
from rodepil.store.know.project import StoreProject
from rodepil.store.know.verify import NAME, YOUNG_S, is_older
from rodepil.store.lease import is_leased
from rodepil.store.materialize import plan
from rodepil.store.places import LocalPlace, Place
from rodepil.store.shards import folder_name


@dataclass(frozen=True)
class Collected:
    """What became of one folder.

    Attributes
    ----------
    folder
        The folder.
    names
        What settings and snapshot call its view.
    removed, removed_bytes
        Shards that went.
    young, young_bytes
        Shards that nothing refers to, kept for they are less than an hour old.
    unfinished_bytes
        What killed writers had left.
    wait_s
        Seconds until the last of these is an hour old.
    kept, kept_bytes
        Shards that stay for something refers to them.
    reason
        What refers to them: ``settings``, else ``units``, else ``run``, else ``snapshot``;
        empty where none stay.
    refused
        Why the folder was left alone; empty where it was not.
    """

    folder: str
    names: tuple[str, ...]
    removed: int = 0
    removed_bytes: int = 0
    young: int = 0
    young_bytes: int = 0
    wait_s: float = 0.0
    unfinished_bytes: int = 0
    kept: int = 0
    kept_bytes: int = 0
    reason: str = ""
    refused: str = ""

    @property
    def held_something(self) -> bool:
        """Whether there is anything to tell: object stores go on to list folders that are empty."""
        return bool(
            self.removed or self.young or self.unfinished_bytes or self.kept or self.refused
        )


def collect(
    project: StoreProject,
    *,
    dry_run: bool = False,
    not_shared: bool = False,
    clock: Callable[[], float] = time.time,
) -> list[Collected]:
    """Remove shards that nothing refers to, and what killed writers left.

    Parameters
    ----------
    project
        Whose store it is.
    dry_run
        Remove nothing, only say what would go.
    not_shared
        Whether it is known that no other project uses the store; asked for on another machine.
    clock
        Gives seconds since 1970.

    Raises
    ------
    FeatureError
        There is no snapshot, or a view of the settings can't be made now, so that nobody knows
        what is referred to; or the store may be shared.
    TableError
        The snapshot or a run's lineage can't be read.
    """
    project.refuse_without_snapshot()
    _refuse_broken(project)
    if not dry_run and not not_shared:
        _refuse_shared(project.store.place)
    referred = _referred(project)
    named = set(project.named.column("shard").to_pylist())
    place = project.store.place
    names = _names(project)
    collected = []
    for folder in place.folders():
        if FOLDER.fullmatch(folder):
            try:
                _refuse_leased(place, folder, clock())
                index = Index(place, folder)
            except FeatureError as error:  # at work, or of a newer version
                kept = len(place.files(folder))
                collected.append(Collected(folder, names[folder], kept=kept, refused=str(error)))
                continue
            keys = frozenset().union(*referred.values())
            needed = _needed(index, keys, named)
            one = _clean(index, names[folder], needed, clock(), dry_run=dry_run)
            collected.append(replace(one, reason=_reason(index, needed, referred)))
    return [one for one in collected if one.held_something]


def _refuse_broken(project: StoreProject) -> None:
    for name, why in project.broken.items():
        raise FeatureError(
            f"view '{name}' of the settings can't be made now, so that nobody knows what it wants "
            f"of the store; mend it, or take it out of the section 'views': {why}"
        )


def _refuse_shared(place: Place) -> None:
    if not isinstance(place, LocalPlace):
        raise FeatureError(
            f"{place} may hold features of other projects, of which nothing is known here; look "
            "with --dry-run, and if no other project uses it, confirm with --not-shared"
        )


def _refuse_leased(place: Place, folder: str, now_s: float) -> None:
    if is_leased(place, folder, now_s):
        raise FeatureError("a materialization is adding to it; run it again when that has ended")


def _referred(project: StoreProject) -> dict[str, frozenset[str]]:
    """Return the keys that settings, action units' sequences, runs and snapshot refer to."""
    wanted = plan(list(project.views.values()), project.manifest.clips)
    return {
        "settings": frozenset(key for one in wanted for key in one.keys.values()),
        "units": frozenset(project.units.column("key").to_pylist()),
        "run": frozenset(referred_keys(project.workspace.trials)),
        "snapshot": frozenset(project.features.column("key").to_pylist()),
    }


def _reason(index: Index, needed: set[str], referred: Mapping[str, frozenset[str]]) -> str:
    """Return what refers to the shards that stay."""
    if not needed:
        return ""
    there = frozenset(index.spots)
    return next((who for who, keys in referred.items() if keys & there), "snapshot")


def _names(project: StoreProject) -> defaultdict[str, tuple[str, ...]]:
    """Return what the views of folders are called."""
    columns = (project.named.column(name).to_pylist() for name in ("view", "shard"))
    said = [(name, folder_name(view)) for name, view in project.views.items()]
    said += [(name, shard.rpartition("/")[0]) for name, shard in zip(*columns, strict=True)]
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for name, folder in dict.fromkeys(said):
        found[folder] += (name,)
    return found


def _clean(
    index: Index, names: tuple[str, ...], needed: set[str], now_s: float, *, dry_run: bool
) -> Collected:
    """Clean one folder up of what is an hour old."""
    place, folder, before_s = index.place, index.folder, now_s - YOUNG_S
    unfinished = place.sweep(folder, before_s, remove=not dry_run)
    sizes = place.files(folder)
    # what came after the index was read is of somebody who is at work
    known = {*index.shards, *index.damaged}
    garbage = [name for name in sizes if name in known - needed and NAME.fullmatch(name)]
    old = [name for name in garbage if is_older(place, f"{folder}/{name}", before_s)]
    young = set(garbage) - set(old)
    if not dry_run:
        _remove(place, folder, old)
    return Collected(
        folder,
        names,
        removed=len(old),
        removed_bytes=sum(sizes[name] for name in old),
        young=len(young),
        young_bytes=sum(sizes[name] for name in young),
        wait_s=max((_wait_s(place, f"{folder}/{name}", before_s) for name in young), default=0.0),
        unfinished_bytes=unfinished,
        kept=len(needed),
        kept_bytes=sum(sizes.get(name, 0) for name in needed),
    )


def _wait_s(place: Place, name: str, before_s: float) -> float:
    """Return in how many seconds a file is an hour old."""
    with suppress(FileNotFoundError):
        return max(0.0, place.modified_s(name) - before_s)
    return 0.0


def _needed(index: Index, keys: frozenset[str], named: set[str]) -> set[str]:
    """Return the shards to keep: those the snapshot names, and one for each other key."""
    every = (*index.shards, *index.damaged)
    needed = {name for name in every if f"{index.folder}/{name}" in named}
    held = {key for name in needed if name in index.shards for key in index.shards[name]}
    needed |= {spot.shard for key, spot in index.spots.items() if key in keys and key not in held}
    return needed


def _remove(place: Place, folder: str, shards: list[str]) -> None:
    for name in shards:
        place.discard(f"{folder}/{name}")
    if shards:
        index = Index(place, folder)
        if index.shards:
            index.write()
        else:
            place.discard(f"{folder}/{INDEX}")
    if isinstance(place, LocalPlace):
        with suppress(OSError):  # only where it is empty
            (place.folder / folder).rmdir()
