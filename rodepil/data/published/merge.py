"""The rows of a source's three tables: read, merged with what is imported, written if changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.cages import Cage, cages_of
from rodepil.data.recordings import Recording, recordings_of
from rodepil.io import tables

ANNOTATOR = "published"
"""Who says what a published clip's name says."""


@dataclass(frozen=True)
class Rows:
    """The rows of a source's tables."""

    recordings: list[Recording]
    cages: list[Cage]
    annotations: list[Annotation]


def read_rows(folder: Path) -> Rows:
    """Read the tables that are there; one that is not has no rows."""

    def table(name: str) -> pa.Table:
        path = folder / f"{name}.parquet"
        return tables.read(name, path) if path.is_file() else tables.from_rows(name, [])

    return Rows(
        recordings_of(table("recordings")),
        cages_of(table("cages")),
        annotations_of(table("annotations")),
    )


def merged(before: Rows, fresh: Rows, given: set[str]) -> Rows:
    """Return the rows of before without those of what was given, and the fresh ones.

    What others annotated in a clip that is taken again stays.
    """
    taken = {row.recording_id for row in fresh.recordings}
    kept = [
        row
        for row in before.annotations
        if row.recording_id not in given
        or (row.recording_id in taken and row.annotator != ANNOTATOR)
    ]
    return Rows(
        [*(row for row in before.recordings if row.recording_id not in given), *fresh.recordings],
        [*(row for row in before.cages if row.recording_id not in given), *fresh.cages],
        [*kept, *fresh.annotations],
    )


def write_rows(rows: Rows, folder: Path) -> None:
    """Write the tables that changed, in order of their keys."""
    recordings = sorted(rows.recordings, key=lambda row: row.recording_id)
    cages = sorted(rows.cages, key=lambda row: (row.recording_id, row.position))
    annotations = sorted(
        rows.annotations,
        key=lambda row: (row.recording_id, row.position, row.start_s, row.annotator),
    )
    listed = {
        "recordings": [asdict(row) for row in recordings],
        "cages": [asdict(row) for row in cages],
        "annotations": [asdict(row) for row in annotations],
    }
    for name, dicts in listed.items():
        made = tables.from_rows(name, dicts)
        path = folder / f"{name}.parquet"
        if not path.is_file() or not tables.read(name, path).equals(made):
            tables.write(name, made, path)
