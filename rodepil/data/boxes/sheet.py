"""Boxes from a sheet: CSV or Excel, one row a cage, whatever the columns' order."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rodepil.errors import CageError

COLUMNS: dict[str, tuple[str, ...]] = {
    "recording": ("recording", "recording_id", "path", "file", "file_name", "filename", "video"),
    "position": ("position", "cage", "place"),
    "subject": ("subject", "subject_id", "rat", "rat_id", "animal", "animal_id"),
    "x": ("x", "x_px", "left"),
    "y": ("y", "y_px", "top"),
    "width": ("width", "width_px", "w"),
    "height": ("height", "height_px", "h"),
}
_EXCEL = (".xlsx", ".xlsm")
_WANTED = ", ".join(COLUMNS)


@dataclass(frozen=True)
class Row:
    """A row of a sheet.

    Parameters
    ----------
    line
        Its number in the file, from 1.
    recording
        The recording as the row names it.
    cage
        Position, subject, x, y, width, height; None where the row can't be read.
    problem
        Why not.
    """

    line: int
    recording: str
    cage: tuple[int, str, int, int, int, int] | None
    problem: str | None = None


def read_sheet(path: Path) -> list[Row]:
    """Read a sheet of boxes; a row that can't be read says why.

    Parameters
    ----------
    path
        Excel (.xlsx), or text in UTF-8 whose columns a comma, semicolon or tab separates. Columns
        as `COLUMNS` names them, in any order and case; others are passed over.

    Raises
    ------
    CageError
        The file is missing, is no such sheet, or lacks a column.
    """
    if not path.is_file():
        raise CageError(f"{path} is not there; give a CSV or Excel file with the boxes")
    lines = _excel_lines(path) if path.suffix.lower() in _EXCEL else _text_lines(path)
    lines = [(line, values) for line, values in lines if any(map(_words, values))]
    if not lines:
        raise CageError(f"{path} is empty; it wants the columns {_WANTED}")
    columns = _columns(path, lines[0][1])
    return [
        _row(line, {name: values[at] for name, at in columns.items() if at < len(values)})
        for line, values in lines[1:]
    ]


def _text_lines(path: Path) -> list[tuple[int, list[object]]]:
    data = path.read_bytes()
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CageError(
            f"{path} is no text in UTF-8 ({error.reason} at byte {error.start}); save it as "
            "'CSV UTF-8', or as .xlsx"
        ) from error
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [(reader.line_num, [*values]) for values in reader]
    except csv.Error as error:
        raise CageError(f"{path}, line {reader.line_num}: {error}; save it anew as CSV") from error


def _excel_lines(path: Path) -> list[tuple[int, list[object]]]:
    import pandas as pd  # noqa: PLC0415 - CSV does without

    try:
        frame = pd.read_excel(path, header=None, dtype=object, keep_default_na=False)
    except Exception as error:  # every reader of Excel raises its own
        raise CageError(f"{path} can't be read as Excel ({error}); save it as CSV UTF-8") from error
    return [(number, [*values]) for number, values in enumerate(frame.to_numpy().tolist(), start=1)]


def _columns(path: Path, head: list[object]) -> dict[str, int]:
    """Return where each column stands."""
    names = [_words(value).casefold().replace(" ", "_") for value in head]
    found: dict[str, int] = {}
    for column, known in COLUMNS.items():
        places = [at for at, name in enumerate(names) if name in known]
        if len(places) > 1:
            twice = ", ".join(f"'{names[at]}'" for at in places)
            raise CageError(f"{path} has {twice} for the column {column}; leave one")
        if places:
            found[column] = places[0]
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise CageError(
            f"{path} lacks the columns {', '.join(missing)}; its first line has {names}. It wants "
            f"{_WANTED} (x, y, width and height in pixels of the upright frame)"
        )
    return found


def _row(line: int, values: Mapping[str, object]) -> Row:
    recording = _words(values.get("recording", ""))
    if not recording:
        return Row(line, "", None, "it names no recording")
    try:
        subject = _subject(values.get("subject", ""))
        position, x, y, width, height = (
            _whole(name, values.get(name, "")) for name in ("position", "x", "y", "width", "height")
        )
    except ValueError as error:
        return Row(line, recording, None, str(error))
    return Row(line, recording, (position, subject, x, y, width, height))


def _subject(value: object) -> str:
    if isinstance(value, dt.date | dt.time):
        msg = (
            f"Excel has made the date {value} of the rat's name; format the column as text and "
            "type it again"
        )
        raise ValueError(msg)  # noqa: TRY004 - a fault of the row, as the others are
    subject = _words(value)
    if not subject:
        msg = "it names no rat"
        raise ValueError(msg)
    return subject


def _whole(name: str, value: object) -> int:
    """Return a number of pixels; half pixels of other tools are rounded."""
    text = _words(value)
    try:
        number = float(text.replace(",", ".")) if "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (name == "position" and not number.is_integer()):
        msg = f"{name} is '{text}', wanted a whole number"
        raise ValueError(msg)
    return math.floor(number + 0.5)


def _words(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip()
