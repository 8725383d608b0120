"""The cages table of a source folder: found recordings, their cages, and cages put in place."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rodepil.data.boxes.editor import Box
from rodepil.data.cages import REMEDY, Cage, cages_of, check_cages
from rodepil.data.lock import writing
from rodepil.data.recordings import Recording, recordings_of
from rodepil.errors import CageError
from rodepil.io import tables

SHOWN = 8


@dataclass(frozen=True)
class Reuse:
    """Which recordings share a recording's camera.

    Parameters
    ----------
    same
        Those of the same frame size, which can have the same boxes.
    other
        Those of another size, which can't.
    """

    same: tuple[Recording, ...]
    other: tuple[Recording, ...]


def read_recordings(folder: Path) -> list[Recording]:
    """Return the recordings of a source folder.

    Raises
    ------
    CageError
        The folder has none yet.
    TableError
        The table is damaged.
    """
    path = folder / "recordings.parquet"
    if not path.is_file():
        raise CageError(
            f"there are no recordings in {folder}; run 'rodepil import recordings DIR' first, or "
            "name the folder that has them with --into"
        )
    return recordings_of(tables.read("recordings", path))


def read_cages(folder: Path) -> list[Cage]:
    """Return the cages of a source folder; none where there is no table yet."""
    path = folder / "cages.parquet"
    return cages_of(tables.read("cages", path)) if path.is_file() else []


def put_cages(folder: Path, cages: Mapping[str, Sequence[Cage]]) -> None:
    """Let recordings have these cages and no others; other recordings keep theirs.

    Parameters
    ----------
    folder
        The source's folder. Its table is read just before it is written whole.
    cages
        By recording_id.
    """
    with writing(folder):
        before = read_cages(folder)
        after = [cage for cage in before if cage.recording_id not in cages]
        after += [cage for listed in cages.values() for cage in listed]
        after.sort(key=lambda cage: (cage.recording_id, cage.position))
        if after != before or not (folder / "cages.parquet").is_file():
            made = tables.from_rows("cages", [asdict(cage) for cage in after])
            tables.write("cages", made, folder / "cages.parquet")


def find_recording(recordings: Sequence[Recording], text: str, folder: Path) -> Recording:
    """Return the recording that `text` names.

    Parameters
    ----------
    recordings
        Where to look.
    text
        A recording_id, a path, a file's name with or without suffix, or a part of an id or path
        that no other recording has. Case counts only where nothing else tells recordings apart.
    folder
        What the paths of recordings are relative to.

    Raises
    ------
    CageError
        None is so named, or several are.
    """
    wanted = _plain(text)
    place = (Path.cwd() / text).resolve()
    tests = (
        lambda row: wanted in (_plain(row.recording_id), _plain(row.path)),
        lambda row: (folder / row.path).resolve() == place,
        lambda row: wanted in (_plain(Path(row.path).name), _plain(Path(row.path).stem)),
        lambda row: wanted in _plain(row.recording_id) or wanted in _plain(row.path),
        lambda row: _folded(wanted) in _folded(f"{row.recording_id}\n{row.path}"),
    )
    for test in tests:
        found = [row for row in recordings if wanted and test(row)]
        if len(found) == 1:
            return found[0]
        if found:
            raise CageError(
                f"'{text}' names {len(found)} recordings: {_list(found)}; write more of one's id"
            )
    raise CageError(
        f"no recording is named '{text}'; there are {_list(recordings)}. Import it first, or name "
        "another folder with --into"
    )


def same_camera(recordings: Sequence[Recording], recording: Recording) -> Reuse:
    """Return the other recordings of a recording's camera.

    Raises
    ------
    CageError
        The recording does not say its camera.
    """
    if recording.camera is None:
        raise CageError(
            f"recording '{recording.recording_id}' does not say its camera; give one when it is "
            "imported, or leave --camera out"
        )
    size = recording.width_px, recording.height_px
    others = [
        row
        for row in recordings
        if row.camera == recording.camera and row.recording_id != recording.recording_id
    ]
    same = tuple(row for row in others if (row.width_px, row.height_px) == size)
    return Reuse(same, tuple(row for row in others if row not in same))


def boxes_for(
    recording_id: str, cages: Sequence[Cage], there: Sequence[Cage], *, rename: bool
) -> list[Cage]:
    """Return one recording's cages for another of the same camera.

    Parameters
    ----------
    recording_id
        The other recording.
    cages
        Boxes, positions and names to take over.
    there
        The other recording's cages so far. Another rat may live at a position by then, so that
        these names stay, unless `rename` is set.
    rename
        Take the names over as well.
    """
    names = {} if rename else {cage.position: cage.subject_id for cage in there}
    return [
        replace(
            cage,
            recording_id=recording_id,
            subject_id=names.get(cage.position, cage.subject_id),
        )
        for cage in cages
    ]


def boxes_of(cages: Sequence[Cage], recording_id: str) -> list[Box]:
    """Return a recording's cages as boxes to draw."""
    return [
        Box(*cage.box, cage.position, cage.subject_id)
        for cage in cages
        if cage.recording_id == recording_id
    ]


def cages_from(boxes: Sequence[Box], recording_id: str) -> list[Cage]:
    """Return drawn boxes as a recording's cages."""
    return [
        Cage(recording_id, box.position, box.subject, box.x, box.y, box.width, box.height)
        for box in boxes
    ]


def complaint(cages: Sequence[Cage], recording: Recording) -> str | None:
    """Say what is wrong with a recording's cages; None where nothing is."""
    try:
        check_cages(cages, [recording])
    except CageError as error:
        return str(error).removesuffix(f". {REMEDY}")
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _folded(text: str) -> str:
    return _plain(text).casefold()


def _list(recordings: Sequence[Recording]) -> str:
    shown = ", ".join(f"'{row.recording_id}'" for row in recordings[:SHOWN])
    more = f" and {len(recordings) - SHOWN} more" if len(recordings) > SHOWN else ""
    return f"{shown}{more}" if recordings else "none"
