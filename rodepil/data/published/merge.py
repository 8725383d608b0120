"""The rows of a source's three tables: read, merged with what is imported, written if changed."""

from __future__ import annotations

from collections.abc import Sequence
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


def merged(before: Rows, fresh: Rows, given: set[str], marked: set[str]) -> Rows:
    """Return the rows of before without those of what was given, and the fresh ones.

    What others annotated in a clip that is taken again stays. In a recording that annotators'
    marks speak of, annotations were merged of these (the name's own label among them) and stay
    as they are.

    Parameters
    ----------
    before, fresh
        The rows of the tables, and those of the clips that are taken.
    given
        The recordings of all clips that were looked at, taken or refused.
    marked
        Recordings that annotators' marks speak of.
    """
    taken = {row.recording_id for row in fresh.recordings}
    settled = marked & {row.recording_id for row in before.recordings}
    kept = [
        row
        for row in before.annotations
        if row.recording_id not in given
        or row.recording_id in taken & settled
        or (row.recording_id in taken and row.annotator != ANNOTATOR)
    ]
    added = [row for row in fresh.annotations if row.recording_id not in settled]
    return Rows(
        [*(row for row in before.recordings if row.recording_id not in given), *fresh.recordings],
        [*(row for row in before.cages if row.recording_id not in given), *fresh.cages],
        [*kept, *added],
    )


def write_rows(before: Rows, rows: Rows, folder: Path) -> None:
    """Write the tables that changed, so that a kill in between never loses a seizure's label.

    A recording comes after its annotations and cages, and goes ahead of them: at no moment does
    one stand there that would pass for one without a seizure. The same import mends what was
    broken off.
    """
    stay = {row.recording_id for row in rows.recordings}
    cages = [row for row in before.cages if row.recording_id not in stay]
    annotations = [row for row in before.annotations if row.recording_id not in stay]
    _write("annotations", [*rows.annotations, *annotations], folder)
    _write("cages", [*rows.cages, *cages], folder)
    _write("recordings", rows.recordings, folder)
    _write("cages", rows.cages, folder)
    _write("annotations", rows.annotations, folder)


def _write(
    name: str, rows: Sequence[Recording] | Sequence[Cage] | Sequence[Annotation], folder: Path
) -> None:
    """Write a table in order of its keys where it differs from what is there."""
    keys = ("recording_id", "position", "start_s", "annotator")
    dicts = [asdict(row) for row in rows]
    dicts.sort(key=lambda row: [row[key] for key in keys if key in row])
    made = tables.from_rows(name, dicts)
    path = folder / f"{name}.parquet"
    if not path.is_file() or not tables.read(name, path).equals(made):
        tables.write(name, made, path)
