"""Names of recordings: date, video id, part and recording_id, the same at every import.

A recording that the table holds keeps its recording_id, whatever else is given and in whatever
order; cages and annotations hang on it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rodepil.data.lab.cameras import camera_of
from rodepil.data.recordings import Recording
from rodepil.io.files import short_hash
from rodepil.io.names import UNDATED, is_date

LONGEST_BYTES = 100
"""A longer video id is cut, for it stands in names of clips, which no file system takes endless."""

_NO_PART = re.compile(r'[_/\\<>:"|?*\x00-\x1f\x7f]+')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Name:
    """What tells a recording from the others: the columns of the recordings table."""

    date: str
    video_id: str
    part: str | None = None

    @property
    def recording_id(self) -> str:
        """``Date_VideoID``, and the part where there is one."""
        return f"{self.date}_{self.video_id}" + ("" if self.part is None else f"-{self.part}")


@dataclass(frozen=True)
class Unnamed:
    """A file to name.

    Parameters
    ----------
    path
        Absolute path.
    sha256
        Digest of its content.
    name
        What file and clock say of its name.
    known
        Its row in the table, if it has one.
    """

    path: Path
    sha256: str
    name: Name
    known: Recording | None = None


def name_of(stem: str) -> Name:
    """Return the name that ``Date_VideoID`` says; any other stem is a video id, undated."""
    date, _, rest = stem.partition("_")
    if not rest or not is_date(date):
        date, rest = UNDATED, stem
    return Name(date, as_part(rest))


def timed_name(stem: str, starts_at: dt.datetime, *, folder: str, from_name: bool) -> Name:
    """Return the name of a recording whose clock is known.

    Parameters
    ----------
    stem
        The file's; without the clock where that stood in it.
    starts_at
        The clock.
    folder
        Stands in for the video id where the stem held the clock alone.
    from_name
        Whether the clock stood in the stem: the time of day then is the part.
    """
    date = f"{_MONTHS[starts_at.month - 1]}-{starts_at.day}-{starts_at.year}"
    part = f"{starts_at:%H%M%S}" if from_name else None
    video_id = name_of(stem).video_id if stem else as_part(folder or "recording")
    return Name(date, video_id, part)


def as_part(text: str) -> str:
    """Return `text` as a VideoID: a hyphen where a clip's name can't hold a character."""
    part = _NO_PART.sub("-", text)
    if len(part.encode()) <= LONGEST_BYTES:
        return part
    cut = part.encode()[: LONGEST_BYTES - 9].decode(errors="ignore")
    return f"{cut}-{short_hash(part, digits=8)}"


def give_names(files: Sequence[Unnamed], others: Sequence[Recording]) -> list[tuple[str, Name]]:
    """Return the recording_id and the name of every file, none of them twice.

    Where date, video id and part are the same, the folder tells files apart, else the camera's,
    else the suffix, else a digest of the content; this holds for all of them, so that their order
    is nothing.

    Parameters
    ----------
    files
        What is imported, contents all different.
    others
        The rest of the table.
    """
    taken = {(row.date, row.name_id) for row in others}
    kept = [_keep(file) for file in files]
    taken |= {_key(name) for name in kept if name is not None}
    groups: dict[tuple[str, str], list[int]] = {}
    for place, (file, name) in enumerate(zip(files, kept, strict=True)):
        if name is None:
            groups.setdefault(_key(file.name), []).append(place)
    names = list(kept)
    for group in groups.values():
        told = _tell_apart([files[place] for place in group], taken)
        taken |= set(map(_key, told))
        for place, name in zip(group, told, strict=True):
            names[place] = name
    ids = {row.recording_id for row in others}
    ids |= {file.known.recording_id for file in files if file.known is not None}
    return [
        (_id_of(file, name, ids), name)
        for file, name in zip(files, names, strict=True)
        if name is not None
    ]


def _keep(file: Unnamed) -> Name | None:
    """Return the name of the file's row, if date and video id are as they were."""
    row = file.known
    if row is None or (row.date, row.video_id) != (file.name.date, file.name.video_id):
        return None
    return Name(row.date, row.video_id, row.part)


def _tell_apart(files: Sequence[Unnamed], taken: set[tuple[str, str]]) -> list[Name]:
    schemes: tuple[Callable[[Unnamed], str | None], ...] = (
        lambda _: None,
        lambda file: as_part(file.path.parent.name) or None,
        lambda file: as_part(camera_of(file.path) or "") or None,
        lambda file: file.path.suffix.lstrip(".").lower() or None,
    )
    for scheme in schemes:
        names = [_with(file.name, scheme(file)) for file in files]
        keys = set(map(_key, names))
        if len(keys) == len(files) and not keys & taken:
            return names
    return [_with(file.name, file.sha256[:8]) for file in files]


def _with(name: Name, more: str | None) -> Name:
    part = "-".join(text for text in (name.part, more) if text)
    return replace(name, part=part or None)


def _key(name: Name) -> tuple[str, str]:
    """Return what must differ: as `Recording.name_id` says it, in names of clips."""
    return name.date, name.video_id if name.part is None else f"{name.video_id}-{name.part}"


def _id_of(file: Unnamed, name: Name, ids: set[str]) -> str:
    if file.known is not None:
        return file.known.recording_id
    wanted = name.recording_id
    return wanted if wanted not in ids else f"{wanted}-{file.sha256[:8]}"
