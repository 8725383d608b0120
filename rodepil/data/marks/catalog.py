"""The catalog: which recordings and cages a sheet's words mean."""

from __future__ import annotations

import datetime as dt
import re
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rodepil.data.cages import Cage
from rodepil.data.marks.sheet import Cell
from rodepil.data.marks.timeline import Stretch
from rodepil.data.marks.times import EPOCH
from rodepil.data.recordings import Recording
from rodepil.errors import AnnotationError

_CAGE = re.compile(r"(?:cage|position|pos|box|c|käfig)?[\s.#_-]*(\d+)(?:\.0+)?", re.IGNORECASE)
_SIGNS = re.compile(r'[\s_/\\<>:"|?*-]+')
_SHOWN = 6


class Unknown(AnnotationError):
    """A recording, rat or cage that a sheet names is not in the tables, or not sure."""


class Catalog:
    """Recordings and cages by the names that people give them.

    Parameters
    ----------
    recordings, cages
        Rows of a source's tables.
    """

    def __init__(self, recordings: Sequence[Recording], cages: Sequence[Cage]) -> None:
        self.recordings = tuple(recordings)
        self.cages: dict[str, list[Cage]] = defaultdict(list)
        for cage in cages:
            self.cages[cage.recording_id].append(cage)
        self._sessions: dict[str, list[Recording]] = defaultdict(list)
        self._named: dict[str, dict[str, Recording]] = defaultdict(dict)
        for row in recordings:
            if row.session_id is not None and row.session_start_s is not None:
                self._sessions[_key(row.session_id)].append(row)
            for name in _names(row):
                self._named[_key(name)][row.recording_id] = row

    def session(self, name: object) -> tuple[Stretch, ...]:
        """Return the timeline of a session by its id, empty where there is none."""
        rows = self._sessions.get(_key(name), [])
        return tuple(
            sorted(
                (Stretch(row, row.session_start_s or 0.0, row.duration_s) for row in rows),
                key=lambda one: one.from_s,
            )
        )

    def recording(self, name: object) -> Recording:
        """Return a recording by its id, path, file name or video id.

        Raises
        ------
        Unknown
            There is none, or several have that name.
        """
        found = list(self._named.get(_key(name), {}).values()) or self._by_path(str(name))
        if len(found) == 1:
            return found[0]
        if found:
            several = _list(row.recording_id for row in found)
            raise Unknown(f"'{name}' can be {several}; write the recording_id")
        raise Unknown(
            f"'{name}' is no recording or session here; import its video first, or write one of "
            f"{_list(row.recording_id for row in self.recordings)}"
        )

    def timeline(self, name: object, base: str) -> tuple[Stretch, ...]:
        """Return the timeline that a name means.

        Parameters
        ----------
        name
            Of a recording or a session.
        base
            ``recording`` for the file's own time, ``session`` for that of its session, ``auto``
            for what the name is.

        Raises
        ------
        Unknown
            There is no such recording, or it has no session where one is wanted.
        """
        session = self.session(name)
        own = _key(name) in self._named
        if session and (base == "session" or (base == "auto" and not own)):
            return session
        if session and not own:
            if len(session) > 1:
                raise Unknown(
                    f"'{name}' is a session of {len(session)} files and imports.annotations."
                    "time_base is 'recording'; name the file, or set it to 'session'"
                )
            return (Stretch(session[0].recording, 0.0, session[0].length_s),)
        row = self.recording(name)
        if base == "session":
            if row.session_id is None or row.session_start_s is None:
                raise Unknown(f"'{name}' belongs to no session; set time_base to 'recording'")
            return self.session(row.session_id)
        return (Stretch(row, 0.0, row.duration_s),)

    def together(self, timeline: Sequence[Stretch]) -> list[Recording]:
        """Return the recordings of a timeline with the others of their session."""
        own = [one.recording for one in timeline if one.recording is not None]
        rows = [*own, *(one.recording for row in own for one in self.session(row.session_id))]
        return list({row.recording_id: row for row in rows if row is not None}.values())

    def clocked(self, rows: Iterable[Recording | None]) -> tuple[Stretch, ...]:
        """Return recordings on the clock, seconds from 1970; those without a clock are left out."""
        found = [
            Stretch(row, _started_s(row.starts_at), row.duration_s)
            for row in rows
            if row is not None and row.starts_at is not None
        ]
        return tuple(sorted(found, key=lambda one: one.from_s))

    def position(self, recording: Recording, rat: Cell, cage: Cell) -> int:
        """Return the position of a rat, or of a cage, in a recording.

        Raises
        ------
        Unknown
            The rat or the cage is not in that recording, the two don't fit, or neither is named
            and there are several cages.
        """
        cages = self.cages.get(recording.recording_id, [])
        if not cages:
            raise Unknown(
                f"recording '{recording.recording_id}' has no cage; take its boxes from a "
                "sheet ('rodepil cages import'), or draw them first: rodepil cages draw "
                f"{shlex.quote(recording.recording_id)}"
            )
        found = cages
        if rat is not None:
            found = _of_rat(found, rat, recording, numbers=cage is None)
        if cage is not None:
            found = _of_cage(found, cage, recording, rat)
        if len(found) == 1:
            return found[0].position
        listed = _list(f"{one.position} ({one.subject_id})" for one in found)
        if rat is None and cage is None:
            raise Unknown(
                f"recording '{recording.recording_id}' has several cages, {listed}, and the row "
                "names neither rat nor cage; name one"
            )
        raise Unknown(
            f"rat '{rat}' is in several cages of '{recording.recording_id}', {listed}; name the "
            "cage too"
        )

    def _by_path(self, name: str) -> list[Recording]:
        """Return the recordings whose path ends most like a path from another machine does."""
        parts = [_key(part) for part in re.split(r"[/\\]", name) if part]
        if not parts:
            return []
        found = list(self._named.get(parts[-1], {}).values())
        alike = {row.recording_id: _alike(parts, row.path) for row in found}
        return [row for row in found if alike[row.recording_id] == max(alike.values())]


def _of_rat(cages: Sequence[Cage], rat: Cell, recording: Recording, *, numbers: bool) -> list[Cage]:
    wanted = _animal(rat)
    found = [cage for cage in cages if _animal(cage.subject_id) == wanted]
    if not found and numbers and (number := _CAGE.fullmatch(str(rat))):
        found = [cage for cage in cages if cage.position == int(number[1])]
    if not found:
        rats = _list(cage.subject_id for cage in cages)
        raise Unknown(
            f"rat '{rat}' has no cage in '{recording.recording_id}', where {rats} are; mend the "
            "name, or add its cage"
        )
    return found


def _of_cage(cages: Sequence[Cage], cage: Cell, recording: Recording, rat: Cell) -> list[Cage]:
    number = _CAGE.fullmatch(str(cage).strip())
    found = [one for one in cages if number and one.position == int(number[1])]
    if not found:
        listed = _list(f"{one.position} ({one.subject_id})" for one in cages)
        what = f"rat '{rat}' is not in cage '{cage}'" if rat is not None else f"cage '{cage}'"
        raise Unknown(
            f"{what} of '{recording.recording_id}'; there is {listed}; mend the row, or the cages"
        )
    return found


def _names(row: Recording) -> set[str]:
    """Return what a recording may be called; the whole path stands for itself."""
    file = row.path.rsplit("/", 1)[-1]
    stem = file.rsplit(".", 1)[0]
    return {row.recording_id, row.path, file, stem, row.video_id, row.name_id}


def _key(name: object) -> str:
    """Return a name with composed letters and without case; backslashes are slashes."""
    if isinstance(name, float) and name.is_integer():
        name = int(name)
    text = unicodedata.normalize("NFC", str(name)).replace("\\", "/")
    return text.strip().casefold()


def _alike(parts: Sequence[str], path: str) -> int:
    """Return how many last parts two paths share."""
    count = 0
    for one, other in zip(reversed(parts), reversed(_key(path).split("/")), strict=False):
        if one != other:
            break
        count += 1
    return count


def _animal(name: object) -> str:
    """Return a rat's name without case, any sign between its parts a hyphen."""
    return _SIGNS.sub("-", _key(name))


def _started_s(starts_at: str) -> float:
    return (dt.datetime.fromisoformat(starts_at).replace(tzinfo=None) - EPOCH).total_seconds()


def _list(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
