"""What a store holds: each view's folder, and whether it is of the present settings."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rodepil.errors import NewerFeature
from rodepil.io.wording import by_number
from rodepil.store.index import INDEX, Index
from rodepil.store.know.project import StoreProject
from rodepil.store.know.tell import settings_text, told_settings
from rodepil.store.materialize import plan
from rodepil.store.places import Place
from rodepil.store.shards import SUFFIX, folder_name
from rodepil.store.stale import difference, header_of
from rodepil.store.views.base import View

FOLDER = re.compile(r".+-[0-9a-f]{16}")
CURRENT = "current"
NOT_DECLARED = "of no view of the settings"
OF_UNITS = "sequences of action units"
NOT_MADE = "not materialized"
BROKEN = "can't be made: "
STALE = "stale: "


@dataclass(frozen=True)
class Holding:
    """One view's folder.

    Attributes
    ----------
    name
        What the settings or the snapshot call the view; empty where neither does.
    kind, settings
        What the folder's view is; empty where nothing says so.
    folder
        The folder.
    clips
        Clips that have a feature in it by the snapshot.
    features, shards, size_bytes
        What lies in it.
    age_s
        Seconds since something was added; None where nothing is there.
    state
        ``current``, or what is to be known.
    declared
        Whether it is of a view of the settings.
    wanted, stored
        Of a view of the settings: the clips that it wants, and those whose feature lies in the
        store, in the snapshot or not.
    by_name
        Whether it is made only when it is named, for its network comes of training.
    in_snapshot, in_units, in_run
        What refers to a folder of no view of the settings: the snapshot of clips, that of the
        sequences of action units, or a run.
    damaged, older
        Shards that are not whole, and those of a format that is read no more.
    """

    name: str
    kind: str
    settings: str
    folder: str
    clips: int
    features: int
    shards: int
    size_bytes: int
    age_s: float | None
    state: str
    declared: bool = False
    wanted: int = 0
    stored: int = 0
    by_name: bool = False
    in_snapshot: bool = False
    in_units: bool = False
    in_run: bool = False
    damaged: int = 0
    older: int = 0


def holdings(project: StoreProject, clock: Callable[[], float] = time.time) -> list[Holding]:
    """Return every view of settings, snapshot and store: those of the settings first.

    Parameters
    ----------
    project
        Whose store it is.
    clock
        Gives seconds since 1970.

    Raises
    ------
    FeatureError
        The store can't be reached.
    """
    place = project.store.place
    sound = {name: view for name, view in project.views.items() if name not in project.broken}
    declared = {folder_name(view): view for view in sound.values()}
    named = _named(project)
    there = [folder for folder in place.folders() if place.files(folder)]
    folders = dict.fromkeys([*declared, *sorted({folder for _, folder in named}), *there])
    held = []
    for folder in folders:
        if folder in declared:
            held.append(_declared(project, folder, declared[folder], named, clock()))
        elif FOLDER.fullmatch(folder):
            held.append(_other(project, folder, named, clock()))
    return held + [_nowhere(project, name) for name in project.broken]


def _nowhere(project: StoreProject, name: str) -> Holding:
    """Return what is to be known of a view whose folder nobody can name now."""
    view, why = project.views[name], project.broken[name].partition("; ")[0]
    said = settings_text(told_settings(view))
    return Holding(name, view.kind, said, "", 0, 0, 0, 0, None, f"{BROKEN}{why}", declared=True)


def _named(project: StoreProject) -> dict[tuple[str, str], dict[str, str]]:
    """Return the snapshots' keys by clip, for each name of a view and folder that it points to."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    columns = (project.named.column(name).to_pylist() for name in ("view", "shard", "clip_id"))
    keys = project.named.column("key").to_pylist()
    for view, shard, clip_id, key in zip(*columns, keys, strict=True):
        found.setdefault((view, shard.rpartition("/")[0]), {})[clip_id] = key
    return found


@dataclass(frozen=True)
class _There:
    """What lies in a folder."""

    sizes: dict[str, int]
    keys: frozenset[str]
    damaged: int
    older: int
    newer: str

    @property
    def faults(self) -> str:
        """What of it can't be read, in words."""
        torn = by_number(self.damaged, "damaged shard", "damaged shards")
        old = by_number(self.older, "shard", "shards")
        said = [
            self.newer,
            torn * bool(self.damaged),
            f"{old} of an older format" * bool(self.older),
        ]
        return "; ".join(filter(None, said))


def _look(place: Place, folder: str) -> _There:
    sizes = {name: size for name, size in place.files(folder).items() if name.endswith(SUFFIX)}
    try:
        index = Index(place, folder)
    except NewerFeature as error:
        return _There(sizes, frozenset(), 0, 0, str(error))
    older = len(index.older)
    return _There(sizes, frozenset(index.spots), len(index.damaged) - older, older, "")


def _declared(
    project: StoreProject,
    folder: str,
    view: View,
    named: Mapping[tuple[str, str], dict[str, str]],
    now_s: float,
) -> Holding:
    """Return what is to be known of a view of the settings."""
    there = _look(project.store.place, folder)
    held = named.get((view.name, folder), {})
    wanted = {one.clip_id: one.keys[0] for one in plan([view], project.manifest.clips)}
    stored = sum(key in there.keys for key in wanted.values())
    state = _state(held, wanted, there.keys) if held else _not_in(project, view, named, stored)
    if not held and stored and not state.startswith(STALE):
        state = f"{stored} of {len(wanted)} clips stored, not in the snapshot"
    said = "; ".join(filter(None, [there.faults, state if state != CURRENT else ""])) or state
    return Holding(
        name=view.name,
        kind=view.kind,
        settings=settings_text(told_settings(view)),
        folder=folder,
        clips=len(held),
        features=len(there.keys),
        shards=len(there.sizes),
        size_bytes=sum(there.sizes.values()),
        age_s=_age_s(project.store.place, folder, there.sizes, now_s),
        state=said,
        declared=True,
        wanted=len(wanted),
        stored=stored,
        by_name=view.follows_training() and stored < len(wanted),
        damaged=there.damaged,
        older=there.older,
    )


def _other(
    project: StoreProject,
    folder: str,
    named: Mapping[tuple[str, str], dict[str, str]],
    now_s: float,
) -> Holding:
    """Return what is to be known of a folder that no view of the settings makes."""
    place = project.store.place
    there, header = _look(place, folder), header_of(place, folder, place.files(folder))
    names = [name for name, within in named if within == folder]
    clips = {clip for (_, within), held in named.items() if within == folder for clip in held}
    in_run = bool(there.keys & project.learned)
    of_units = {shard.rpartition("/")[0] for shard in project.units.column("shard").to_pylist()}
    in_units = folder in of_units
    why = OF_UNITS if in_units else _reason(project, names)
    states = [there.faults, why, "a run learned from it" * in_run]
    return Holding(
        name=", ".join(names),
        kind=str(header.get("kind", folder.rpartition("-")[0])),
        settings=settings_text(dict(header.get("settings", {}))),
        folder=folder,
        clips=len(clips),
        features=len(there.keys),
        shards=len(there.sizes),
        size_bytes=sum(there.sizes.values()),
        age_s=_age_s(place, folder, there.sizes, now_s),
        state="; ".join(filter(None, states)),
        in_snapshot=bool(names) and not in_units,
        in_units=in_units,
        in_run=in_run,
        damaged=there.damaged,
        older=there.older,
    )


def _reason(project: StoreProject, names: Sequence[str]) -> str:
    """Return what a folder of no view of the settings is, by its names in the snapshot."""
    declared = [name for name in names if name in project.views]
    if declared and declared[0] in project.broken:
        return "of a view that can't be made now"
    if declared:
        return f"of '{declared[0]}' as it was, still in the snapshot"
    return f"{NOT_DECLARED}, though in the snapshot" if names else NOT_DECLARED


def _age_s(place: Place, folder: str, shards: Mapping[str, object], now_s: float) -> float | None:
    """Return how long ago something was added: the index is written after every addition."""
    for name in (INDEX, *shards):
        with suppress(FileNotFoundError):
            return max(0.0, now_s - place.modified_s(f"{folder}/{name}"))
    return None


def _state(held: Mapping[str, str], wanted: Mapping[str, str], there: frozenset[str]) -> str:
    """Return what is to be known of a view by the keys of clips: held, wanted, and stored."""
    gone = sum(key not in there for key in held.values())
    if gone == len(held):
        what = by_number(gone, "feature", "features")
        return f"none of its {what} is here: removed, or made under another store.url"
    if gone:
        return f"{by_number(gone, 'feature is', 'features are')} gone from the store"
    other = sum(wanted.get(clip_id) != key for clip_id, key in held.items())
    if other:
        clips = by_number(other, "clip has changed or is", "clips have changed or are")
        return f"{STALE}{clips} not kept"
    if len(held) < len(wanted):
        return f"{len(held)} of {len(wanted)} clips"
    return CURRENT


def _not_in(
    project: StoreProject,
    view: View,
    named: Mapping[tuple[str, str], dict[str, str]],
    stored: int,
) -> str:
    """Return what is to be known of a view of which the snapshot has nothing as it is now."""
    place = project.store.place
    former = next((folder for name, folder in named if name == view.name), None)
    if former is None:
        return NOT_MADE
    header = header_of(place, former, place.files(former))
    said = f"{STALE}{difference(view, header)}"
    return said + f"; {by_number(stored, 'clip', 'clips')} stored as it is now" * bool(stored)
