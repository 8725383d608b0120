"""Which column of a sheet holds what: as the settings say, or by common names of headers."""

from __future__ import annotations

from dataclasses import dataclass

from rodepil.config.imports import ColumnSettings
from rodepil.data.marks.headers import NAMES, SESSIONS, plain
from rodepil.data.marks.sheet import LOOKED_AT, Cell, Line, Sheet
from rodepil.errors import AnnotationError


class NoTable(AnnotationError):
    """A sheet has no line with the headers of annotations."""


@dataclass(frozen=True)
class Table:
    """A sheet's rows under its header.

    Parameters
    ----------
    columns
        The number of each field's column, from 0.
    lines
        The rows below the header.
    notes
        What was guessed where more than one column could have been meant.
    of_sessions
        Whether the column of recordings is headed as one of sessions.
    """

    columns: dict[str, int]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    of_sessions: bool = False

    def get(self, line: Line, field: str) -> Cell:
        """Return a field's cell of a row, None where it has none."""
        at = self.columns.get(field)
        return line.cells[at] if at is not None and at < len(line.cells) else None


def find_table(sheet: Sheet, settings: ColumnSettings) -> Table:
    """Find the header among a sheet's first lines.

    Raises
    ------
    NoTable
        No line has a start together with an end or a duration, or the headers that are set.
    """
    given = {name: plain(text) for name, text in settings.model_dump().items() if text is not None}
    for at, line in enumerate(sheet.lines[:LOOKED_AT]):
        headers = [plain(cell) if cell is not None else "" for cell in line.cells]
        if any(text and text not in headers for text in given.values()):
            continue
        columns, notes = _columns(headers, given)
        if "start" in columns and {"end", "duration"} & set(columns):
            of_sessions = "recording" in columns and headers[columns["recording"]] in SESSIONS
            return Table(columns, sheet.lines[at + 1 :], notes, of_sessions)
    set_ = {name: text for name, text in settings.model_dump().items() if text}
    wanted = f"with the headers {list(set_.values())}" if set_ else "with start and end or duration"
    first = [str(cell) for cell in sheet.lines[0].cells if cell] if sheet.lines else []
    raise NoTable(
        f"no line {wanted}; the first line is {first[:12]}. Name the columns, for example "
        "--set imports.annotations.columns.start=HEADER"
    )


def _columns(headers: list[str], given: dict[str, str]) -> tuple[dict[str, int], tuple[str, ...]]:
    columns = {field: headers.index(text) for field, text in given.items() if text}
    notes = []
    for field, names in NAMES.items():
        if field in given:
            continue
        free = [name for name in names if name in headers]
        free = [name for name in free if headers.index(name) not in columns.values()]
        if free:
            columns[field] = headers.index(free[0])
        if len(free) > 1:
            notes.append(
                f"column '{free[0]}' is taken as {field}, not {free[1:]}; "
                f"imports.annotations.columns.{field} says otherwise"
            )
    return columns, tuple(notes)
