"""Events become the annotations that curation reads: what is agreed upon, and what is disputed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rodepil.data.annotations import Annotation
from rodepil.data.marks.matching import Event, Key

Way = Literal["intersection", "union", "mean"]

JOINED = " + "
"""What stands between annotators' names."""


def annotations_of_events(events: Mapping[Key, Sequence[Event]], way: Way) -> list[Annotation]:
    """Return the rows of the annotations table.

    An event is one row with its agreement. What some marked of it and the row leaves out, before
    and after, is a row of agreement 0: such seconds never make a positive, and their windows are
    no negatives either. They are dropped as ``low_agreement``.

    Parameters
    ----------
    events
        By recording, position and label.
    way
        The interval of an event: what all its annotators marked, what any did, or from the mean
        of their starts to the mean of their ends.
    """
    rows = [
        Annotation(*key[:2], start_s, end_s, key[2], names, agreement)
        for key, found in events.items()
        for event in found
        for start_s, end_s, names, agreement in _rows(event, way)
    ]
    return sorted(rows, key=lambda row: (row.recording_id, row.position, row.start_s, row.end_s))


def interval(event: Event, way: Way) -> tuple[float, float]:
    """Return an event's start and end in seconds."""
    starts = [mark.start_s for mark in event.marks]
    ends = [mark.end_s for mark in event.marks]
    if way == "intersection":
        return max(starts), min(ends)
    if way == "union":
        return min(starts), max(ends)
    return sum(starts) / len(starts), sum(ends) / len(ends)


def _rows(event: Event, way: Way) -> Iterable[tuple[float, float, str, float]]:
    start_s, end_s = interval(event, way)
    first_s, last_s = interval(event, "union")
    yield start_s, end_s, _names(event), event.agreement
    if first_s < start_s:
        yield first_s, start_s, _names(event, until_s=start_s), 0.0
    if end_s < last_s:
        yield end_s, last_s, _names(event, from_s=end_s), 0.0


def _names(event: Event, until_s: float = float("inf"), from_s: float = float("-inf")) -> str:
    """Return who marked any of what lies before, or after, a time."""
    return JOINED.join(
        mark.annotator for mark in event.marks if mark.start_s < until_s and mark.end_s > from_s
    )
