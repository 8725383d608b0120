"""Whether all that a store holds is what was written: every shard opened, every row hashed."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from rodepil.cluster import run_many
from rodepil.errors import DamagedFeature, FeatureError, NewerFeature, OlderFeature
from rodepil.io.files import short_hash
from rodepil.io.progress import Progress, Silent
from rodepil.io.wording import by_number, choice
from rodepil.store.index import INDEX, Index
from rodepil.store.know.listing import FOLDER
from rodepil.store.know.problems import Fault, Problem, Verification
from rodepil.store.know.project import StoreProject
from rodepil.store.places import Place
from rodepil.store.shards import SUFFIX, Shard, folder_name, open_shard

NAME = re.compile(rf"[0-9a-f]{{32}}{re.escape(SUFFIX)}")
FAULTS: dict[type[FeatureError], Fault] = {
    OlderFeature: "older",
    DamagedFeature: "torn",
    NewerFeature: "newer",
}
NO_SNAPSHOT = "there is no snapshot, so that nobody knows what is missing"
YOUNG_S = 3600.0
"""Files younger than that may be of a materialization that is under way."""


@dataclass(frozen=True)
class _Looked:
    """What a worker found in one file."""

    size_bytes: int
    keys: tuple[str, ...]
    sound: tuple[str, ...]
    problem: Problem | None


def verify(
    project: StoreProject,
    names: Sequence[str] = (),
    *,
    mend: bool = False,
    progress: Progress | None = None,
    processes: int | None = None,
    clock: Callable[[], float] = time.time,
) -> Verification:
    """Open every shard and hash every row again, on all cores.

    From a store on another machine every shard is fetched anew.

    Parameters
    ----------
    project
        Whose store it is.
    names
        Views of settings or snapshot, or folders; by default all that lies in the store.
    mend
        Remove damaged shards, and write an index anew that says what is not so.
    progress
        Shown megabytes.
    processes
        Workers on this machine; by default one a CPU.
    clock
        Gives seconds since 1970.

    Raises
    ------
    FeatureError
        There is no such view, or the store can't be reached.
    """
    place = project.store.place
    folders = _folders(project, names)
    problems = [] if names else _strangers(place)
    files = {folder: place.files(folder) for folder in folders}
    sizes = {
        f"{folder}/{name}": size
        for folder, there in files.items()
        for name, size in there.items()
        if name != INDEX
    }
    looked = _look_at_all(place, sizes, progress or Silent(), processes)
    found = [one.problem for _, one in sorted(looked.items()) if one.problem]
    problems += [*_older(found), *(one for one in found if one.fault != "older")]
    for folder in folders:
        problems += _index_problems(place, folder, looked, clock() - YOUNG_S)
    if mend:
        problems = _mend(place, problems)
    removed = {one.where for one in problems if one.mended}
    sound = {key for name, one in looked.items() if name not in removed for key in one.sound}
    problems += _missing(project, folders, sound)
    return Verification(
        shards=sum(bool(one.keys) for one in looked.values()),
        features=sum(len(one.keys) for one in looked.values()),
        size_bytes=sum(one.size_bytes for one in looked.values()),
        problems=tuple(problems),
        note="" if project.workspace.features.is_file() else NO_SNAPSHOT,
    )


def _older(found: Sequence[Problem]) -> list[Problem]:
    """Return one thing to tell a folder in which shards are of an older format."""
    count = Counter(one.where.rpartition("/")[0] for one in found if one.fault == "older")
    return [
        Problem(
            "older",
            folder,
            f"{by_number(shards, 'shard', 'shards')} of an older format, read no more; 'rodepil "
            "features gc' removes what nothing names",
        )
        for folder, shards in sorted(count.items())
    ]


def _look_at_all(
    place: Place, sizes: Mapping[str, int], progress: Progress, processes: int | None
) -> dict[str, _Looked]:
    """Read files, given with their bytes, on all cores."""
    looked: dict[str, _Looked] = {}
    with progress.task("verify", sum(sizes.values()) / 1e6, "MB") as advance:
        for outcome in run_many(partial(_look, place), list(sizes.items()), processes=processes):
            name, size = outcome.item
            if outcome.result is None:
                raise FeatureError(
                    f"{name} could not be looked at: {outcome.error}; run it again"
                ) from outcome.error
            looked[name] = outcome.result
            advance(size / 1e6)
    return looked


def _folders(project: StoreProject, names: Sequence[str]) -> list[str]:
    """Return the folders of some views, or all."""
    there = [name for name in project.store.place.folders() if FOLDER.fullmatch(name)]
    of_name: dict[str, set[str]] = {folder: {folder} for folder in there}
    columns = (project.named.column(name).to_pylist() for name in ("view", "shard"))
    for name, shard in zip(*columns, strict=True):
        of_name.setdefault(name, set()).add(shard.rpartition("/")[0])
    if not names:
        return sorted({folder for folders in of_name.values() for folder in folders})
    for name, view in project.views.items():
        of_name.setdefault(name, set())
        if name in names and name not in project.broken:
            of_name[name].add(folder_name(view))
    unknown = [name for name in names if name not in of_name]
    if unknown:
        known = [name for name in of_name if name not in there]
        raise FeatureError(f"there is no view '{unknown[0]}'; {choice(unknown[0], known)}")
    return sorted({folder for name in names for folder in of_name[name]})


def _strangers(place: Place) -> list[Problem]:
    """Return what lies in the store beside the folders of views."""
    lone = [name for name in place.files("") if not FOLDER.fullmatch(name)]
    strange = [name for name in place.folders() if not FOLDER.fullmatch(name)]
    return [
        Problem("foreign", name, "is no part of the store") for name in sorted({*lone, *strange})
    ]


def _look(place: Place, item: tuple[str, int]) -> _Looked:
    """Read one file whole, given with its bytes; what a worker runs."""
    name, size = item
    folder, _, file = name.rpartition("/")
    if not NAME.fullmatch(file):
        return _Looked(size, (), (), Problem("foreign", name, "is no shard"))
    place.refresh(name)
    try:
        shard = open_shard(place, name)
    except (DamagedFeature, NewerFeature) as error:
        fault = next(fault for kind, fault in FAULTS.items() if isinstance(error, kind))
        return _Looked(size, (), (), Problem(fault, name, _short(error, file)))
    except FeatureError:
        if is_there(place, name):
            raise
        return _Looked(0, (), (), None)  # removed meanwhile
    if not _belongs(shard, folder):
        message = f"is of a view of kind '{shard.header['kind']}' with another folder"
        return _Looked(size, (), (), Problem("foreign", name, message))
    return _checked(shard, name, size)


def _checked(shard: Shard, name: str, size: int) -> _Looked:
    """Hash every row of a shard."""
    sound, wrong = [], []
    for row, key in enumerate(shard.keys):
        try:
            shard.check(row)
            sound.append(key)
        except DamagedFeature as error:
            wrong.append(_short(error, shard.path.name))
    problem = Problem("changed", name, "; ".join(wrong)) if wrong else None
    return _Looked(size, shard.keys, tuple(sound), problem)


def _short(error: FeatureError, file: str) -> str:
    """Return what is wrong with a shard, without its path and the remedy."""
    return str(error).partition(f"{file} ")[2].rpartition(";")[0]


def _belongs(shard: Shard, folder: str) -> bool:
    """Say whether a shard's view is that of the folder."""
    said = [
        shard.header[name] for name in ("kind", "settings", "code_version", "made_with", "made_of")
    ]
    return folder == f"{shard.header['kind']}-{short_hash(*said)}"


def _index_problems(
    place: Place, folder: str, looked: Mapping[str, _Looked], young_s: float
) -> list[Problem]:
    """Compare a folder's index with what its shards hold."""
    try:
        index = Index(place, folder)
    except NewerFeature:  # told already
        return []
    name = f"{folder}/{INDEX}"
    wrong = [
        shard
        for shard, keys in index.shards.items()
        if (one := looked.get(f"{folder}/{shard}")) and one.keys and one.keys != keys
    ]
    if wrong:
        return [Problem("index", name, f"says other keys of {wrong[0]} than it holds")]
    if index.in_step or not index.shards:
        return []
    # without one, who makes these shards may be about to write it
    old = any(is_older(place, f"{folder}/{shard}", young_s) for shard in index.shards)
    if INDEX in place.files(folder) or old:
        return [Problem("index", name, "is missing, or lists other shards than are there")]
    return []


def is_there(place: Place, name: str) -> bool:
    """Say whether a file is there; its folder, which may be large, is not listed."""
    return is_older(place, name, math.inf)


def is_older(place: Place, name: str, older_s: float) -> bool:
    """Say whether a file is there and was written before `older_s`."""
    try:
        return place.modified_s(name) < older_s
    except FileNotFoundError:  # removed by another process meanwhile
        return False


def _missing(project: StoreProject, folders: Sequence[str], sound: set[str]) -> list[Problem]:
    """Return the views of which the snapshot names features that no sound row holds."""
    lost: dict[str, list[str]] = {}
    units = set(project.units.column("view").to_pylist())
    columns = ("view", "shard", "key", "clip_id")
    rows = zip(*(project.named.column(name).to_pylist() for name in columns), strict=True)
    for view, shard, key, clip_id in rows:
        if shard.rpartition("/")[0] in folders and key not in sound:
            lost.setdefault(view, []).append(clip_id)
    return [
        Problem(
            "missing",
            view,
            by_number(len(clips), "feature of the snapshot is", "features of the snapshot are")
            + f" missing or damaged, the first of clip {clips[0]}"
            + "; 'dvc repro -s -f sequences' makes them again" * (view in units),
        )
        for view, clips in sorted(lost.items())
    ]


def _mend(place: Place, problems: Sequence[Problem]) -> list[Problem]:
    """Remove damaged shards and write indexes anew."""
    mended = []
    folders = set()
    for problem in problems:
        if problem.fault in {"torn", "changed", "index"}:
            place.discard(problem.where)
            folders.add(problem.where.rpartition("/")[0])
            mended.append(replace(problem, mended=True))
        else:
            mended.append(problem)
    for folder in folders:
        place.discard(f"{folder}/{INDEX}")
        with suppress(NewerFeature):  # told already; it stays
            Index(place, folder).write()
    return mended
