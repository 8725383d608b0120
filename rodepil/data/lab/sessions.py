"""Sessions: files that a camera cut one recording into, in one continuous time.

Each file of a session begins where the one before it ends, and later where the clock tells of more
lost time than it may err by. A recording by itself is a session of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.find import absolute, natural
from rodepil.data.recordings import Recording

_CLOCK_S, _FINE_CLOCK_S = 1.0, 0.001
"""How far clocks err: those in whole seconds, and those that tell parts of one."""


@dataclass(frozen=True)
class Joined:
    """What became of the sessions.

    Parameters
    ----------
    recordings
        All of the table, in its order.
    notes
        Where files that were expected to follow one another do not, and what to do.
    """

    recordings: list[Recording]
    notes: list[str]


def join_sessions(
    recordings: Sequence[Recording],
    given: set[str],
    folder: Path,
    settings: RecordingImportSettings,
    *,
    refused: Sequence[Path] = (),
    before: Sequence[Recording] = (),
) -> Joined:
    """Join what is imported to sessions, with what the table holds of the same cameras or folders.

    Where files are not to be joined, what the table holds in one session stays in it.

    Parameters
    ----------
    recordings
        All of the table, what is imported included.
    given
        The ids of what is imported.
    folder
        What the paths of recordings are relative to.
    settings
        How files are joined.
    refused
        Absolute paths of files that can't be taken: where only their order joins files, nothing
        goes on behind one of them.
    before
        What the table held before the import.
    """
    rows = {row.recording_id: row for row in recordings}
    notes: list[str] = []
    if settings.sessions == "none":
        concerned = _changed(recordings, given, before)
    else:
        concerned = _concerned(recordings, given, settings)
    for chain in _chains(concerned, folder, settings):
        holes = _holes(chain, folder, refused)
        for session in _cut(chain, holes, settings, notes):
            rows |= {row.recording_id: row for row in _in_time(session)}
    return Joined(list(rows.values()), [*notes, *_recut(before, rows, settings)])


def _changed(
    recordings: Sequence[Recording], given: set[str], before: Sequence[Recording]
) -> list[Recording]:
    """Return what is imported anew, and the sessions of which a file has other content now."""
    contents = {row.recording_id: row.sha256 for row in before}
    sessions = {
        row.session_id
        for row in recordings
        if row.recording_id in given and contents.get(row.recording_id) != row.sha256
    }
    return [
        row
        for row in recordings
        if (row.recording_id in given if row.session_id is None else row.session_id in sessions)
    ]


def _recut(
    before: Sequence[Recording], rows: Mapping[str, Recording], settings: RecordingImportSettings
) -> list[str]:
    """Say where recordings that the table held are in other company than they were."""
    held = [row for row in before if row.session_id is not None]
    old = _companies(held)
    new = _companies([rows[row.recording_id] for row in held])
    if old == new:
        return []
    count = len(set().union(*(old ^ new)))
    note = (
        f"{count} recordings of the table were in {len(old - new)} sessions and are in "
        f"{len(new - old)} now (imports.recordings.sessions is '{settings.sessions}'); times that "
        "count from a session's start mean another place there: import such annotations again"
    )
    return [note]


def _companies(rows: Iterable[Recording]) -> set[frozenset[str]]:
    """Return which recordings share a session."""
    found: dict[str | None, set[str]] = {}
    for row in rows:
        found.setdefault(row.session_id, set()).add(row.recording_id)
    return set(map(frozenset, found.values()))


def _concerned(
    recordings: Sequence[Recording], given: set[str], settings: RecordingImportSettings
) -> list[Recording]:
    """Return what is imported, all of the sessions that it was in, and what it may join."""
    sessions = {row.session_id for row in recordings if row.recording_id in given}
    places = {_place(row, settings) for row in recordings if row.recording_id in given}
    return [
        row
        for row in recordings
        if row.recording_id in given
        or (row.session_id is not None and row.session_id in sessions)
        or _place(row, settings) in places
    ]


def _place(row: Recording, settings: RecordingImportSettings) -> tuple[str, str]:
    """Return what the files of a session share: the camera, or the folder where none is known."""
    if settings.sessions == "clock" and row.camera is not None:
        return "camera", row.camera
    return "folder", Path(row.path).parent.as_posix()


def _chains(
    rows: Iterable[Recording], folder: Path, settings: RecordingImportSettings
) -> list[list[Recording]]:
    """Return rows that may follow one another, in order; a row by itself where they can't."""
    chains: dict[object, list[Recording]] = {}
    for row in rows:
        place: object = _place(row, settings)
        if settings.sessions == "none":
            place = row.session_id or row.recording_id
        elif settings.sessions == "clock" and row.starts_at is None:
            place = row.recording_id
        chains.setdefault(place, []).append(row)
    for chain in chains.values():
        if settings.sessions == "none":
            chain.sort(key=lambda row: (row.session_start_s or 0.0, row.recording_id))
        elif settings.sessions == "clock":
            chain.sort(key=lambda row: (row.starts_at or "", row.recording_id))
        else:
            chain.sort(key=lambda row: natural(folder / row.path))
    return list(chains.values())


def _holes(chain: Sequence[Recording], folder: Path, refused: Sequence[Path]) -> dict[str, Path]:
    """Return the refused files of a chain's folder, by the id of the recording behind them."""
    paths = [absolute(folder / row.path) for row in chain]
    found: dict[str, Path] = {}
    for lost in sorted(refused, key=natural):
        behind = [
            row
            for row, path in zip(chain, paths, strict=True)
            if path.parent == lost.parent and natural(path) > natural(lost)
        ]
        if behind:
            found[min(behind, key=lambda row: natural(folder / row.path)).recording_id] = lost
    return found


def _cut(
    chain: Sequence[Recording],
    holes: Mapping[str, Path],
    settings: RecordingImportSettings,
    notes: list[str],
) -> list[list[Recording]]:
    """Cut a chain where a file does not go on where the one before it ends."""
    sessions = [[chain[0]]]
    for row in chain[1:]:
        before = sessions[-1][-1]
        lost_s, problem = _lost_s(before, row), None
        if lost_s is not None and lost_s < -settings.session_gap_s:
            problem = (
                f"starts {-lost_s:g} s ahead of the end of {before.path} by the clock; mend the "
                "clock in one of the names, or say of which camera each is (--camera)"
            )
        elif lost_s is not None and lost_s > settings.session_gap_s:
            if settings.sessions == "clock":
                sessions.append([row])  # another recording, which is nothing to tell
                continue
            problem = (
                f"starts {lost_s:g} s after the end of {before.path} by the clock; raise "
                "session_gap_s if the time lost is nothing"
            )
        elif lost_s is None and row.recording_id in holes:
            problem = (
                f"comes behind {holes[row.recording_id]}, which can't be taken and lasted nobody "
                "knows how long; mend that file and import it"
            )
        elif (before.width_px, before.height_px) != (row.width_px, row.height_px):
            problem = (
                f"shows {row.width_px}x{row.height_px} px, {before.path} shows "
                f"{before.width_px}x{before.height_px} px; files of one session share a size"
            )
        if problem is None:
            sessions[-1].append(row)
        else:
            sessions.append([row])
            notes.append(f"{row.path} {problem}. It begins a session of its own")
    return sessions


def _lost_s(before: Recording, row: Recording) -> float | None:
    """Return the time between two files by the clock; None where a clock is not known."""
    if before.starts_at is None or row.starts_at is None:
        return None
    end = dt.datetime.fromisoformat(before.starts_at) + dt.timedelta(seconds=before.duration_s)
    return (dt.datetime.fromisoformat(row.starts_at) - end).total_seconds()


def _in_time(session: Sequence[Recording]) -> Iterable[Recording]:
    """Place the files of a session one behind the other, with the time that was lost between."""
    start_s, before = 0.0, None
    for row in session:
        if before is not None:
            lost_s = _lost_s(before, row) or 0.0
            start_s += before.duration_s + (lost_s if lost_s > _errs_s(before, row) else 0.0)
        yield replace(row, session_id=session[0].recording_id, session_start_s=start_s)
        before = row


def _errs_s(*rows: Recording) -> float:
    """Return how far the clocks of recordings err."""
    return _FINE_CLOCK_S if any("." in (row.starts_at or "") for row in rows) else _CLOCK_S
