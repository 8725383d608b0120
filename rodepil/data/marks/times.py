"""Times as people write them: seconds, m:ss, h:mm:ss, Excel's cells, and the clock on the wall."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

from rodepil.data.marks.sheet import Cell
from rodepil.errors import AnnotationError

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the lab's own time has no zone
DAY_S = 86_400.0
_NOON_S = 43_200.0

_NUMBER = re.compile(
    r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?(\s*(s|sec|seconds))?", re.IGNORECASE
)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:[.,]\d*)?)")
_HALF = re.compile(r"(.*\d)\s*([ap])\.?m\.?", re.IGNORECASE)
_DATED = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\d)")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_EXCEL_DAY_ZERO = dt.datetime(1899, 12, 31)  # noqa: DTZ001
_EXCEL_DURATIONS_END = 1901
_MINUTE = 60


class BadTime(AnnotationError):
    """A cell is no time; the message says what was wanted."""


@dataclass(frozen=True)
class Moment:
    """A time on the wall.

    Parameters
    ----------
    second
        Seconds from midnight, of the day where there is none.
    day
        The date, or None.
    """

    second: float
    day: dt.date | None = None

    def since_epoch_s(self) -> float:
        """Return seconds from 1970 in the lab's own time; the day must be known."""
        day = self.day or EPOCH.date()
        return (day - EPOCH.date()).days * DAY_S + self.second


def seconds(cell: Cell) -> float:
    """Return a length of time in seconds.

    Parameters
    ----------
    cell
        A number or text of seconds (point or comma), ``m:ss``, ``h:mm:ss`` with or without
        fractions, or a time that Excel holds.

    Raises
    ------
    BadTime
        It is none of these.
    """
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    if isinstance(cell, dt.datetime) and cell.year < _EXCEL_DURATIONS_END:
        return (cell - _EXCEL_DAY_ZERO).total_seconds()  # a length of a day or more
    if isinstance(cell, dt.time):
        return _of_day(cell)
    if isinstance(cell, int | float):
        value = float(cell)
    elif isinstance(cell, str) and _NUMBER.fullmatch(cell):
        value = float(re.split(r"\s*s", cell, flags=re.IGNORECASE)[0].replace(",", "."))
    elif isinstance(cell, str) and (found := _CLOCK.fullmatch(cell)):
        value = _of_parts(cell, found)
    else:
        raise BadTime(f"'{cell}' is no time; write seconds, m:ss or h:mm:ss")
    if not math.isfinite(value):
        raise BadTime(f"'{cell}' is no finite time; write seconds, m:ss or h:mm:ss")
    return value


def is_wall_clock(cell: Cell) -> bool:
    """Say whether a cell can only be a time on the wall: it holds a date, or am or pm."""
    if isinstance(cell, dt.datetime):
        return cell.year >= _EXCEL_DURATIONS_END
    if isinstance(cell, dt.date):
        return True
    return isinstance(cell, str) and bool(_DATED.match(cell) or _HALF.fullmatch(cell))


def is_number(cell: Cell) -> bool:
    """Say whether a cell is a bare number, which is a length of time and never the clock."""
    return isinstance(cell, int | float) or (
        isinstance(cell, str) and bool(_NUMBER.fullmatch(cell))
    )


def moment(time: Cell, date: Cell = None, date_format: str | None = None) -> Moment:
    """Return a time on the wall from one cell, or from a time's cell and a date's.

    Parameters
    ----------
    time
        ``22:14:05``, ``10:14:05 pm``, ``2026-03-01 22:14:05``, ``1.3.2026 22:14:05``, or Excel's.
    date
        The day, where `time` holds none.
    date_format
        strptime's, for days that are written in another way.

    Raises
    ------
    BadTime
        A cell is no such time or date.
    """
    if isinstance(time, dt.datetime) and time.year >= _EXCEL_DURATIONS_END:
        return Moment(_of_day(time.time()), time.date())
    if isinstance(time, str) and not _CLOCK.fullmatch(time):
        if half := _HALF.fullmatch(time):
            return _twice_a_day(moment(half[1], date, date_format), half[2])
        day, _, rest = re.sub(r"(?<=\d)T(?=\d)", " ", time).rpartition(" ")
        if not day:
            raise BadTime(f"'{time}' is no time on the wall; write 2026-03-01 22:14:05 or 22:14:05")
        return Moment(_clock_s(rest), _day(day.strip(), date_format))
    return Moment(_clock_s(time), None if date is None else _day(date, date_format))


def _twice_a_day(time: Moment, half: str) -> Moment:
    if time.second >= _NOON_S + 3600:
        raise BadTime("a time with am or pm goes to 12:59:59; write 22:14:05 or 10:14:05 pm")
    return Moment(time.second % _NOON_S + _NOON_S * (half.lower() == "p"), time.day)


def _clock_s(cell: Cell) -> float:
    """Return seconds from midnight; two numbers are hours and minutes."""
    if isinstance(cell, str) and re.fullmatch(r"\d{1,2}:\d{2}", cell):
        cell += ":00"
    if is_number(cell):
        raise BadTime(f"'{cell}' is no time on the wall; write 22:14:05")
    value = seconds(cell)
    if not 0 <= value < DAY_S:
        raise BadTime(f"'{cell}' is no time of a day; write 22:14:05")
    return value


def _day(cell: Cell, date_format: str | None) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = str(cell)
    try:
        if date_format is not None:
            return dt.datetime.strptime(text, date_format).date()  # noqa: DTZ007 - no zone
        if found := _ISO.match(text):
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DOTTED.match(text):
            return dt.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise BadTime(
        f"'{text}' is no date such as 2026-03-01 or 1.3.2026; write it so, or set "
        "imports.annotations.date_format, for example %m/%d/%Y"
    )


def _of_day(time: dt.time) -> float:
    return time.hour * 3600 + time.minute * 60 + time.second + time.microsecond / 1e6


def _of_parts(cell: str, found: re.Match[str]) -> float:
    hours, minutes, rest = found[1], int(found[2]), float(found[3].replace(",", "."))
    if rest >= _MINUTE or (hours is not None and minutes >= _MINUTE):
        raise BadTime(f"'{cell}' is no time: minutes and seconds go to 59; write h:mm:ss")
    return int(hours or 0) * 3600 + minutes * 60 + rest
