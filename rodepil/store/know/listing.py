"""What a store holds: each view's folder, and whether it is of the present settings."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rodepil.errors import FeatureError, NewerFeature
from rodepil.store.index import INDEX, Index
from rodepil.store.know.project import MATERIALIZE, StoreProject
from rodepil.store.materialize import plan
from rodepil.store.places import Place
from rodepil.store.shards import SUFFIX, Shard, folder_name
from rodepil.store.views.base import View

FOLDER = re.compile(r".+-[0-9a-f]{16}")
CURRENT = "current"
NOT_DECLARED = "of no view of the settings"
BROKEN = "can't be made: "


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
    held = [
        _holding(project, folder, declared.get(folder), named, clock())
        for folder in folders
        if folder in declared or FOLDER.fullmatch(folder)
    ]
    return held + [_nowhere(project, name) for name in project.broken]


def _nowhere(project: StoreProject, name: str) -> Holding:
    """Return what is to be known of a view whose folder nobody can name now."""
    view, why = project.views[name], project.broken[name].partition("; ")[0]
    said = ", ".join(f"{key} {value}" for key, value in view.settings.items())
    return Holding(name, view.kind, said, "", 0, 0, 0, 0, None, f"{BROKEN}{why}")


def _named(project: StoreProject) -> dict[tuple[str, str], dict[str, str]]:
    """Return the snapshot's keys by clip, for each name of a view and folder that it points to."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    columns = (project.features.column(name).to_pylist() for name in ("view", "shard", "clip_id"))
    keys = project.features.column("key").to_pylist()
    for view, shard, clip_id, key in zip(*columns, keys, strict=True):
        found.setdefault((view, shard.rpartition("/")[0]), {})[clip_id] = key
    return found


def _holding(
    project: StoreProject,
    folder: str,
    view: View | None,
    named: Mapping[tuple[str, str], dict[str, str]],
    now_s: float,
) -> Holding:
    place = project.store.place
    sizes = {name: size for name, size in place.files(folder).items() if name.endswith(SUFFIX)}
    keys: frozenset[str] = frozenset()
    unreadable = ""
    try:
        index = Index(place, folder)
        keys = frozenset(index.spots)
        if index.damaged:
            unreadable = f"{len(index.damaged)} damaged shards"
    except NewerFeature as error:
        unreadable = str(error)
    header = header_of(place, folder, sizes)
    names = [name for name, within in named if within == folder]
    name = view.name if view else ", ".join(names)
    rows = {clip: key for (_, within), held in named.items() if within == folder
            for clip, key in held.items()}  # fmt: skip
    if view is not None:
        state = _state(project, view, named, keys)
    else:
        state = _other(project, names, header)
    said = view.settings if view else dict(header.get("settings", {}))
    return Holding(
        name=name,
        kind=view.kind if view else str(header.get("kind", folder.rpartition("-")[0])),
        settings=", ".join(f"{key} {value}" for key, value in said.items()),
        folder=folder,
        clips=len(rows),
        features=len(keys),
        shards=len(sizes),
        size_bytes=sum(sizes.values()),
        age_s=_age_s(place, folder, sizes, now_s),
        state=unreadable or state,
    )


def header_of(place: Place, folder: str, shards: Mapping[str, object]) -> Mapping[str, Any]:
    """Return what the first whole shard of a folder says of itself; nothing if none does."""
    for name in shards:
        full = f"{folder}/{name}"
        with suppress(FeatureError, FileNotFoundError), place.open(full) as source:
            return Shard(Path(full), source).header
    return {}


def _age_s(place: Place, folder: str, shards: Mapping[str, object], now_s: float) -> float | None:
    """Return how long ago something was added: the index is written after every addition."""
    for name in (INDEX, *shards):
        with suppress(FileNotFoundError):
            return max(0.0, now_s - place.modified_s(f"{folder}/{name}"))
    return None


def _state(
    project: StoreProject,
    view: View,
    named: Mapping[tuple[str, str], dict[str, str]],
    there: frozenset[str],
) -> str:
    """Return what is to be known of a view of the settings."""
    held = named.get((view.name, folder_name(view)), {})
    if not held:
        return "not materialized"
    wanted = {one.clip_id: one.keys[0] for one in plan([view], project.manifest.clips)}
    gone = sum(key not in there for key in held.values())
    if gone:
        return f"{gone} features are gone from the store"
    other = sum(wanted.get(clip_id) != key for clip_id, key in held.items())
    if other:
        return f"stale: {other} clips have changed or are not kept"
    if len(held) < len(wanted):
        return f"{len(held)} of {len(wanted)} clips"
    return CURRENT


def _other(project: StoreProject, names: list[str], header: Mapping[str, Any]) -> str:
    """Return what is to be known of a folder that no view of the settings makes."""
    declared = [name for name in names if name in project.views]
    if declared and declared[0] in project.broken:
        return "of a view that can't be made now"
    if declared:
        return f"stale: {difference(project.views[declared[0]], header)}"
    if names:
        return f"{NOT_DECLARED}, though in the snapshot"
    return NOT_DECLARED


def difference(view: View, header: Mapping[str, Any]) -> str:
    """Return in what a view differs from the one that made a shard, in words."""
    if not header:
        return "other settings or versions"
    if header["kind"] != view.kind:
        return f"kind {header['kind']}, now {view.kind}"
    before, now = dict(header["settings"]), view.settings
    told = [
        f"{name} {before.get(name, 'unset')}, now {now.get(name, 'unset')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    for what, was, is_now in (
        ("code version", header["code_version"], view.code_version),
        ("made with", header["made_with"], view.made_with()),
        ("made of", header["made_of"], dict(view.made_of())),
    ):
        if was != is_now:
            told.append(f"{what} {was}, now {is_now}")
    return "; ".join(told) or "other settings or versions"


def remedies(listed: Sequence[Holding]) -> Iterator[str]:
    """Yield what to do about what is not current, a line each."""
    declared = [one for one in listed if not one.state.startswith(NOT_DECLARED)]
    if any("damaged" in one.state for one in listed):
        yield "'rodepil features verify --mend' removes what is damaged"
    if any(one.state != CURRENT for one in declared):
        yield f"'{MATERIALIZE}' makes what is missing, stale or damaged"
    if len(declared) < len(listed):
        yield "'rodepil features gc' removes what no snapshot and no run refers to"
