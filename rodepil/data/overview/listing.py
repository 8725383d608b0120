"""The recordings one by one, under the ids by which other commands take them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.cages import Cage, cages_of
from rodepil.data.overview.dataset import Dataset, read_dataset
from rodepil.data.overview.seizures import seizures_of, session_of
from rodepil.data.recordings import recordings_of
from rodepil.io.units import S_PER_H


@dataclass(frozen=True)
class Listed:
    """One recording.

    Parameters
    ----------
    recording_id, file
        Its id, and its file's name without folders.
    begins
        The wall clock of its first frame, else its date.
    hours
        How long it lasts.
    session
        The session that it shares with other files; None where it stands alone.
    cages, seizures
        How many it has; of seizures those agreed upon.
    """

    recording_id: str
    file: str
    begins: str
    hours: float
    session: str | None
    cages: int
    seizures: int


def read_imported(settings: ProjectSettings, workspace: Workspace) -> Dataset:
    """Read what was imported where anything was, else what the pipeline has.

    Raises
    ------
    SourceError, TableError
        As for `read_dataset`.
    """
    imported = workspace.root / settings.data.folder / "recordings.parquet"
    return read_dataset(settings, workspace, source=imported.is_file())


def list_recordings(dataset: Dataset) -> list[Listed]:
    """Return the recordings by session and time."""
    rows = [] if dataset.recordings is None else recordings_of(dataset.recordings)
    cages: dict[str, list[Cage]] = defaultdict(list)
    for cage in [] if dataset.cages is None else cages_of(dataset.cages):
        cages[cage.recording_id].append(cage)
    marks: dict[str, list[Annotation]] = defaultdict(list)
    for mark in [] if dataset.annotations is None else annotations_of(dataset.annotations):
        if mark.agreement >= dataset.min_agreement:
            marks[mark.recording_id].append(mark)
    shared = Counter(map(session_of, rows))
    rows.sort(key=lambda row: (session_of(row), row.session_start_s or 0.0, row.recording_id))
    return [
        Listed(
            row.recording_id,
            PurePosixPath(row.path).name,
            row.date if row.starts_at is None else row.starts_at.replace("T", " "),
            row.duration_s / S_PER_H,
            session_of(row) if shared[session_of(row)] > 1 else None,
            len(cages[row.recording_id]),
            len(
                seizures_of(
                    marks[row.recording_id], [row], cages[row.recording_id], dataset.min_agreement
                )
            ),
        )
        for row in rows
    ]
