"""Sources: where recordings come from, and the three tables that say all of them.

A source is a folder with recordings.parquet, cages.parquet and annotations.parquet; the paths of
recordings are relative to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.data.annotations import annotations_of, check_annotations
from rodepil.data.cages import cages_of, check_cages
from rodepil.data.problems import raise_if
from rodepil.data.recordings import check_recordings, recordings_of
from rodepil.errors import RodepilError, SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to, sha256_file
from rodepil.io.names import UNDATED, is_date
from rodepil.io.progress import Progress, Silent
from rodepil.io.video import probe

NAMES = ("recordings", "cages", "annotations")

_NO_PART = re.compile(r'[_/\\<>:"|?*\x00-\x1f\x7f]+')


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
        Table "failures": the others, with the reason: unreadable, or the same content or the
        same name as one ahead of it.
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
        id (a hyphen where the clip's name can't hold a character), undated.
    folder
        Where the recordings table will lie: paths are relative to it.
    progress
        Shown the files.

    Raises
    ------
    SourceError
        There is no file, or none can be read.
    """
    if not paths:
        raise SourceError("there are no video files; name at least one")
    rows: list[dict[str, object]] = []
    failures: list[dict[str, object]] = []
    with (progress or Silent()).task("probe recordings", len(paths), "files") as advance:
        for path in paths:
            try:
                rows.append(_recording_row(path, folder))
            except RodepilError as error:
                failures.append(
                    {"item": str(path), "error": type(error).__name__, "message": str(error)}
                )
            advance(1)
    rows = _without_twins(rows, failures)
    if not rows:
        reasons = [str(row["message"]) for row in failures]
        raise_if(reasons, SourceError, "No file can be read; give at least one that can")
    found = tables.from_rows("recordings", rows)
    check_recordings(recordings_of(found))
    return FoundRecordings(found, tables.from_rows("failures", failures))


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
    missing = [name for name in NAMES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        what = "is not there" if not folder.is_dir() else "lacks tables"
        what = "is empty" if folder.is_dir() and not any(folder.iterdir()) else what
        raise SourceError(
            f"{folder} {what}: no {', '.join(f'{name}.parquet' for name in missing)}. Put the "
            "tables there, or make recordings with 'rodepil simulate'"
        )
    read = {name: tables.read(name, folder / f"{name}.parquet") for name in NAMES}
    try:
        check_tables(**read)
    except RodepilError as error:
        raise type(error)(f"{folder}: {error}") from error
    return Source(folder, **read)


def take_tables(folder: Path, raw: Path) -> None:
    """Take the tables of a lab's own folder into `raw`; the videos stay where they are.

    The recordings' new paths lead from `raw` to them, and their contents are held by sha256,
    which curation checks: no terabyte is copied, and no other video is taken for one.

    Raises
    ------
    SourceError, TableError, CageError, AnnotationError
        As for `read_source`.
    """
    source = read_source(folder)
    rows = [
        {**row, "path": relative_to(folder / row["path"], raw)}
        for row in source.recordings.to_pylist()
    ]
    tables.write("recordings", tables.from_rows("recordings", rows), raw / "recordings.parquet")
    tables.write("cages", source.cages, raw / "cages.parquet")
    tables.write("annotations", source.annotations, raw / "annotations.parquet")


def _recording_row(path: Path, folder: Path) -> dict[str, object]:
    info = probe(path)
    date, video_id = _date_and_video_id(path.stem)
    return {
        "recording_id": f"{date}_{video_id}",
        "path": relative_to(path, folder),
        "sha256": sha256_file(path),
        "date": date,
        "video_id": video_id,
        "fps": str(info.fps),
        "n_frames": info.n_frames,
        "duration_s": info.duration_s,
        "width_px": info.width_px,
        "height_px": info.height_px,
        "codec": info.codec,
    }


def _without_twins(
    rows: list[dict[str, object]], failures: list[dict[str, object]]
) -> list[dict[str, object]]:
    """Return the rows whose content and name are new; the others join the failures."""
    kept: dict[object, dict[str, object]] = {}
    for row in rows:
        twin = kept.get(row["sha256"]) or kept.get(row["recording_id"])
        if twin is None:
            kept[row["sha256"]] = kept[row["recording_id"]] = row
            continue
        same = twin["sha256"] == row["sha256"]
        message = (
            f"{row['path']} holds the same video as {twin['path']}; give it once"
            if same
            else f"{row['path']} has the name of {twin['path']}; rename one"
        )
        failures.append({"item": row["path"], "error": SourceError.__name__, "message": message})
    return [row for key, row in kept.items() if key == row["sha256"]]


def _date_and_video_id(stem: str) -> tuple[str, str]:
    date, _, rest = stem.partition("_")
    if not rest or not is_date(date):
        date, rest = UNDATED, stem
    return date, _NO_PART.sub("-", rest)
