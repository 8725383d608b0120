"""A sheet's boxes put into a source folder: a recording's are taken whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rodepil.data.boxes.keep import (
    boxes_for,
    complaint,
    find_recording,
    put_cages,
    read_cages,
    read_recordings,
    same_camera,
)
from rodepil.data.boxes.sheet import Row, read_sheet
from rodepil.data.cages import Cage
from rodepil.data.problems import raise_if
from rodepil.data.recordings import Recording
from rodepil.errors import CageError


@dataclass(frozen=True)
class Taken:
    """What became of boxes.

    Parameters
    ----------
    cages
        How many cages each recording has now, by recording_id; only recordings that were touched.
    notes
        What to know, for example recordings whose names stayed.
    refused
        What was not taken and why, one line each.
    """

    cages: Mapping[str, int]
    notes: tuple[str, ...]
    refused: tuple[str, ...]


def import_cages(path: Path, folder: Path, *, camera: bool = False, rename: bool = False) -> Taken:
    """Take the boxes of a sheet into a source folder.

    A cage of the table with the same recording and position is replaced, others stay. A recording
    with a bad row is refused, with all its rows: half a set of boxes would pass for a whole one.

    Parameters
    ----------
    path
        The sheet; see `read_sheet`.
    folder
        The source's folder.
    camera
        Let recordings of the same camera and frame size, which the sheet does not name, have the
        boxes as well.
    rename
        With `camera`: replace the names that those recordings have already.

    Raises
    ------
    CageError
        The sheet can't be read, or nothing of it can be taken.
    """
    recordings = read_recordings(folder)
    named, refused = _by_recording(read_sheet(path), recordings, folder)
    there = _by_id(read_cages(folder))
    new: dict[str, list[Cage]] = {}
    for recording_id, rows in named.items():
        recording = next(row for row in recordings if row.recording_id == recording_id)
        cages, problems = _cages(rows, recording, there.get(recording_id, []))
        if problems:
            refused += [*problems, f"{recording_id}: none of its {len(rows)} boxes was taken"]
        else:
            new[recording_id] = cages
    notes: list[str] = []
    if camera:
        sources = [row for row in recordings if row.recording_id in new]
        spread, notes = spread_cages(sources, recordings, new, there, rename=rename, named=named)
        new |= spread
    if not new:
        raise_if(refused or [f"{path} has no row"], CageError, "No box was taken; mend the sheet")
    put_cages(folder, new)
    return Taken({key: len(cages) for key, cages in new.items()}, tuple(notes), tuple(refused))


def spread_cages(
    sources: Sequence[Recording],
    recordings: Sequence[Recording],
    new: Mapping[str, Sequence[Cage]],
    there: Mapping[str, Sequence[Cage]],
    *,
    rename: bool,
    named: Mapping[str, object],
) -> tuple[dict[str, list[Cage]], list[str]]:
    """Return cages for the other recordings of the sources' cameras, and what to know of them.

    Parameters
    ----------
    sources
        Whose boxes to take over.
    recordings
        All of the folder.
    new, there
        The cages of the sources, and those of the table, by recording_id.
    rename
        Replace the names that the others have already.
    named
        Recordings that have boxes of their own and keep them, by recording_id.

    Raises
    ------
    CageError
        A source does not say its camera.
    """
    spread: dict[str, list[Cage]] = {}
    notes: list[str] = []
    for source in sources:
        reuse = same_camera(recordings, source)
        notes += [
            f"{other.recording_id}: same camera, but its frame is "
            f"{other.width_px}x{other.height_px} px; left as it is"
            for other in reuse.other
        ]
        for other in reuse.same:
            if other.recording_id in named:
                continue
            before = there.get(other.recording_id, ())
            cages = boxes_for(other.recording_id, new[source.recording_id], before, rename=rename)
            notes += _differences(other, new[source.recording_id], cages, before, spread)
            spread.setdefault(other.recording_id, cages)
    return _sound(spread, recordings, notes), list(dict.fromkeys(notes))


def _sound(
    spread: Mapping[str, list[Cage]], recordings: Sequence[Recording], notes: list[str]
) -> dict[str, list[Cage]]:
    """Return what can stand; a name that stays may meet itself at another position."""
    known = {row.recording_id: row for row in recordings}
    sound = {}
    for recording_id, cages in spread.items():
        problem = complaint(cages, known[recording_id])
        if problem:
            notes.append(f"{recording_id}: left as it is: {problem}")
        else:
            sound[recording_id] = cages
    return sound


def _differences(
    other: Recording,
    origin: Sequence[Cage],
    cages: Sequence[Cage],
    before: Sequence[Cage],
    spread: Mapping[str, Sequence[Cage]],
) -> list[str]:
    """Say what a reader may not expect of boxes that were taken over."""
    name = other.recording_id
    if name in spread:
        boxes = [cage.box for cage in cages]
        if boxes != [cage.box for cage in spread[name]]:
            return [f"{name}: two recordings of its camera have different boxes; the first's stand"]
        return []
    kept = {cage.position: cage.subject_id for cage in before}
    stayed = [
        cage
        for cage, drawn in zip(cages, origin, strict=True)
        if cage.subject_id != drawn.subject_id
    ]
    gone = sorted(set(kept) - {cage.position for cage in cages})
    notes = []
    if stayed:
        rats = ", ".join(f"{cage.position} {cage.subject_id}" for cage in stayed)
        notes.append(f"{name}: keeps its names ({rats})")
    if gone:
        notes.append(f"{name}: loses position {', '.join(map(str, gone))}")
    return notes


def _by_recording(
    rows: Sequence[Row], recordings: Sequence[Recording], folder: Path
) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the rows of each recording, and those that name none."""
    named: dict[str, list[Row]] = defaultdict(list)
    refused = []
    found: dict[str, str | CageError] = {}
    for row in rows:
        if row.recording not in found:
            try:
                found[row.recording] = find_recording(
                    recordings, row.recording, folder
                ).recording_id
            except CageError as error:
                found[row.recording] = error
        known = found[row.recording]
        if isinstance(known, str):
            named[known].append(row)
        else:
            refused.append(f"line {row.line}: {row.problem if not row.recording else known}")
    return dict(named), refused


def _cages(
    rows: Sequence[Row], recording: Recording, before: Sequence[Cage]
) -> tuple[list[Cage], list[str]]:
    """Return all cages of a recording as they would be, and the problems, by line."""
    problems = []
    fresh: dict[int, Cage] = {}
    for row in rows:
        if row.cage is None:
            problems.append(f"line {row.line}: {row.problem}")
            continue
        position, subject, *box = row.cage
        cage = Cage(recording.recording_id, position, subject, *box)
        problem = complaint([cage], recording)
        if position in fresh:
            problem = f"position {position} of '{recording.recording_id}' stands twice"
        if problem:
            problems.append(f"line {row.line}: {problem}")
        fresh[position] = cage
    merged = [*(cage for cage in before if cage.position not in fresh), *fresh.values()]
    problem = None if problems else complaint(merged, recording)
    if problem:
        problems.append(f"line {rows[0].line} to {rows[-1].line}: {problem}")
    return merged, problems


def _by_id(cages: Sequence[Cage]) -> dict[str, list[Cage]]:
    found: dict[str, list[Cage]] = defaultdict(list)
    for cage in cages:
        found[cage.recording_id].append(cage)
    return dict(found)
