"""Sheets: text files of any delimiter and Excel workbooks as rows of cells with line numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rodepil.data.marks.headers import BORIS, KNOWN, plain
from rodepil.errors import AnnotationError

Cell: TypeAlias = str | int | float | dt.datetime | dt.date | dt.time | dt.timedelta | None

DELIMITERS = (",", ";", "\t", "|")
LARGEST_BYTES = 256 << 20
LOOKED_AT = 60
"""Lines in which a header is looked for."""

_WORKBOOKS = {".xlsx", ".xlsm"}
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, KeyError, ValueError, TypeError,
    AttributeError, IndexError,
)  # fmt: skip
"""What openpyxl raises of a torn workbook; of its XML a SyntaxError."""

_OTHERS = {".xls", ".ods", ".numbers"}


@dataclass(frozen=True)
class Line:
    """A row of a sheet.

    Parameters
    ----------
    number
        The line it begins on, from 1, as a spreadsheet or an editor counts.
    cells
        Its cells; text without blanks at its ends, None where empty.
    """

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """A table of cells.

    Parameters
    ----------
    name
        The worksheet's name; None for a text file.
    lines
        Its rows, those without any content left out.
    notes
        What a reader should know of how it was read.
    """

    name: str | None
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def read_sheets(
    path: Path, *, sheet: str | None = None, delimiter: str | None = None
) -> list[Sheet]:
    """Read a text file or a workbook.

    Parameters
    ----------
    path
        A text file (UTF-8, UTF-16 with its mark, or else Windows-1252) or an ``.xlsx``.
    sheet
        The only worksheet to read; by default all.
    delimiter
        What stands between the cells of a text file; by default guessed.

    Raises
    ------
    AnnotationError
        The file is missing, too large, no text and no workbook, or has no such worksheet.
    """
    if not path.is_file():
        raise AnnotationError(f"{path} is not there; name a CSV or .xlsx file")
    if path.suffix.lower() in _OTHERS:
        raise AnnotationError(f"{path}: {path.suffix} can't be read; save it as .xlsx or CSV")
    if path.stat().st_size > LARGEST_BYTES:
        raise AnnotationError(
            f"{path} is {path.stat().st_size >> 20} MiB, which is no sheet of annotations (at most "
            f"{LARGEST_BYTES >> 20} MiB); name the sheet, or cut it in parts"
        )
    if path.suffix.lower() in _WORKBOOKS:
        return _read_workbook(path, sheet)
    return [_read_text(path, delimiter)]


def _read_workbook(path: Path, wanted: str | None) -> list[Sheet]:
    import openpyxl  # noqa: PLC0415 - slow to load, and most sheets are text
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        _check_size(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validation that no cell hangs on
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            with closing(book):
                names = [page.title for page in book.worksheets]
                if wanted is not None and wanted not in names:
                    raise AnnotationError(f"{path} has no sheet '{wanted}'; it has {names}")
                return [
                    Sheet(page.title, tuple(_rows(page)))
                    for page in book.worksheets
                    if wanted in {None, page.title}
                ]
    except (InvalidFileException, *_BROKEN) as error:
        raise AnnotationError(
            f"{path} can't be read as a workbook ({error}); open it and save it as .xlsx again"
        ) from error


def _check_size(path: Path) -> None:
    """Refuse a workbook that unpacks to more than any sheet of annotations is."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
    if unpacked > 2 * LARGEST_BYTES:
        raise AnnotationError(
            f"{path} unpacks to {unpacked >> 20} MiB, which is no workbook of annotations; copy "
            "the sheet into a new one"
        )


def _rows(page: Any) -> Iterator[Line]:
    page.reset_dimensions()  # some programs write wrong ones
    for number, row in enumerate(page.iter_rows(values_only=True), start=1):
        cells = tuple(_clean(cell) for cell in row)
        if any(cell is not None for cell in cells):
            yield Line(number, cells)


def _read_text(path: Path, delimiter: str | None) -> Sheet:
    text, notes = _decode(path)
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda sign: _fit(text, sign))
    try:
        lines = tuple(_split(text, delimiter))
    except csv.Error as error:
        raise AnnotationError(
            f"{path}: {error}; look for a quotation mark that is not closed"
        ) from error
    return Sheet(None, lines, notes)


def _decode(path: Path) -> tuple[str, tuple[str, ...]]:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), ()
    if b"\0" in data:
        raise AnnotationError(f"{path} is no text; save the sheet as CSV or .xlsx")
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        note = "read as Windows-1252, for it is no UTF-8; check names with accents"
        return data.decode("cp1252", errors="replace"), (note,)


def _split(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    for row in reader:
        cells = tuple(_clean(cell) for cell in row)
        if any(cell is not None for cell in cells):
            yield Line(begins, cells)
        begins = reader.line_num + 1


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """Say how well a delimiter cuts the header: known names in a line, then cells in a line."""
    best = (0, 0)
    try:
        for count, line in enumerate(_split(text, delimiter)):
            if count >= LOOKED_AT:
                break
            names = {plain(cell) for cell in line.cells if cell is not None}
            best = max(best, (len(names & (KNOWN | BORIS)), len(line.cells)))
    except csv.Error:
        pass
    return best


def _clean(cell: object) -> Cell:
    """Return text without blanks at its ends, and None for an empty cell."""
    if isinstance(cell, str):
        return cell.replace("\u00a0", " ").strip() or None
    if isinstance(cell, bool):
        return str(cell)
    if cell is None or isinstance(cell, int | float | dt.date | dt.time | dt.timedelta):
        return cell
    return str(cell)
