"""Take probed files as recordings: told from copies, named, and joined to sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.cameras import camera_of
from rodepil.data.lab.clock import clock_of
from rodepil.data.lab.facts import Facts
from rodepil.data.lab.find import FoundVideo, absolute
from rodepil.data.lab.naming import Name, Unnamed, give_names, name_of, timed_name
from rodepil.data.lab.notes import Note, in_lines, notes_on
from rodepil.data.lab.register import Probed
from rodepil.data.lab.sessions import join_sessions
from rodepil.data.lab.twins import Held, without_twins
from rodepil.data.problems import raise_if
from rodepil.data.recordings import Recording, check_recordings, recordings_of
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to

TABLE = "recordings.parquet"
NAMED = 10
"""New recordings of which the id is said."""


@dataclass(frozen=True)
class ImportedRecordings:
    """What came of an import.

    Parameters
    ----------
    recordings
        The whole table "recordings", as it was written.
    taken
        The ids of what was given and taken.
    new
        Those of them that the table did not hold.
    failures
        Table "failures": what was refused, with the reason and the remedy.
    notes
        What to know of what was taken: damaged files, clocks that are missing, cut sessions.
    folder
        Where the table lies.
    """

    recordings: pa.Table
    taken: tuple[str, ...]
    new: tuple[str, ...]
    failures: pa.Table
    notes: tuple[str, ...]
    folder: Path

    def __str__(self) -> str:
        given = set(self.taken)
        rows = [row for row in recordings_of(self.recordings) if row.recording_id in given]
        hours = sum(row.duration_s for row in rows) / 3600
        sessions = len({row.session_id for row in rows})
        head = (
            f"{len(rows)} recordings ({len(self.new)} new), {hours:.2f} h, {sessions} sessions; "
            f"{self.folder / TABLE} holds {self.recordings.num_rows}"
        )
        refused = [f"refused: {row['message']}" for row in self.failures.to_pylist()]
        more = f", and {len(self.new) - NAMED} more" if len(self.new) > NAMED else ""
        fresh = [f"new: {', '.join(self.new[:NAMED])}{more}"] if self.new else []
        return "\n".join([head, *fresh, *(f"note: {note}" for note in self.notes), *refused])


def take_recordings(
    videos: Sequence[FoundVideo],
    probed: Probed,
    folder: Path,
    settings: RecordingImportSettings,
    *,
    before: Held | None = None,
    failures: Sequence[dict[str, object]] = (),
    lost: Sequence[Path] = (),
) -> ImportedRecordings:
    """Name probed files and join them to sessions; nothing is decoded or written.

    Parameters
    ----------
    videos
        The files, each with its camera.
    probed
        What `probe_many` found in them.
    folder
        What the paths of recordings are relative to.
    settings
        Where the clock comes from, and which files are a session.
    before
        What the source holds; nothing by default.
    failures
        What was refused before.
    lost
        Files of earlier imports that can't be taken.

    Raises
    ------
    SourceError
        No file can be taken; the message says why.
    """
    folder = folder.resolve()  # or ".." in a path would lead elsewhere behind a link
    before = before or Held((), folder)
    refused, notes = [*failures, *probed.failures], list[Note]()
    fresh = without_twins(probed.facts, before, refused, notes)
    if not fresh:
        reasons = [str(row["message"]) for row in refused]
        raise_if(reasons, SourceError, "No file can be taken; give at least one that can")
    cameras = {str(absolute(video.path)): video.camera for video in videos}
    files = [_File.read(facts, known, settings, notes) for facts, known in fresh]
    replaced = {known.recording_id for _, known in fresh if known is not None}
    others = [row for row in before.rows if row.recording_id not in replaced]
    names = give_names([file.unnamed for file in files], others)
    rows = [
        file.row(recording_id, name, cameras[file.facts.path], folder)
        for file, (recording_id, name) in zip(files, names, strict=True)
    ]
    given = tuple(row.recording_id for row in rows)
    unread = {absolute(Path(str(row["item"]))) for row in probed.failures}
    joined = join_sessions(
        [*others, *rows],
        set(given),
        folder,
        settings,
        refused=[*unread.union(lost)],
        before=before.rows,
    )
    check_recordings(joined.recordings)
    return ImportedRecordings(
        recordings=tables.from_rows("recordings", map(asdict, joined.recordings)),
        taken=given,
        new=tuple(row.recording_id for row in rows if row.recording_id not in replaced),
        failures=tables.from_rows("failures", refused),
        notes=(*in_lines(notes), *joined.notes),
        folder=folder,
    )


@dataclass(frozen=True)
class _File:
    """A file that is taken, its row in the table, if it has one, and its clock."""

    facts: Facts
    known: Recording | None
    name: Name
    starts_at: str | None

    @classmethod
    def read(
        cls,
        facts: Facts,
        known: Recording | None,
        settings: RecordingImportSettings,
        notes: list[Note],
    ) -> _File:
        """Read clock and name; a clock that the table has stays where none is found now."""
        path = Path(facts.path)
        clock = clock_of(facts, path.stem, settings)
        notes.extend(notes_on(facts))
        if clock.problem is not None:
            notes.append((f"no clock: {clock.problem}", facts.path))
        if clock.starts_at is not None:
            name = timed_name(
                clock.rest,
                clock.starts_at,
                folder=camera_of(path) or path.parent.name,
                from_name=settings.clock == "name",
            )
            return cls(facts, known, name, clock.starts_at.isoformat())
        if known is not None and known.starts_at is not None:
            name = Name(known.date, known.video_id, known.part)
            return cls(facts, known, name, known.starts_at)
        return cls(facts, known, name_of(path.stem), None)

    @property
    def unnamed(self) -> Unnamed:
        """What its names are made of."""
        return Unnamed(Path(self.facts.path), self.facts.sha256, self.name, self.known)

    def row(self, recording_id: str, name: Name, camera: str | None, folder: Path) -> Recording:
        """Return its row; the session is still that of the table."""
        known = self.known
        columns: dict[str, object] = {
            **self.facts.columns,
            **asdict(name),
            "recording_id": recording_id,
            "path": relative_to(Path(self.facts.path), folder),
            "camera": camera if camera is not None or known is None else known.camera,
            "session_id": None if known is None else known.session_id,
            "session_start_s": None if known is None else known.session_start_s,
            "starts_at": self.starts_at,
        }
        return Recording(**columns)  # type: ignore[arg-type]  # the columns are the fields
