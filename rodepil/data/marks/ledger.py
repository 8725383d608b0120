"""The ledger: every annotator's marks and what each watched, beside a source's tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.marks.catalog import Catalog
from rodepil.data.marks.entry import Mark, Watch
from rodepil.data.marks.matching import Judges, events_of
from rodepil.data.marks.merge import annotations_of_events
from rodepil.errors import AnnotationError
from rodepil.io import tables

ADOPTED = "annotations.parquet"
"""The file of marks that stood in the annotations table before any was imported."""


@dataclass(frozen=True)
class Ledger:
    """Marks and what was watched, of all files."""

    marks: tuple[Mark, ...] = ()
    watched: tuple[Watch, ...] = ()

    @property
    def recordings(self) -> set[str]:
        """The recordings that it speaks of."""
        marked = {row.recording_id for row in self.marks}
        return marked | {row.recording_id for row in self.watched}

    @property
    def given(self) -> set[tuple[str, str]]:
        """The files that it holds rows of, each with every annotator of it."""
        marked = {(row.file, row.annotator) for row in self.marks}
        return marked | {(row.file, row.annotator) for row in self.watched}

    @property
    def judges(self) -> Judges:
        """Who could have marked what."""
        watched = ((row.annotator, row.recording_id, row.position) for row in self.watched)
        return Judges(self.marks, watched)

    def without(self, files: Iterable[str]) -> Ledger:
        """Return it without what some files gave."""
        gone = set(files)
        return Ledger(
            tuple(row for row in self.marks if row.file not in gone),
            tuple(row for row in self.watched if row.file not in gone),
        )

    def plus(self, marks: Iterable[Mark], watched: Iterable[Watch]) -> Ledger:
        """Return it with more, in the order of the tables."""
        return Ledger(
            tuple(sorted({*self.marks, *marks}, key=_mark_order)),
            tuple(sorted({*self.watched, *watched}, key=_watch_order)),
        )

    def placed(self, catalog: Catalog) -> Ledger:
        """Return what lies in recordings and cages that are still there."""
        known = {row.recording_id for row in catalog.recordings}
        caged = {(key, cage.position) for key, cages in catalog.cages.items() for cage in cages}
        return Ledger(
            tuple(
                row
                for row in self.marks
                if row.recording_id in known and (row.recording_id, row.position) in caged
            ),
            tuple(row for row in self.watched if row.recording_id in known),
        )


def read_ledger(folder: Path) -> Ledger:
    """Read a source's ledger, an empty one where nothing was imported.

    Raises
    ------
    TableError
        A table is damaged.
    """
    marks, watched = folder / "marks.parquet", folder / "watched.parquet"
    return Ledger(
        tuple(Mark(**row) for row in _rows("marks", marks)),
        tuple(Watch(**row) for row in _rows("watched", watched)),
    )


def write_ledger(
    folder: Path,
    before: Ledger,
    ledger: Ledger,
    catalog: Catalog,
    settings: AnnotationImportSettings,
) -> list[Annotation]:
    """Write marks, what was watched, and the annotations made of them; return those.

    Annotations of recordings that neither ledger speaks of came another way and stay. Those of
    recordings that only the new one speaks of are adopted as marks of their annotators.

    Parameters
    ----------
    folder
        The source.
    before, ledger
        What was read, and what shall be.
    catalog
        The source's recordings and cages.
    settings
        How marks are merged.

    Raises
    ------
    AnnotationError
        Annotations that were merged of marks stand there without the marks.
    """
    path = folder / "annotations.parquet"
    there = annotations_of(tables.read("annotations", path)) if path.is_file() else []
    new = ledger.recordings - before.recordings
    ledger = _adopt([row for row in there if row.recording_id in new], ledger, path)
    spoken = ledger.recordings | before.recordings
    rows = _merged(
        [row for row in there if row.recording_id not in spoken], ledger, catalog, settings
    )
    _write("marks", [asdict(row) for row in ledger.marks], folder)
    _write("watched", [asdict(row) for row in ledger.watched], folder)
    _write("annotations", [asdict(row) for row in rows], folder)
    return rows


def withdraw_ledger(
    folder: Path,
    before: Ledger,
    ledger: Ledger,
    catalog: Catalog,
    settings: AnnotationImportSettings,
) -> list[Annotation]:
    """Write the annotations made of a smaller ledger, then that ledger; return the annotations.

    In this order a removal that is killed can be done again: what it was to withdraw is still
    named. Parameters are those of `write_ledger`.
    """
    path = folder / "annotations.parquet"
    there = annotations_of(tables.read("annotations", path)) if path.is_file() else []
    kept = [row for row in there if row.recording_id not in before.recordings]
    rows = _merged(kept, ledger, catalog, settings)
    _write("annotations", [asdict(row) for row in rows], folder)
    _write("watched", [asdict(row) for row in ledger.watched], folder)
    _write("marks", [asdict(row) for row in ledger.marks], folder)
    return rows


def set_aside(folder: Path, gone: set[str]) -> Ledger:
    """Take recordings' annotations out of the table; return the ledger, in which they wait.

    Annotations that no mark made are adopted as marks of their annotators.

    Raises
    ------
    AnnotationError
        As for `write_ledger`.
    """
    path, before = folder / "annotations.parquet", read_ledger(folder)
    if not path.is_file():
        return before
    there = annotations_of(tables.read("annotations", path))
    own = [row for row in there if row.recording_id in gone - before.recordings]
    ledger = _adopt(own, before, path)
    if ledger != before:
        _write("marks", [asdict(row) for row in ledger.marks], folder)
        _write("watched", [asdict(row) for row in ledger.watched], folder)
    _write("annotations", [asdict(row) for row in there if row.recording_id not in gone], folder)
    return ledger


def _merged(
    kept: list[Annotation], ledger: Ledger, catalog: Catalog, settings: AnnotationImportSettings
) -> list[Annotation]:
    """Return the annotations that stay, and those made of the ledger's marks."""
    usable = ledger.placed(catalog)
    made = annotations_of_events(events_of(usable.marks, usable.judges), settings.merged)
    return [*kept, *made]


def _adopt(rows: list[Annotation], ledger: Ledger, path: Path) -> Ledger:
    torn = sorted({row.recording_id for row in rows if row.agreement < 1})
    if torn:
        raise AnnotationError(
            f"{path} holds merged annotations of {torn[:5]}, but marks.parquet, of which they "
            f"were made, does not; bring that back, or remove {path.name} and import all files"
        )
    return ledger.plus(
        [
            Mark(
                ADOPTED, line, row.recording_id, row.position, row.start_s, row.end_s, row.label,
                row.annotator,
            )
            for line, row in enumerate(rows, start=1)
        ],
        [Watch(ADOPTED, row.annotator, row.recording_id, row.position) for row in rows],
    )  # fmt: skip


def _rows(name: str, path: Path) -> list[dict[str, Any]]:
    return list(tables.read(name, path).to_pylist()) if path.is_file() else []


def _write(name: str, rows: list[dict[str, object]], folder: Path) -> None:
    """Write a table where it differs from what is there."""
    path = folder / f"{name}.parquet"
    table: pa.Table = tables.from_rows(name, rows)
    if not path.is_file() or not tables.read(name, path).equals(table):
        tables.write(name, table, path)


def _mark_order(row: Mark) -> tuple[object, ...]:
    return (row.file, row.sheet or "", row.line, row.recording_id, row.start_s, row.end_s)


def _watch_order(row: Watch) -> tuple[object, ...]:
    at = -1 if row.position is None else row.position
    return (row.file, row.annotator, row.recording_id, at)
