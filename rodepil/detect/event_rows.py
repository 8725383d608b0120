"""Rows of files as rows of table ``events``: which columns, and what a cell may hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rodepil.data.marks.sheet import Sheet
from rodepil.data.marks.times import seconds
from rodepil.data.ratseizure.clips import NO_SUBJECT
from rodepil.errors import TableError

REQUIRED: Final = ("recording_id", "start_s", "end_s", "label")
DEFAULTS: Final[dict[str, Any]] = {"position": None, "subject_id": NO_SUBJECT, "score": 1.0}
"""What a row may leave out; no position is one that is still to be told."""

_NAMES: Final = ("recording_id", "label", "subject_id")


def rows_of_sheets(path: Path, sheets: Sequence[Sheet]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the rows of the first sheet that has the required columns, each with its place.

    Raises
    ------
    TableError
        None has them; `path` is named.
    """
    for sheet in sheets:
        headers = sheet.lines[0].cells if sheet.lines else ()
        if set(REQUIRED) <= set(headers):
            for line in sheet.lines[1:]:
                row = dict(zip(map(str, headers), line.cells, strict=False))
                numbered = {name: str(row[name]) for name in _NAMES if type(row.get(name)) is int}
                yield f"line {line.number}", {**row, **numbered}
            return
    lines = [sheet.lines[0].cells for sheet in sheets if sheet.lines]
    headers = lines[0] if lines else ()
    missing = [name for name in REQUIRED if name not in headers]
    raise TableError(
        f"{path} lacks the columns {missing}; it has {list(headers)}. Add them, or give a sheet "
        "that BORIS exports (tabular or aggregated events)"
    )


def event_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of table ``events`` that a row of a file means; position None is not told.

    Raises
    ------
    AnnotationError, TypeError, ValueError
        A cell is missing, or can't be what its column holds.
    """
    said = {name: row[name] for name in DEFAULTS if row.get(name) not in (None, "")}
    whole: dict[str, Any] = {**DEFAULTS, **said}
    for name in ("recording_id", "label"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise ValueError(f"it has no {name}")
        whole[name] = row[name]
    start_s, end_s = (_time(name, row.get(name)) for name in ("start_s", "end_s"))
    if not 0 <= start_s < end_s:
        raise ValueError(f"{start_s:g} to {end_s:g} s is no interval")
    place = None if whole["position"] is None else _place(whole["position"])
    numbers = {"start_s": start_s, "end_s": end_s, "score": _number(whole["score"])}
    return {**whole, **numbers, "position": place, "subject_id": _name(whole["subject_id"])}


def _time(name: str, cell: Any) -> float:
    """Return seconds, also where they are written as m:ss or h:mm:ss."""
    if cell is None or isinstance(cell, bool) or cell == "":
        raise ValueError(f"it has no {name}")
    return seconds(cell)


def _place(cell: Any) -> int:
    """Return a cage's number, also where it is written as 1.0."""
    number = _number(cell)
    if not number.is_integer():
        raise ValueError(f"'{cell}' is no number of a cage")
    return int(number)


def _name(subject: Any) -> str:
    """Return the animal's name, also where it is a number."""
    if isinstance(subject, bool) or not isinstance(subject, str | int):
        raise TypeError(f"subject_id {subject!r} is no name")
    return str(subject)


def _number(cell: Any) -> float:
    """Return a finite number, also where a comma stands for its point."""
    number = math.nan if isinstance(cell, bool) else float(_pointed(cell))
    if not math.isfinite(number):
        raise ValueError(f"'{cell}' is no number")
    return number


def _pointed(cell: Any) -> Any:
    return cell.replace(",", ".") if isinstance(cell, str) else cell
