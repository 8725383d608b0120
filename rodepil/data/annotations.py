"""Annotations: intervals that people marked, and the check of their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from rodepil.data.cages import Cage
from rodepil.data.problems import Problem, raise_if
from rodepil.data.recordings import Recording
from rodepil.errors import AnnotationError
from rodepil.io.labels import LABELS, SEIZURE

REMEDY = "Mend the annotations table; times are seconds from the first frame"


@dataclass(frozen=True)
class Annotation:
    """An annotated interval; the fields are the columns of the annotations table."""

    recording_id: str
    position: int
    start_s: float
    end_s: float
    label: str
    annotator: str
    agreement: float


def annotations_of(table: pa.Table) -> list[Annotation]:
    """Return the rows of an annotations table."""
    return [Annotation(**row) for row in table.to_pylist()]


def seizures_by_cage(
    annotations: Sequence[Annotation],
) -> dict[tuple[str, int], tuple[Annotation, ...]]:
    """Return the annotated seizures of every recording and position that has any."""
    found: dict[tuple[str, int], tuple[Annotation, ...]] = {}
    for row in annotations:
        if row.label == SEIZURE:
            key = row.recording_id, row.position
            found[key] = (*found.get(key, ()), row)
    return found


def check_annotations(
    annotations: Sequence[Annotation], recordings: Sequence[Recording], cages: Sequence[Cage]
) -> None:
    """Check an annotations table against recordings and cages.

    Raises
    ------
    AnnotationError
        An interval is reversed or empty, starts before the recording or ends more than a frame
        past its end; its recording is unknown, its position has no cage, its label is unknown,
        or its agreement is no share.
    """
    found = [problem.text for problem in problems_of(annotations, recordings, cages)]
    raise_if(found, AnnotationError, REMEDY)


def problems_of(
    annotations: Sequence[Annotation], recordings: Sequence[Recording], cages: Sequence[Cage]
) -> list[Problem]:
    """Return what is wrong with the rows."""
    known = {row.recording_id: row for row in recordings}
    caged = {(cage.recording_id, cage.position) for cage in cages}
    return [
        Problem(
            row.recording_id,
            f"annotation {number} ('{row.label}' {row.start_s:g}-{row.end_s:g} s, cage "
            f"{row.position} of '{row.recording_id}'): {problem}",
        )
        for number, row in enumerate(annotations, start=1)
        for problem in _problems(row, known.get(row.recording_id), caged)
    ]


def _problems(
    row: Annotation, recording: Recording | None, caged: set[tuple[str, int]]
) -> list[str]:
    if recording is None:
        return ["no such recording"]
    found = []
    if (row.recording_id, row.position) not in caged:
        found.append("its subject has no cage in that recording; add the cage's box")
    if not row.end_s > row.start_s:
        found.append("its end does not lie after its start")
    if not row.start_s >= 0:
        found.append("it starts before the recording")
    if row.end_s > recording.duration_s + 1 / recording.frame_rate:
        found.append(f"it ends past the recording's end at {recording.duration_s:g} s")
    if row.label not in LABELS:
        found.append(f"the label is none of {', '.join(LABELS)}")
    if not 0 <= row.agreement <= 1:
        found.append(f"the agreement {row.agreement:g} is not in [0, 1]")
    return found
