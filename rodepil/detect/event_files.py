"""Files of events: this project's tables and CSV, BORIS's exports, and ActivityNet's JSON.

References
----------
.. [1] Caba Heilbron, F., Escorcia, V., Ghanem, B. & Niebles, J. C. (2015). ActivityNet: A
   large-scale video benchmark for human activity understanding. CVPR, 961-970. Truths stand under
   'database', predictions under 'results'.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.data.marks.boris_export import Export, find_export
from rodepil.data.marks.sheet import read_sheets
from rodepil.data.problems import raise_if
from rodepil.data.ratseizure import read_annotations
from rodepil.data.ratseizure.clips import POSITION
from rodepil.detect.boris_events import events_of_export
from rodepil.detect.cage_places import Places, only_cage, place_rows
from rodepil.detect.event_rows import DEFAULTS, event_of, rows_of_sheets
from rodepil.detect.told_files import EVENTS, MERGED, About, read_about
from rodepil.errors import AnnotationError, TableError
from rodepil.io import tables
from rodepil.scoring import video_key

_SHEETS: Final = (".csv", ".tsv", ".txt", ".xlsx")
"""How sheets end: this project's own, and BORIS's exports."""

_REMEDY: Final = (
    "give a column position (0, 1, ...), or subject_id with the animals' names as the cages have "
    "them"
)


@dataclass(frozen=True)
class EventFile:
    """What a file of events holds.

    Parameters
    ----------
    events
        Table ``events``.
    durations_s
        Seconds of each video, by its name (`rodepil.scoring.video_key`), where the file, or what
        localizing wrote beside it, says them.
    places
        The position of each animal, by recording_id and subject_id, where that is said beside.
    notes
        What to know of how the file was read, a sentence each.
    advice
        What to score in place of the file, a sentence; empty where it holds every event.
    """

    events: pa.Table
    durations_s: Mapping[str, float] = field(default_factory=dict)
    places: Places = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    advice: str = ""


def read_events(path: Path, places: Places | None = None, *, cages: int = 1) -> EventFile:
    """Read events: Parquet (table ``events`` or ``annotations``), CSV, ActivityNet's JSON, BORIS.

    A sheet has the columns of table ``events``, parted by any common sign, with times in seconds,
    m:ss or h:mm:ss. Without ``subject_id`` or ``score`` these are 'unknown' and 1; without
    ``position`` it is that of the animal (`rodepil.detect.cage_places.place_rows`). A sheet of
    BORIS has tabular or aggregated events.

    Parameters
    ----------
    path
        The file.
    places
        In which cages the animals are that a file names, where nothing beside it says.
    cages
        How many cages a recording has of which `places` knows none.

    Raises
    ------
    TableError
        There is no such file, or it is none of these.
    AnnotationError
        A row can't be read, or nothing tells its cage; all that can't are named.
    """
    if not path.is_file():
        raise TableError(f"there is no file {path}; give events as Parquet, CSV, JSON or BORIS's")
    suffix = path.suffix.lower()
    about = read_about(path.parent) if path.name in (EVENTS, *MERGED) else About()
    known = {**(places or {}), **about.places}
    if suffix == ".parquet":
        read = _parquet(path)
    elif suffix == ".json":
        read = _json(path, known, cages)
    elif suffix in _SHEETS:
        read = _sheet(path, known, cages)
    else:
        ends = ", ".join([".parquet", ".json", *_SHEETS])
        raise TableError(f"{path} is no file of events; give one that ends in {ends}")
    durations = {**about.durations_s, **read.durations_s}
    return replace(read, durations_s=durations, places=about.places, advice=_advice(path, about))


def _advice(path: Path, about: About) -> str:
    """Say what to score in place of events that localizing has merged."""
    if about.min_score is None or path.name not in MERGED:
        return ""
    return (
        f"{path.name} holds events of score {about.min_score:g} or more, merged where they "
        f"overlap; mAP wants them all, so score {path.with_name(EVENTS)}"
    )


def _sheet(path: Path, places: Places, cages: int) -> EventFile:
    """Read a sheet: of BORIS, or with this project's columns."""
    sheets = read_sheets(path)
    exports = [export for sheet in sheets if (export := find_export(sheet))]
    if exports:
        read = _boris(path, exports, places)
    else:
        read = _checked(path, rows_of_sheets(path, sheets), places, cages)
    notes = tuple(f"{path.name}: {note}" for sheet in sheets for note in sheet.notes)
    return replace(read, notes=notes)


def _boris(path: Path, exports: Iterable[Export], places: Places) -> EventFile:
    """Read BORIS's tabular or aggregated events; a row that is no event is an error."""
    found = [events_of_export(export, places) for export in exports]
    problems = [problem for one in found for problem in one.problems]
    raise_if(problems, AnnotationError, f"Mend {path}")
    rows = [row for one in found for row in one.rows]
    lengths = {name: length for one in found for name, length in one.lengths_s.items()}
    seen = {(name, at) for name in lengths if (at := only_cage(places, name)) is not None}
    seen |= {(row["recording_id"], row["position"]) for row in rows}
    durations = {video_key(*one): lengths[one[0]] for one in seen if one[0] in lengths}
    return EventFile(tables.from_rows("events", rows), durations)


def _parquet(path: Path) -> EventFile:
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{path} can't be read as Parquet: {error}; make it again") from error
    if "agreement" not in names:
        return EventFile(tables.read("events", path))
    wanted = ("recording_id", "position", "start_s", "end_s", "label")
    marked = tables.read("annotations", path).select(wanted).to_pylist()
    return EventFile(tables.from_rows("events", [{**DEFAULTS, **row} for row in marked]))


def _json(path: Path, places: Places, cages: int) -> EventFile:
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise TableError(f"{path} can't be read as JSON: {error}; make it again") from error
    if isinstance(whole, dict) and isinstance(whole.get("results"), dict):
        return _checked(path, _results(whole["results"]), places, cages)
    known = read_annotations(path)
    durations = {video_key(clip.video_id, POSITION): clip.duration_s for clip in known.clips}
    return EventFile(known.events, durations)


def _results(results: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the predictions of ActivityNet's form, each with its place."""
    for video, listed in results.items():
        for number, one in enumerate(listed if isinstance(listed, list) else [listed], start=1):
            known = one if isinstance(one, dict) else {}
            span = known.get("segment")
            start, end = span if isinstance(span, list) and len(span) == 2 else (None, None)  # noqa: PLR2004
            yield (
                f"segment {number} of '{video}'",
                {**known, "recording_id": video, "start_s": start, "end_s": end},
            )


def _checked(
    path: Path, rows: Iterable[tuple[str, Mapping[str, Any]]], places: Places, cages: int
) -> EventFile:
    """Return the events of rows in their cages, or name all that are none."""
    found, problems = [], []
    for place, row in rows:
        try:
            found.append(event_of(row))
        except (AnnotationError, TypeError, ValueError, OverflowError) as error:
            problems.append(f"{place}: {error}")
    problems += place_rows(found, places, _REMEDY, cages=cages)
    raise_if(problems, AnnotationError, f"Mend {path}")
    return EventFile(tables.from_rows("events", found))
