"""Annotated seizures as events: each once, whoever and in however many rows marked it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rodepil.data.annotations import Annotation
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.io.labels import SEIZURE

JOIN_S = 0.1
"""Marks that lie no further apart are of one seizure; a camera cuts files between two frames."""


@dataclass(frozen=True)
class Seizure:
    """An annotated seizure.

    Parameters
    ----------
    subject_id
        Who had it.
    session
        The session that it lies in, or the recording where that belongs to none.
    start_s, end_s
        In the session's time.
    agreement
        The highest of its marks.
    """

    subject_id: str
    session: str
    start_s: float
    end_s: float
    agreement: float

    @property
    def duration_s(self) -> float:
        """How long it lasted."""
        return self.end_s - self.start_s


def session_of(recording: Recording) -> str:
    """Return the session that a recording belongs to; its own id where it stands alone."""
    return recording.session_id or recording.recording_id


def seizures_of(
    annotations: Sequence[Annotation],
    recordings: Sequence[Recording],
    cages: Sequence[Cage],
    min_agreement: float,
) -> list[Seizure]:
    """Return the annotated seizures, those of one subject that touch each other joined.

    Two annotators' marks of a seizure overlap, and a seizure that goes on in the session's next
    file has a mark in each: both are one seizure. What is agreed upon by less than `min_agreement`
    joins no two that are: beside an agreed seizure it is its edge, which only some marked, and
    elsewhere a seizure in dispute. A mark without recording or cage is left out.
    """
    known = {row.recording_id: row for row in recordings}
    subjects = {(cage.recording_id, cage.position): cage.subject_id for cage in cages}
    marks: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for row in annotations:
        subject = subjects.get((row.recording_id, row.position))
        recording = known.get(row.recording_id)
        if row.label == SEIZURE and subject is not None and recording is not None:
            begins_s = recording.session_start_s or 0.0
            mark = begins_s + row.start_s, begins_s + row.end_s, row.agreement
            marks.setdefault((subject, session_of(recording)), []).append(mark)
    return [
        Seizure(subject, session, *span)
        for (subject, session), spans in sorted(marks.items())
        for span in _told_apart(spans, min_agreement)
    ]


def _told_apart(
    spans: Sequence[tuple[float, float, float]], min_agreement: float
) -> list[tuple[float, float, float]]:
    """Return agreed seizures, and disputed ones that touch none of them, in order."""
    agreed = _joined([span for span in spans if span[2] >= min_agreement])
    disputed = [
        span
        for span in spans
        if span[2] < min_agreement
        and not any(
            span[0] <= end_s + JOIN_S and start_s <= span[1] + JOIN_S
            for start_s, end_s, _ in agreed
        )
    ]
    return sorted([*agreed, *_joined(disputed)])


def _joined(spans: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    joined: list[tuple[float, float, float]] = []
    for start_s, end_s, agreement in sorted(spans):
        if joined and start_s <= joined[-1][1] + JOIN_S:
            before = joined.pop()
            joined.append((before[0], max(before[1], end_s), max(before[2], agreement)))
        else:
            joined.append((start_s, end_s, agreement))
    return joined
