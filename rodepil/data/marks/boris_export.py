"""BORIS's sheets: where the table begins, what its columns are, and its STARTs with their STOPs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rodepil.data.marks.headers import plain
from rodepil.data.marks.sheet import LOOKED_AT, Cell, Line, Sheet

MISSING = {None, "NA", "N/A", "Not found", "LIVE"}
"""What BORIS writes where there is nothing."""

_STATUS = ("behavior type", "status")


@dataclass(frozen=True)
class Export:
    """A sheet that BORIS wrote.

    Parameters
    ----------
    headers
        The column of each header, in plain words.
    lines
        The rows below.
    before
        What stands above the header in older versions: words and their values, media in order.
    media
        The media files named there.
    aggregated
        Whether a row is an event with start and stop.
    """

    headers: dict[str, int]
    lines: tuple[Line, ...]
    before: dict[str, Cell]
    media: tuple[str, ...]
    aggregated: bool

    def get(self, line: Line, *names: str) -> Cell:
        """Return the cell under the first of `names` that is there and holds something."""
        for name in names:
            at = self.headers.get(name)
            if at is not None and at < len(line.cells) and line.cells[at] not in MISSING:
                return line.cells[at]
        return None


class Refusing(Protocol):
    """Takes note of rows that can't be read."""

    def refuse(self, line: Line, reason: object) -> None:
        """List a row as refused."""


@dataclass(frozen=True)
class Event:
    """A behaviour from its start to its stop, in the observation's time; a point's are one."""

    line: Line
    start: Cell
    stop: Cell
    point: bool = False


def find_export(sheet: Sheet) -> Export | None:
    """Return the export that a sheet holds, or None where BORIS did not write it."""
    before: dict[str, Cell] = {}
    media: list[str] = []
    for at, line in enumerate(sheet.lines[:LOOKED_AT]):
        names = [plain(cell) if cell is not None else "" for cell in line.cells]
        headers = {name: number for number, name in reversed(list(enumerate(names))) if name}
        tabular = {"time", "behavior"} <= set(headers) and any(one in headers for one in _STATUS)
        aggregated = {"start s", "stop s", "behavior"} <= set(headers) and bool(
            {"behavior type", "observation id"} & set(headers)
        )
        if tabular or aggregated:
            return Export(headers, sheet.lines[at + 1 :], before, tuple(media), aggregated)
        if names and names[0] == "player 1" and len(names) > 1:
            media.append(str(line.cells[1]))
        elif len(names) > 1:
            before[names[0]] = line.cells[1]
    return None


def events_of_lines(export: Export, lines: Sequence[Line], reading: Refusing) -> Iterator[Event]:
    """Yield an observation's events.

    A START without its STOP is refused, and a STOP without its START.
    """
    if not export.aggregated:
        yield from _paired(export, lines, reading)
        return
    for line in lines:
        kind = str(export.get(line, "behavior type") or "").casefold()
        start, stop = export.get(line, "start s"), export.get(line, "stop s")
        yield Event(line, start, stop, point=kind.startswith("point"))


def _paired(export: Export, lines: Sequence[Line], reading: Refusing) -> Iterator[Event]:
    begun: dict[tuple[Cell, ...], Line] = {}
    for line in lines:
        key, time = _key(export, line), export.get(line, "time")
        status = str(export.get(line, *_STATUS) or "").upper()
        if status == "START":
            if key in begun:
                reading.refuse(begun[key], "a START without a STOP before the next; mend it")
            begun[key] = line
        elif status == "STOP" and key in begun:
            first = begun.pop(key)
            yield Event(first, export.get(first, "time"), time)
        elif status == "STOP":
            reading.refuse(line, "a STOP without a START; mend it in BORIS")
        elif status.startswith("POINT"):
            yield Event(line, time, None, point=True)
        else:
            reading.refuse(line, f"'{status}' is none of START, STOP and POINT; export it again")
    for line in begun.values():
        reading.refuse(line, "a START without a STOP; mend it in BORIS")


def _key(export: Export, line: Line) -> tuple[Cell, ...]:
    """Return what a START and its STOP share: subject, behaviour and modifiers."""
    modifiers = sorted(name for name in export.headers if name.startswith("modifier"))
    return tuple(export.get(line, name) for name in ("subject", "behavior", *modifiers))
