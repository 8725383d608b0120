"""BORIS's exports: tabular events (START and STOP rows) and aggregated events.

Times are those of the observation: they run on over its media files, one after another, and hold
its time offset, which is taken off.

References
----------
.. [1] Friard, O., & Gamba, M. (2016). BORIS: a free, versatile open-source event-logging software
   for video/audio coding and live observations. Methods in Ecology and Evolution, 7, 1325-1330.
   Columns as its user guide and exports of versions 7 to 9 have them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rodepil.data.marks.boris_export import MISSING, Event, Export, events_of_lines
from rodepil.data.marks.entry import Entry
from rodepil.data.marks.headers import plain
from rodepil.data.marks.observation import Observation, timeline_of
from rodepil.data.marks.reading import Reading
from rodepil.data.marks.sheet import Cell, Line
from rodepil.data.marks.timeline import Stretch
from rodepil.data.marks.times import BadTime, seconds
from rodepil.errors import AnnotationError

NOBODY = "no focal subject"

_MEDIA = ("media file path", "media file name", "media file")


def read_boris(export: Export, reading: Reading) -> None:
    """Read an export's events, and list the bad ones with their reasons."""
    for name, lines in observations_of(export).items():
        try:
            observed = observation_of(export, name, lines)
            timeline = timeline_of(observed, reading.catalog, reading.settings.recording)
        except AnnotationError as error:
            for line in lines or (Line(0, ()),):
                reading.refuse(line, error)
            continue
        if observed.offset_s:
            reading.taken.notes.append(
                f"observation '{observed.name}': its time offset of {observed.offset_s:g} s is "
                "taken off"
            )
        if reading.settings.looked_at == "recording":
            reading.watch(reading.origin.annotator, timeline)
        for event in events_of_lines(export, observed.lines, reading):
            try:
                _add(export, event, timeline, observed.offset_s, reading)
            except AnnotationError as error:
                reading.refuse(event.line, error)


def observations_of(export: Export) -> dict[str, list[Line]]:
    """Return the lines of each observation; old tabular exports hold one, named above them."""
    named = export.before.get("observation id")
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in export.lines:
        groups[str(export.get(line, "observation id") or named or "")].append(line)
    if not groups and export.media:
        groups[str(named or "")] = []
    return groups


def observation_of(export: Export, name: str, lines: Sequence[Line]) -> Observation:
    """Return what an export says of an observation.

    Raises
    ------
    BadTime
        Its offset or length is no time.
    """
    first = lines[0] if lines else Line(0, ())
    offset = export.get(first, "time offset s") or export.before.get("time offset s")
    seen = [str(cell) for line in lines if (cell := export.get(line, *_MEDIA)) is not None]
    total = export.get(first, "total length")
    return Observation(
        name,
        tuple(lines),
        tuple(dict.fromkeys(seen)),
        export.media,
        str(export.get(first, "source") or ""),
        str(export.get(first, "media duration s") or ""),
        0.0 if offset in MISSING else _seconds(offset, "time offset", name),
        None if total is None else _seconds(total, "total length", name),
    )


def _seconds(cell: Cell, what: str, name: str) -> float:
    try:
        return seconds(cell)
    except BadTime as error:
        raise BadTime(f"the {what} of observation '{name}': {error}") from error


def _add(
    export: Export,
    event: Event,
    timeline: tuple[Stretch, ...],
    offset_s: float,
    reading: Reading,
) -> None:
    """Take an event; one whose label is left out is counted."""
    behavior = export.get(event.line, "behavior")
    if behavior is None:
        raise BadTime("it names no behavior; export it from BORIS again")
    label = reading.labels.of(behavior)
    if label is None:
        reading.taken.left_out += 1
        return
    start_s = seconds(event.start) - offset_s
    if not event.point:
        end_s = seconds(event.stop) - offset_s
    elif reading.settings.point_duration_s is not None:
        end_s = start_s + reading.settings.point_duration_s
    else:
        raise BadTime(
            f"'{behavior}' is a point event without a duration; make it a state event in BORIS, "
            "or set imports.annotations.point_duration_s"
        )
    subject = export.get(event.line, "subject")
    rat = None if subject is None or plain(subject) == NOBODY else subject
    who = reading.origin.annotator
    reading.add(Entry(event.line.number, timeline, start_s, end_s, rat, None, label, who))
