"""Sources: where recordings come from, and the three tables that say all of them.

A source is a folder with recordings.parquet, cages.parquet and annotations.parquet; the paths of
recordings are relative to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.annotations import annotations_of, check_annotations
from rodepil.data.cages import cages_of, check_cages
from rodepil.data.lab.find import FoundVideo
from rodepil.data.lab.register import probe_many
from rodepil.data.lab.taking import take_recordings
from rodepil.data.origin import named
from rodepil.data.recordings import check_recordings, recordings_of
from rodepil.data.sound import sift
from rodepil.errors import RodepilError, SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to
from rodepil.io.progress import Progress

NAMES = ("recordings", "cages", "annotations")
REMEDIES = {
    "recordings": "Import videos ('rodepil import recordings DIR --into {folder}'), or make some "
    "with 'rodepil simulate'",
    "cages": "draw cages ('rodepil cages draw RECORDING --into {folder}')",
    "annotations": "import seizures ('rodepil annotations import FILE --watched all --into "
    "{folder}', where --watched all says that every recording was looked at)",
}
"""What to do where a table is missing."""


@dataclass(frozen=True)
class Source:
    """A source's tables, checked together.

    Parameters
    ----------
    folder
        What the paths of recordings are relative to.
    recordings, cages, annotations
        Tables of those schemas.
    """

    folder: Path
    recordings: pa.Table
    cages: pa.Table
    annotations: pa.Table


@dataclass(frozen=True)
class FoundRecordings:
    """What became of video files.

    Parameters
    ----------
    recordings
        Table "recordings": those that can be read.
    failures
        Table "failures": the others, with the reason: unreadable, or the same content as one ahead
        of it.
    """

    recordings: pa.Table
    failures: pa.Table


def recordings_from_files(
    paths: Sequence[Path], folder: Path, *, progress: Progress | None = None
) -> FoundRecordings:
    """Probe video files by decoding them.

    Parameters
    ----------
    paths
        Video files. ``Date_VideoID.*`` gives date and video id; any other name becomes the video
        id (a hyphen where the clip's name can't hold a character), undated. Files that share both
        are told apart by their folder, suffix or content.
    folder
        Where the recordings table will lie: paths are relative to it.
    progress
        Shown the megabytes that are done.

    Raises
    ------
    SourceError
        There is no file, or none can be read.
    """
    if not paths:
        raise SourceError("there are no video files; name at least one")
    videos = [FoundVideo(path, None) for path in paths]
    probed = probe_many(paths, progress=progress)
    taken = take_recordings(videos, probed, folder, RecordingImportSettings())
    return FoundRecordings(taken.recordings, taken.failures)


def check_tables(recordings: pa.Table, cages: pa.Table, annotations: pa.Table) -> None:
    """Check the three tables together.

    Raises
    ------
    SourceError, CageError, AnnotationError
        A table holds what can't be; the message lists the rows.
    """
    recorded, caged = recordings_of(recordings), cages_of(cages)
    check_recordings(recorded)
    check_cages(caged, recorded)
    check_annotations(annotations_of(annotations), recorded, caged)


def read_source(folder: Path) -> Source:
    """Read and check the tables of a source.

    Raises
    ------
    SourceError
        The folder is missing or lacks a table, or the recordings are impossible.
    TableError, CageError, AnnotationError
        A table is damaged or holds what can't be.
    """
    source = _read(folder)
    _check(source)
    return source


def read_sound(folder: Path) -> tuple[Source, pa.Table]:
    """Read the tables of a source without the recordings of which a row can't be.

    Returns
    -------
    tuple
        The sound part of the source, and table "failures": what is left out, with the reason. A
        cage or an annotation of an unknown recording is left out alone.

    Raises
    ------
    SourceError, TableError, CageError, AnnotationError
        As for `read_source`, where no recording is sound.
    """
    return _sound(_read(folder))


def _check(source: Source) -> None:
    try:
        check_tables(source.recordings, source.cages, source.annotations)
    except RodepilError as error:
        raise type(error)(f"{source.folder}: {error}") from error


def _sound(source: Source) -> tuple[Source, pa.Table]:
    good, failures = sift(source.recordings, source.cages, source.annotations)
    if not good:
        _check(source)
    of_good = pc.field("recording_id").isin(good)
    sound = {name: getattr(source, name).filter(of_good) for name in NAMES}
    return Source(source.folder, **sound), failures


def _read(folder: Path) -> Source:
    missing = [name for name in NAMES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        what = "is not there" if not folder.is_dir() else "lacks tables"
        what = "is empty" if folder.is_dir() and not any(folder.iterdir()) else what
        remedies = "; ".join(REMEDIES[name].format(folder=folder) for name in missing)
        raise SourceError(
            f"{folder} {what}: no {', '.join(f'{name}.parquet' for name in missing)}. {remedies}"
        )
    return Source(folder, **{name: tables.read(name, folder / f"{name}.parquet") for name in NAMES})


def take_tables(folder: Path, raw: Path) -> None:
    """Take the tables of a lab's own folder into `raw`; the videos stay where they are.

    The recordings' new paths lead from `raw` to them, and their contents are held by sha256,
    which curation checks: no terabyte is copied, and no other video is taken for one. Rows that
    can't be are taken as well, for curation to name them.

    Raises
    ------
    SourceError, TableError, CageError, AnnotationError
        As for `read_sound`.
    """
    source = _read(folder)
    _sound(source)
    raw.mkdir(parents=True, exist_ok=True)
    here, there = folder.resolve(), raw.resolve()  # or ".." would lead elsewhere behind a link
    rows = [
        {**row, "path": relative_to(here / row["path"], there)}
        for row in source.recordings.to_pylist()
    ]
    recordings = named(tables.from_rows("recordings", rows), folder)
    tables.write("recordings", recordings, raw / "recordings.parquet")
    tables.write("cages", source.cages, raw / "cages.parquet")
    tables.write("annotations", source.annotations, raw / "annotations.parquet")
