"""Files of events: this project's tables and CSV, BORIS's exports, and ActivityNet's JSON.

References
----------
.. [1] Caba Heilbron, F., Escorcia, V., Ghanem, B. & Niebles, J. C. (2015). ActivityNet: A
   large-scale video benchmark for human activity understanding. CVPR, 961-970. Truths stand under
   'database', predictions under 'results'.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.data.marks.boris_export import find_export
from rodepil.data.marks.sheet import read_sheets
from rodepil.data.problems import raise_if
from rodepil.data.ratseizure import read_annotations
from rodepil.data.ratseizure.clips import NO_SUBJECT, POSITION
from rodepil.detect.boris_events import Places, events_of_export
from rodepil.detect.told_files import EVENTS, MERGED, About, read_about
from rodepil.errors import AnnotationError, TableError
from rodepil.io import tables
from rodepil.scoring import video_key

REQUIRED: Final = ("recording_id", "start_s", "end_s", "label")
DEFAULTS: Final[dict[str, Any]] = {"position": POSITION, "subject_id": NO_SUBJECT, "score": 1.0}
"""What a CSV may leave out."""

_SHEETS: Final = (".tsv", ".txt", ".xlsx")
"""How BORIS's exports end, or in .csv."""


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
        What to know of the events, a sentence each.
    """

    events: pa.Table
    durations_s: Mapping[str, float] = field(default_factory=dict)
    places: Places = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_events(path: Path, places: Places | None = None) -> EventFile:
    """Read events: Parquet (table ``events`` or ``annotations``), CSV, ActivityNet's JSON, BORIS.

    A CSV has the columns of table ``events``; without ``position``, ``subject_id`` or ``score``
    these are 0, 'unknown' and 1. A sheet of BORIS has tabular or aggregated events.

    Parameters
    ----------
    path
        The file.
    places
        In which cages the animals are that a sheet of BORIS names, where nothing beside it says.

    Raises
    ------
    TableError
        There is no such file, or it is none of these.
    AnnotationError
        A row can't be read; all that can't are named.
    """
    if not path.is_file():
        raise TableError(f"there is no file {path}; give events as Parquet, CSV, JSON or BORIS's")
    suffix = path.suffix.lower()
    about = read_about(path.parent) if path.name in (EVENTS, *MERGED) else About()
    readers = {".parquet": _parquet, ".csv": _csv, ".json": _json}
    if suffix not in {*readers, *_SHEETS}:
        ends = ", ".join([*readers, *_SHEETS])
        raise TableError(f"{path} is no file of events; give one that ends in {ends}")
    if suffix in _SHEETS or (suffix == ".csv" and _is_boris(path)):
        read = _boris(path, {**(places or {}), **about.places})
    else:
        read = readers[suffix](path)
    durations = {**about.durations_s, **read.durations_s}
    notes = _notes(path, about)
    return replace(read, durations_s=durations, places=about.places, notes=notes)


def _notes(path: Path, about: About) -> tuple[str, ...]:
    """Say what is to be known of events that localizing has merged."""
    if about.min_score is None or path.name not in MERGED:
        return ()
    said = (
        f"{path.name} holds events of score {about.min_score:g} or more, merged where they "
        f"overlap; mAP wants them all, so score {path.with_name(EVENTS)}"
    )
    return (said,)


def _is_boris(path: Path) -> bool:
    try:
        return any(find_export(sheet) for sheet in read_sheets(path))
    except AnnotationError:
        return False


def _boris(path: Path, places: Places) -> EventFile:
    """Read BORIS's tabular or aggregated events; a row that is no event is an error."""
    exports = [export for sheet in read_sheets(path) if (export := find_export(sheet))]
    if not exports:
        raise TableError(
            f"{path} is no sheet that BORIS exports (tabular or aggregated events); export it again"
        )
    found = [events_of_export(export, places) for export in exports]
    problems = [problem for one in found for problem in one.problems]
    raise_if(problems, AnnotationError, f"Mend {path}")
    rows = [row for one in found for row in one.rows]
    lengths = {name: length for one in found for name, length in one.lengths_s.items()}
    seen = {(name, POSITION) for name in lengths} - {(name, POSITION) for name, _ in places}
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
    return EventFile(tables.from_rows("events", [DEFAULTS | row for row in marked]))


def _csv(path: Path) -> EventFile:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                raise TableError(f"{path} lacks the columns {missing}; it has {reader.fieldnames}")
            lines = [(reader.line_num, line) for line in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path} can't be read as CSV in UTF-8: {error}; save it anew") from error
    return _checked(path, ((f"line {number}", line) for number, line in lines))


def _json(path: Path) -> EventFile:
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise TableError(f"{path} can't be read as JSON: {error}; make it again") from error
    if isinstance(whole, dict) and isinstance(whole.get("results"), dict):
        return _checked(path, _results(whole["results"]))
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


def _checked(path: Path, rows: Iterator[tuple[str, Mapping[str, Any]]]) -> EventFile:
    """Return the events of rows, or name all that are none."""
    found, problems = [], []
    for place, row in rows:
        try:
            found.append(_event(row))
        except (TypeError, ValueError, OverflowError) as error:
            problems.append(f"{place}: {error}")
    raise_if(problems, AnnotationError, f"Mend {path}")
    return EventFile(tables.from_rows("events", found))


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of table 'events' that a row of a file means."""
    said = {name: row[name] for name in DEFAULTS if row.get(name) not in (None, "")}
    whole: dict[str, Any] = {**DEFAULTS, **said}
    for name in ("recording_id", "label"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise ValueError(f"it has no {name}")
        whole[name] = row[name]
    start_s, end_s, score = _numbers((row.get("start_s"), row.get("end_s"), whole["score"]))
    if not 0 <= start_s < end_s:
        raise ValueError(f"{start_s:g} to {end_s:g} s is no interval")
    numbers = {"start_s": start_s, "end_s": end_s, "score": score}
    return whole | numbers | {"position": _place(whole["position"]), "subject_id": _name(whole)}


def _place(cell: Any) -> int:
    """Return a cage's number, also where it is written as 1.0."""
    (number,) = _numbers((cell,))
    if not number.is_integer():
        raise ValueError(f"'{cell}' is no number of a cage")
    return int(number)


def _name(row: Mapping[str, Any]) -> str:
    """Return the animal's name, also where it is a number."""
    subject = row["subject_id"]
    if isinstance(subject, bool) or not isinstance(subject, str | int):
        raise TypeError(f"subject_id {subject!r} is no name")
    return str(subject)


def _numbers(cells: Sequence[Any]) -> list[float]:
    found = []
    for cell in cells:
        number = math.nan if cell is None or isinstance(cell, bool) else float(cell)
        if not math.isfinite(number):
            raise ValueError(f"'{cell}' is no number")
        found.append(number)
    return found
