"""The import of annotations: files in, marks and merged annotations out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.annotations import Annotation
from rodepil.data.cages import cages_of
from rodepil.data.lock import alone_in, writing
from rodepil.data.marks.boris import read_boris
from rodepil.data.marks.boris_export import find_export
from rodepil.data.marks.catalog import Catalog
from rodepil.data.marks.columns import NoTable
from rodepil.data.marks.entry import Labels, Mark, Refusal, Taken, Watch
from rodepil.data.marks.ledger import Ledger, read_ledger, write_ledger
from rodepil.data.marks.reading import Origin, Reading
from rodepil.data.marks.rows import read_rows
from rodepil.data.marks.sheet import read_sheets
from rodepil.data.recordings import recordings_of
from rodepil.errors import AnnotationError, RodepilError, SettingError, SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to
from rodepil.io.progress import Progress, Silent

Form = Literal["auto", "sheet", "boris"]

ALL = "all"
"""What ``watched`` says for every recording."""

LOCK = ".annotations.tmp"
"""The folder beside the tables where the lock of marks and annotations lies."""


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    files
        What was taken from each, by its path.
    refused
        What was not, and why.
    annotations
        The annotations table as it is now.
    """

    files: dict[Path, Taken]
    refused: tuple[Refusal, ...]
    annotations: tuple[Annotation, ...]


def import_annotations(
    files: Sequence[Path],
    folder: Path,
    settings: AnnotationImportSettings,
    *,
    annotator: str | None = None,
    form: Form = "auto",
    watched: Sequence[str] = (),
    progress: Progress | None = None,
) -> Imported:
    """Take annotators' files into a source.

    A file that was taken before gives its rows anew; one of which nothing can be taken changes
    nothing, and the others go on.

    Parameters
    ----------
    files
        Sheets (text of any delimiter, ``.xlsx``) and BORIS's exports.
    folder
        The source: recordings.parquet and cages.parquet lie there.
    settings
        How files are read and marks merged.
    annotator
        Who marked rows that do not say it; by default the file's name without its ending.
    form
        What the files are; ``auto`` looks.
    watched
        Recordings or sessions that the files' annotators watched beside those that they name;
        ``all`` for every one.
    progress
        Shown the files.

    Raises
    ------
    AnnotationError
        Nothing could be taken; the message lists the reasons.
    SourceError
        The folder has no recordings, or another import is at work in it.
    SettingError
        ``labels`` maps to a label that does not exist.
    """
    catalog = read_catalog(folder)
    Labels(settings.labels)
    with alone_in(folder / LOCK):
        before = read_ledger(folder)
        ledger, taken, refused = before, {}, []
        with (progress or Silent()).task("import annotations", len(files), "files") as advance:
            for path in dict.fromkeys(files):
                origin = _origin(path, folder, annotator)
                try:
                    found = _read_file(path, origin, catalog, settings, form)
                    _add_watched(found, origin, catalog, watched)
                    if annotator is None:
                        _check_name(found, origin, ledger)
                    ledger = _with(ledger, found, origin)
                    taken[path] = found
                    refused += found.refused
                except SettingError:
                    raise
                except (RodepilError, OSError) as error:
                    refused.append(Refusal(origin.shown, None, 0, str(error)))
                advance(1)
        if not any(found.marks or found.watched for found in taken.values()):
            reasons = "".join(f"\n  {reason}" for reason in refused)
            raise AnnotationError(f"nothing could be taken:{reasons or ' the files are empty'}")
        with writing(folder):
            rows = write_ledger(folder, before, ledger, catalog, settings)
    return Imported(taken, tuple(refused), tuple(rows))


def read_catalog(folder: Path) -> Catalog:
    """Read a source's recordings and cages.

    Raises
    ------
    SourceError
        It has no recordings.
    TableError
        A table is damaged.
    """
    recordings, cages = folder / "recordings.parquet", folder / "cages.parquet"
    if not recordings.is_file():
        raise SourceError(
            f"{folder} has no recordings.parquet; import videos first ('rodepil import "
            "recordings DIR'), or name the folder that has"
        )
    rows = recordings_of(tables.read("recordings", recordings))
    return Catalog(rows, cages_of(tables.read("cages", cages)) if cages.is_file() else [])


def _origin(path: Path, folder: Path, annotator: str | None) -> Origin:
    return Origin(str(path), relative_to(path, folder), path.stem, annotator or path.stem)


def _check_name(taken: Taken, origin: Origin, ledger: Ledger) -> None:
    """Refuse a file that would have its name of another one, whose annotator may be another."""
    who = origin.annotator
    if who not in taken.annotators:
        return
    files = {file for file, annotator in ledger.given if annotator == who}
    others = sorted(file for file in files - {origin.file} if PurePosixPath(file).stem == who)
    if others:
        raise AnnotationError(
            f"{origin.shown} does not say who marked it, and annotator '{who}' stands for "
            f"{others[0]} already; give it with --annotator NAME, or withdraw the other: "
            f"rodepil annotations remove {shlex.quote(others[0])}"
        )


def _read_file(
    path: Path, origin: Origin, catalog: Catalog, settings: AnnotationImportSettings, form: Form
) -> Taken:
    taken, labels = Taken(), Labels(settings.labels)
    unread: list[str] = []
    sheets = read_sheets(path, sheet=settings.sheet, delimiter=settings.delimiter)
    for sheet in sheets:
        taken.notes += sheet.notes
        try:
            _read_sheet(Reading(sheet, origin, catalog, settings, labels, taken), form)
        except NoTable as error:
            unread.append(f"sheet '{sheet.name}': {error}" if sheet.name else str(error))
    if len(unread) == len(sheets):
        raise NoTable("; ".join(unread) or "there is no sheet in it")
    taken.notes += [f"not read: {reason}" for reason in unread]
    return taken


def _read_sheet(reading: Reading, form: Form) -> None:
    export = find_export(reading.sheet) if form != "sheet" else None
    if export is not None:
        read_boris(export, reading)
    elif form == "boris":
        raise NoTable(
            "no header of BORIS's tabular or aggregated events; export events from BORIS as TSV, "
            "CSV or XLSX, or leave --format out"
        )
    else:
        read_rows(reading)


def _add_watched(taken: Taken, origin: Origin, catalog: Catalog, watched: Sequence[str]) -> None:
    names = taken.annotators
    for name in watched:
        if name == ALL:
            rows = list(catalog.recordings)
        else:
            timeline = catalog.timeline(name, "auto")
            rows = [one.recording for one in timeline if one.recording is not None]
        taken.watched |= {
            Watch(origin.file, annotator, row.recording_id)
            for row in rows
            for annotator in names or {origin.annotator}
        }


def _with(ledger: Ledger, taken: Taken, origin: Origin) -> Ledger:
    """Return the ledger with a file's rows in place of those that it gave before."""
    if not taken.marks and not taken.watched:
        return ledger
    ledger = ledger.without([origin.file])
    seen = {mark.what: mark for mark in ledger.marks}
    fresh: list[Mark] = []
    for mark in taken.marks:
        twin = seen.get(mark.what)
        if twin is None:
            seen[mark.what] = mark
            fresh.append(mark)
            continue
        place = f"line {twin.line}" if twin.file == mark.file else twin.where
        taken.refused.append(
            Refusal(
                origin.shown, mark.sheet, mark.line,
                f"a duplicate: '{mark.annotator}' marked the same in {place}; remove one",
            )
        )  # fmt: skip
    taken.marks = fresh
    return ledger.plus(fresh, taken.watched)
