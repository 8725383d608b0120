"""The events of a dataset on its clips: cut where these end, and what lies in none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rodepil.data.ratseizure.clips import RatSeizure
from rodepil.data.ratseizure.films import NORMAL
from rodepil.data.ratseizure.made import Row
from rodepil.io import tables

_DIGITS = 6


@dataclass(frozen=True)
class Marked:
    """Events on clips.

    Parameters
    ----------
    events
        Table "events": each within one kept clip, its times from the start of the recording.
    cut
        Segments that are shorter there than they were annotated, or stand as several events.
    lost
        Segments of which no kept clip shows a frame.
    """

    events: pa.Table
    cut: int
    lost: int


def marked(
    annotations: RatSeizure,
    rows: Sequence[Row],
    subjects: Mapping[str, str],
    frame_s: float,
) -> Marked:
    """Cut annotated segments to the kept clips.

    Parameters
    ----------
    annotations
        Segments in seconds of their recordings.
    rows
        Of the table "clips".
    subjects
        The subject of each annotated clip.
    frame_s
        Parts of segments that are shorter than this are no events.
    """
    spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if row["kept"]:
            start_s, duration_s = _seconds(row["start_s"]), _seconds(row["duration_s"])
            spans[str(row["recording_id"])].append((start_s, start_s + duration_s))
    events: list[dict[str, Any]] = []
    cut = lost = 0
    for event in annotations.events.to_pylist():
        name = event["recording_id"]
        parts = _parts((event["start_s"], event["end_s"]), sorted(spans[name]), frame_s)
        lost += not parts
        whole = event["end_s"] - event["start_s"]
        cut += bool(parts) and (len(parts) > 1 or whole - (parts[0][1] - parts[0][0]) > frame_s)
        events += [
            event | {"subject_id": subjects[name], "start_s": start_s, "end_s": end_s}
            for start_s, end_s in parts
        ]
    return Marked(tables.from_rows("events", events), cut, lost)


def with_labels(rows: Sequence[Row], events: pa.Table, subjects: Mapping[str, str]) -> pa.Table:
    """Return the table "clips": a clip's label is 1 where a unit of a seizure stands in it."""
    seizing: defaultdict[str, list[float]] = defaultdict(list)
    for event in events.to_pylist():
        if event["label"] != NORMAL:
            middle_s = (event["start_s"] + event["end_s"]) / 2  # its ends are rounded
            seizing[event["recording_id"]].append(middle_s)
    labelled = []
    for row in rows:
        name, start_s = str(row["recording_id"]), _seconds(row["start_s"])
        end_s = start_s + _seconds(row["duration_s"])
        label = int(any(start_s <= middle_s < end_s for middle_s in seizing.get(name, ())))
        labelled.append({**row, "label": label, "subject_id": subjects[name]})
    labelled.sort(key=lambda row: (row["recording_id"], row["start_s"], row["clip_id"]))
    return tables.from_rows("clips", labelled)


def _parts(
    segment: tuple[float, float], spans: Sequence[tuple[float, float]], frame_s: float
) -> list[tuple[float, float]]:
    """Return the parts of a segment in clips."""
    found = [
        (round(max(segment[0], start_s), _DIGITS), round(min(segment[1], end_s), _DIGITS))
        for start_s, end_s in spans
    ]
    least_s = min(frame_s, segment[1] - segment[0]) * 0.999  # a frame, though times are rounded
    return [(start_s, end_s) for start_s, end_s in found if end_s - start_s >= least_s]


def _seconds(value: object) -> float:
    return float(value)  # type: ignore[arg-type]  # a column of floats
