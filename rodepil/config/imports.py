"""How a lab's own files are read: names and clocks of recordings, columns of annotations."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from rodepil.config.base import NonNegativeReal, PositiveReal, Settings

_DIRECTIVES = frozenset("YymdjbBHIMSfp%")
_SAMPLE = dt.datetime(2019, 2, 13, 18, 0)  # noqa: DTZ001 - a wall clock has no zone


def _whole_time(pattern: str) -> str:
    """Check that the pattern holds a day and an hour, and nothing that can't be looked for."""
    unknown = sorted(set(re.findall("%(.)", pattern)) - _DIRECTIVES)
    if unknown:
        allowed = ", ".join(f"%{letter}" for letter in sorted(_DIRECTIVES))
        msg = f"%{unknown[0]} can't be looked for in a name; take of {allowed}"
        raise ValueError(msg)
    try:
        held = dt.datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007 - as above
    except (ValueError, re.error) as error:
        msg = f"strptime can't read what the pattern writes ({error}); name each part once"
        raise ValueError(msg) from error
    if held != _SAMPLE:
        msg = "the pattern wants year, month, day and hour (with %p after %I), as %Y%m%d_%H%M%S"
        raise ValueError(msg)
    return pattern


def _known_zone(zone: str) -> str:
    """Check that the zone is known here."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = "no such zone is known here; take an IANA name, for example Europe/Rome"
        raise ValueError(msg) from error
    return zone


class RecordingImportSettings(Settings):
    """What file names and containers say of a recording.

    ``clock`` is where the wall-clock start comes from; ``name_pattern`` is strptime's, looked for
    anywhere in a file's name. Containers mostly hold UTC: ``metadata_zone`` names the lab's zone
    (``Europe/Rome``) to turn it to, null takes it as it stands. ``sessions`` joins files that a
    camera cut one recording into: ``clock`` where one starts within ``session_gap_s`` of the end
    of the one before it, ``folder`` all files of a folder in order of their names; ``none`` joins
    nothing and leaves what earlier imports joined.
    """

    clock: Literal["none", "name", "metadata"] = "none"
    name_pattern: Annotated[str, AfterValidator(_whole_time)] = "%Y%m%d_%H%M%S"
    metadata_zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    sessions: Literal["none", "clock", "folder"] = "none"
    session_gap_s: NonNegativeReal = 2.0


class ColumnSettings(Settings):
    """The headers of an annotation sheet's columns, as they stand in it.

    Null guesses by common names; an empty text says that there is no such column.
    """

    start: str | None = None
    end: str | None = None
    duration: str | None = None
    date: str | None = None
    end_date: str | None = None
    recording: str | None = None
    rat: str | None = None
    cage: str | None = None
    label: str | None = None
    annotator: str | None = None


class AnnotationImportSettings(Settings):
    """How annotation sheets and BORIS exports are read, and how annotators' marks are merged.

    ``sheet`` names one of a workbook (null: all), ``delimiter`` that of a text file (null: guess).
    ``time_base`` says from where times count: the file's start, the session's start, or the clock
    on the wall; ``auto`` goes by what the cells hold. ``date_format`` is strptime's, for dates such
    as 3/1/2026. ``recording`` is the recording or session of a sheet that names none. ``labels``
    maps a sheet's labels to rodepil's; null leaves one out. A time up to ``overrun_s`` outside its
    recording is taken as its edge. ``point_duration_s`` is how long a BORIS point event lasts;
    null refuses them. ``looked_at`` is what an annotator who marks one cage has watched.
    ``merged`` is the interval of an event that several marked.
    """

    columns: ColumnSettings = ColumnSettings()
    sheet: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    time_base: Literal["auto", "recording", "session", "clock"] = "auto"
    date_format: Annotated[str, Field(min_length=1)] | None = None
    recording: Annotated[str, Field(min_length=1)] | None = None
    labels: dict[str, str | None] = Field(default_factory=dict)
    overrun_s: NonNegativeReal = 1.0
    point_duration_s: PositiveReal | None = None
    looked_at: Literal["recording", "cage"] = "recording"
    merged: Literal["intersection", "union", "mean"] = "intersection"


class ImportSettings(Settings):
    """The section ``imports``: used by the import commands alone, by no stage."""

    recordings: RecordingImportSettings = RecordingImportSettings()
    annotations: AnnotationImportSettings = AnnotationImportSettings()
