"""When a recording begins by the clock on the wall: from its file's name, or from its container.

The clock is kept as it stands, ISO 8601 without a zone: the lab's own time, as in the sheet of
annotations.
"""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.facts import Facts

FIRST_YEAR = 1980
"""A container's time before this is a counter that was never set (1904, 1970)."""

_NUMBERS = {"Y": 4, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "y": 2, "j": 3}
_WORDS = {"b": "[A-Za-z]{3}", "B": "[A-Za-z]+", "p": "[AaPp][Mm]", "f": "[0-9]{1,6}", "%": "%"}
_ONE_OR_TWO = 2
_TOKEN = re.compile(r"%(.)|([^%])", re.DOTALL)


@dataclass(frozen=True)
class Clock:
    """A recording's wall clock.

    Parameters
    ----------
    starts_at
        Of the first frame; None where it is not known.
    rest
        The file's stem without the time that stood in it.
    problem
        Why it is not known though it was asked for.
    """

    starts_at: dt.datetime | None
    rest: str
    problem: str | None = None


def clock_of(facts: Facts, stem: str, settings: RecordingImportSettings) -> Clock:
    """Return the wall clock of a file.

    Parameters
    ----------
    facts
        What its container says.
    stem
        Its name without folder and suffix.
    settings
        Where the clock is looked for.
    """
    if settings.clock == "name":
        return _from_name(stem, settings.name_pattern)
    if settings.clock == "metadata":
        return _from_container(facts.created, stem, settings.metadata_zone)
    return Clock(None, stem)


def _from_name(stem: str, pattern: str) -> Clock:
    """Read the clock where the pattern fits once, no further digit beside it."""
    found = []
    for match in _compiled(pattern).finditer(stem):
        with suppress(ValueError):  # digits that are no time
            starts_at = dt.datetime.strptime(match[1], pattern)  # noqa: DTZ007 - kept without a zone
            found.append((starts_at, match.span(1)))
    if len(found) != 1:
        times = f"fits {len(found)} times" if found else "fits nowhere"
        return Clock(
            None,
            stem,
            f"the pattern {pattern} {times} in the name; rename the file, or set name_pattern",
        )
    ((starts_at, (begin, end)),) = found
    return Clock(starts_at, "-".join(filter(None, map(_bare, (stem[:begin], stem[end:])))))


def _from_container(created: str | None, stem: str, zone: str | None) -> Clock:
    """Read the clock that the container holds; in the lab's zone where one is set."""
    if created is None:
        return Clock(
            None, stem, "the container does not say when it was recorded; take it from the name"
        )
    try:
        starts_at = dt.datetime.fromisoformat(created.strip())
    except ValueError:
        starts_at = None
    if starts_at is None or ":" not in created or starts_at.year < FIRST_YEAR:
        return Clock(
            None, stem, f"the container's '{created}' is no day with a time; take it from the name"
        )
    if zone is not None and starts_at.tzinfo is not None:
        starts_at = starts_at.astimezone(ZoneInfo(zone))
    return Clock(starts_at.replace(tzinfo=None), stem)


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Turn strptime's pattern, which the settings have checked, into one to search with.

    Group 1 is the time; it is found at every place where no further digit stands beside it, for
    a part of a longer number is no time.
    """
    tokens = _TOKEN.findall(pattern)
    numeric = [directive in _NUMBERS or directive == "f" for directive, _ in tokens]
    parts = []
    for place, (directive, letter) in enumerate(tokens):
        digits = _NUMBERS.get(directive)
        if digits is None:
            parts.append(_WORDS[directive] if directive else re.escape(letter))
            continue
        beside = any(numeric[max(0, place - 1) : place] + numeric[place + 1 : place + 2])
        alone = digits == _ONE_OR_TWO and not beside  # a day may stand without a leading zero
        parts.append(f"[0-9]{{{1 if alone else digits},{digits}}}")
    begin = "(?<![0-9])" if numeric[0] else ""
    end = "(?![0-9])" if numeric[-1] else ""
    return re.compile(f"{begin}(?=({''.join(parts)}){end})")


def _bare(text: str) -> str:
    return text.strip(" _-.")
