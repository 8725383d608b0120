"""A sheet's rows become marks: whose, when, in which recording."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.marks.catalog import Catalog, Unknown
from rodepil.data.marks.columns import Table, find_table
from rodepil.data.marks.entry import Entry
from rodepil.data.marks.reading import Reading
from rodepil.data.marks.sheet import Cell, Line
from rodepil.data.marks.timeline import OutOfRange, Stretch, cut
from rodepil.data.marks.times import DAY_S, BadTime, is_number, is_wall_clock, moment, seconds
from rodepil.errors import AnnotationError

Span = tuple[tuple[Stretch, ...], float, float]


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one sheet.

    Parameters
    ----------
    catalog
        The recordings and cages.
    settings
        How to read.
    table
        The sheet's columns and rows.
    default
        The recording or session of rows that name none, or None.
    """

    catalog: Catalog
    settings: AnnotationImportSettings
    table: Table
    default: str | None

    def name(self, line: Line) -> Cell:
        """Return the name of the row's recording or session."""
        cell = self.table.get(line, "recording")
        return self.default if cell is None else cell

    def is_watched_only(self, line: Line) -> bool:
        """Say whether a row names a recording and nothing else: it was watched."""
        fields = ("start", "end", "duration", "label", "rat", "cage")
        return self.table.get(line, "recording") is not None and all(
            self.table.get(line, field) is None for field in fields
        )

    def span(self, line: Line) -> Span:
        """Return the timeline of a row and its interval there.

        Raises
        ------
        AnnotationError
            A time can't be read, or it is not sure which recording or which clock is meant.
        """
        base, start = self.settings.time_base, self.table.get(line, "start")
        if start is None:
            raise BadTime("it has no start; write one (an unsaved formula reads as empty)")
        if base == "clock" or (base == "auto" and is_wall_clock(start)):
            return self._clock(line)
        dated = self.table.get(line, "date") is not None and not is_number(start)
        if base == "auto" and dated:
            return self._either(line)
        return self._elapsed(line)

    def named(self, line: Line) -> tuple[Stretch, ...]:
        """Return the timeline of the recording or session that a row names.

        Raises
        ------
        Unknown
            It names none, and there are several; or there is none of that name.
        """
        name = self.name(line)
        base = self.settings.time_base
        if name is not None:
            if base == "auto" and self.table.of_sessions and self.catalog.session(name):
                return self.catalog.session(name)
            return self.catalog.timeline(name, "auto" if base == "clock" else base)
        rows = self.catalog.recordings
        if len(rows) == 1:
            return self.catalog.timeline(rows[0].recording_id, "recording")
        raise Unknown(
            "it names no recording; add a column 'recording', or set imports.annotations.recording"
        )

    def _elapsed(self, line: Line) -> Span:
        timeline = self.named(line)
        start_s = seconds(self.table.get(line, "start"))
        end = self.table.get(line, "end")
        return timeline, start_s, seconds(end) if end is not None else start_s + self._length(line)

    def _length(self, line: Line) -> float:
        duration = self.table.get(line, "duration")
        if duration is None:
            raise BadTime("it has neither end nor duration; write one")
        return seconds(duration)

    def _either(self, line: Line) -> Span:
        """Take a dated row's time by the clock or from the start, whichever can be."""
        if self.name(line) is None:
            return self._clock(line)
        fitting: list[Span] = []
        reasons: list[AnnotationError] = []
        for way in (self._clock, self._elapsed):
            try:
                span = way(line)
                cut(*span, self.settings.overrun_s)
                fitting.append(span)
            except AnnotationError as error:
                reasons.append(error)
        if not fitting:
            raise reasons[0]
        if len(fitting) > 1:
            raise BadTime(
                "its time can be the clock's or count from the start of the recording; set "
                "imports.annotations.time_base to 'clock' or 'recording'"
            )
        return fitting[0]

    def _clock(self, line: Line) -> Span:
        start = moment(
            self.table.get(line, "start"), self.table.get(line, "date"), self.settings.date_format
        )
        end = self.table.get(line, "end")
        if end is None:
            length_s = self._length(line)
        else:
            stop = moment(end, self.table.get(line, "end_date"), self.settings.date_format)
            length_s = stop.second - start.second
            if stop.day is not None and start.day is not None:
                length_s += (stop.day - start.day).days * DAY_S
            elif length_s < 0:
                length_s += DAY_S  # past midnight
        timeline = self._clocked(line)
        if start.day is not None:
            start_s = start.since_epoch_s()
        else:
            start_s = self._on_the_day(timeline, start.second)
        if self.name(line) is None:
            timeline = self._at_that_time(timeline, start_s, start_s + length_s)
        return timeline, start_s, start_s + length_s

    def _clocked(self, line: Line) -> tuple[Stretch, ...]:
        """Return what a row may mean, on the clock: what it names, else all with its cage."""
        if self.name(line) is not None:
            timeline = self.catalog.clocked(self.catalog.together(self.named(line)))
            if not timeline:
                raise Unknown(
                    f"'{self.name(line)}' has no wall clock; import its video with "
                    "imports.recordings.clock set, or write times from its start"
                )
            return timeline
        timeline = self.catalog.clocked(self.catalog.recordings)
        rat, cage = self.table.get(line, "rat"), self.table.get(line, "cage")
        found = []
        for one in timeline:
            try:
                if one.recording is not None:
                    self.catalog.position(one.recording, rat, cage)
                    found.append(one)
            except Unknown as error:
                reason = error
        if timeline and not found:
            raise reason
        if not found:
            raise Unknown(
                "no recording has a wall clock; import videos with imports.recordings.clock set, "
                "or write times from a recording's start"
            )
        return tuple(found)

    def _on_the_day(self, timeline: tuple[Stretch, ...], second: float) -> float:
        """Return a time without a date, from 1970: the first within the named recordings."""
        first_s, last_s = timeline[0].from_s, max(one.to_s for one in timeline)
        if last_s - first_s > DAY_S:
            raise BadTime("its time has no date; add a column 'date'")
        after_s = (second - first_s) % DAY_S
        return first_s + (after_s - DAY_S if after_s > DAY_S - self.settings.overrun_s else after_s)

    def _at_that_time(
        self, timeline: tuple[Stretch, ...], start_s: float, end_s: float
    ) -> tuple[Stretch, ...]:
        """Keep what runs then, and refuse to choose between two that run side by side."""
        slack = self.settings.overrun_s
        running = [
            one for one in timeline if one.from_s - slack < end_s and one.to_s + slack > start_s
        ]
        if not running:
            raise OutOfRange("no recording with its rat or cage runs at that time; mend the time")
        for one, following in pairwise(running):
            if following.from_s < one.to_s - 1:
                raise Unknown(
                    f"both '{one.recording and one.recording.recording_id}' and "
                    f"'{following.recording and following.recording.recording_id}' run at that "
                    "time; name the recording"
                )
        return tuple(running)


def read_rows(reading: Reading) -> None:
    """Read a sheet's rows, and list the bad ones with their reasons.

    Raises
    ------
    NoTable
        The sheet has no header of annotations.
    """
    table = find_table(reading.sheet, reading.settings.columns)
    reading.taken.notes += table.notes
    reader = RowReader(reading.catalog, reading.settings, table, _default(reading, table))
    for line in table.lines:
        try:
            _read_row(reader, line, reading)
        except AnnotationError as error:
            reading.refuse(
                line, f"{error}{_hint(table, line, error)}{_goes_on(reader, line, error)}"
            )


def _read_row(reader: RowReader, line: Line, reading: Reading) -> None:
    table = reader.table
    annotator = str(table.get(line, "annotator") or reading.origin.annotator)
    only_watched = reader.is_watched_only(line)
    if only_watched or (reading.settings.looked_at == "recording" and reader.name(line)):
        reading.watch(annotator, reader.named(line))  # whatever else is wrong with the row
    if only_watched:
        return
    said = table.get(line, "label")
    if said is None and "label" in table.columns:
        raise AnnotationError(
            "its label is blank, though the sheet has a column of labels; write one there "
            "(seizure), or say that there is none with --set imports.annotations.columns.label=''"
        )
    label = reading.labels.of(said)
    if label is None:
        reading.taken.left_out += 1
        return
    rat, cage = table.get(line, "rat"), table.get(line, "cage")
    reading.add(Entry(line.number, *reader.span(line), rat, cage, label, annotator))


def _default(reading: Reading, table: Table) -> str | None:
    """Return the recording of rows that name none: as set, or the sheet's or the file's name."""
    if reading.settings.recording is not None or "recording" in table.columns:
        return reading.settings.recording
    for name in (reading.sheet.name, reading.origin.stem):
        if name is not None:
            try:
                reading.catalog.timeline(name, "auto")
            except Unknown:
                continue
            return name
    return None


def _hint(table: Table, line: Line, error: AnnotationError) -> str:
    """Say what Excel makes of 2:05, where that may be why a time is out of range."""
    cells = [table.get(line, field) for field in ("start", "end", "duration")]
    if isinstance(error, OutOfRange) and any(
        isinstance(cell, dt.time) and not cell.second for cell in cells
    ):
        return " (Excel takes 2:05 for hours and minutes; minutes and seconds are 0:02:05)"
    return ""


def _goes_on(reader: RowReader, line: Line, error: AnnotationError) -> str:
    """Say how to mark what runs over the end of a file, where the session goes on behind it."""
    if not isinstance(error, OutOfRange) or reader.settings.time_base in ("session", "clock"):
        return ""
    try:
        timeline = reader.named(line)
    except AnnotationError:
        return ""
    own = timeline[0].recording
    if len(timeline) > 1 or own is None or own.session_id is None:
        return ""
    session = [one.recording for one in reader.catalog.session(own.session_id)]
    behind = session[session.index(own) + 1 :] if own in session else []
    if not behind or behind[0] is None:
        return ""
    return (
        f". Its session goes on in '{behind[0].recording_id}': where times count from the "
        "session's start, say --set imports.annotations.time_base=session, or head the column "
        "'session'; else write what lies in that file as a row of its own"
    )
