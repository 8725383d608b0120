"""BORIS's exports as events to score: those that localizing writes, and those of people.

References
----------
.. [1] Friard, O., & Gamba, M. (2016). BORIS: a free, versatile open-source event-logging software
   for video/audio coding and live observations. Methods in Ecology and Evolution, 7, 1325-1330.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import PurePosixPath
from typing import Any, Final

from rodepil.data.marks.boris import NOBODY, observation_of, observations_of
from rodepil.data.marks.boris_export import Event, Export, events_of_lines
from rodepil.data.marks.headers import plain
from rodepil.data.marks.observation import Observation, media_of
from rodepil.data.marks.sheet import Line
from rodepil.data.marks.times import seconds
from rodepil.data.ratseizure.clips import NO_SUBJECT
from rodepil.data.ratseizure.labels import unit_of
from rodepil.detect.cage_places import Places, place_rows
from rodepil.errors import AnnotationError

_SCORE: Final = re.compile(r"score (0\.\d+|1\.0+)")
"""As localizing writes it; a person's comment may speak of other scores."""

_REMEDY: Final = "call subjects cage-0, cage-1, ... in BORIS, as localize does"


@dataclass
class BorisEvents:
    """What an export holds.

    Parameters
    ----------
    rows
        Rows of table ``events``.
    lengths_s
        Seconds of each recording, where the export says them.
    problems
        Why other rows are no events.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    lengths_s: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def refuse(self, line: Line, reason: object) -> None:
        """Note a row that can't be read."""
        self.problems.append(f"line {line.number}: {reason}")


@dataclass(frozen=True)
class _Film:
    """A media file of an observation: its name, and the observation's seconds that it shows."""

    name: str
    from_s: float
    to_s: float


def events_of_export(export: Export, places: Places) -> BorisEvents:
    """Return the events of an export, by the names of its media files without ending.

    Parameters
    ----------
    export
        As `rodepil.data.marks.boris_export.find_export` finds it.
    places
        The cages' positions, by recording_id and animal, as
        `rodepil.detect.cage_places.place_rows` takes them.
    """
    found = BorisEvents()
    for name, lines in observations_of(export).items():
        try:
            observed = observation_of(export, name, lines)
            films = _films(observed, found)
        except AnnotationError as error:
            found.problems.append(f"observation '{name}': {error}")
            continue
        for event in events_of_lines(export, observed.lines, found):
            try:
                found.rows += _rows(export, event, films, observed.offset_s)
            except AnnotationError as error:
                found.refuse(event.line, error)
    found.problems += place_rows(found.rows, places, _REMEDY)
    return found


def _films(observed: Observation, found: BorisEvents) -> list[_Film]:
    """Return the media files of an observation, one after another, and note how long they are."""
    files, lengths = media_of(observed)
    if not files:
        raise AnnotationError("it names no media file; name the recording in BORIS")
    names = [_recording(file, observed.name) for file in files]
    found.lengths_s |= {
        name: length for name, length in zip(names, lengths, strict=True) if length is not None
    }
    known = [length for length in lengths if length is not None]
    if len(files) == 1:
        return [_Film(names[0], 0.0, float("inf"))]
    if len(known) < len(files):
        raise AnnotationError(
            "it runs over several media files and says not how long they are; export it from a "
            "newer BORIS"
        )
    ends = list(accumulate(known))
    return [_Film(*film) for film in zip(names, [0.0, *ends[:-1]], ends, strict=True)]


def _recording(file: str, observation: str) -> str:
    """Return a file's name without ending; of several alike, the one that localizing gave it."""
    stem = PurePosixPath(file.replace("\\", "/")).stem
    own = re.fullmatch(rf"{re.escape(stem)}-[0-9a-f]{{8}}", observation)
    return observation if own else stem


def _rows(
    export: Export, event: Event, films: Sequence[_Film], offset_s: float
) -> Iterator[dict[str, Any]]:
    """Yield an event's part of each film that it is in."""
    behavior = export.get(event.line, "behavior")
    if behavior is None or event.point:
        raise AnnotationError(
            "it names no behavior; export it from BORIS again"
            if behavior is None
            else f"'{behavior}' is a point event, without an end; make it a state event in BORIS"
        )
    start_s, end_s = seconds(event.start) - offset_s, seconds(event.stop) - offset_s
    if not 0 <= start_s < end_s:
        raise AnnotationError(f"{start_s:g} to {end_s:g} s is no interval")
    subject = export.get(event.line, "subject")
    score = _SCORE.fullmatch(str(export.get(event.line, "comment", "comment start") or "").strip())
    if start_s >= films[-1].to_s:
        raise AnnotationError(
            f"it begins at {start_s:g} s, and the media files end at {films[-1].to_s:g} s; mend it"
        )
    for film in films:
        if start_s < film.to_s and film.from_s < end_s:
            yield {
                "recording_id": film.name,
                "position": None,
                "subject_id": NO_SUBJECT if plain(subject or NOBODY) == NOBODY else str(subject),
                "start_s": max(start_s, film.from_s) - film.from_s,
                "end_s": min(end_s, film.to_s) - film.from_s,
                "label": _label(str(behavior)),
                "score": float(score[1]) if score else 1.0,
            }


def _label(behavior: str) -> str:
    """Return the action unit that a behaviour is, however it is written; others as they are."""
    try:
        return unit_of(behavior)
    except AnnotationError:
        return behavior
