"""Cages: the boxes of a recording and the subjects in them, and the check of their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from rodepil.data.problems import Problem, raise_if, repeated
from rodepil.data.recordings import Recording
from rodepil.errors import CageError
from rodepil.io.names import is_part

SMALLEST_PX = 16
REMEDY = "Mend the cages table: one row a cage, its box whole within the frame"


@dataclass(frozen=True)
class Cage:
    """A cage in a recording; the fields are the columns of the cages table.

    The box is in pixels of the upright frame: left, top, width, height.
    """

    recording_id: str
    position: int
    subject_id: str
    x_px: int
    y_px: int
    width_px: int
    height_px: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels."""
        return self.x_px, self.y_px, self.width_px, self.height_px


def cages_of(table: pa.Table) -> list[Cage]:
    """Return the rows of a cages table."""
    return [Cage(**row) for row in table.to_pylist()]


def check_cages(cages: Sequence[Cage], recordings: Sequence[Recording]) -> None:
    """Check a cages table against the recordings.

    Raises
    ------
    CageError
        A box lies outside its frame, is too small or stands twice; a position or a subject
        stands twice in a recording; a recording is unknown or has no cage; a subject's name
        can't stand in a clip's.
    """
    found = [problem.text for problem in problems_of(cages, recordings)]
    raise_if(found, CageError, REMEDY)


def problems_of(cages: Sequence[Cage], recordings: Sequence[Recording]) -> list[Problem]:
    """Return what is wrong with the rows, and the recordings that have none."""
    known = {row.recording_id: row for row in recordings}
    problems = [
        Problem(
            cage.recording_id,
            f"cage {cage.position} of '{cage.recording_id}' (subject '{cage.subject_id}'): "
            f"{problem}",
        )
        for cage in cages
        for problem in _problems(cage, known.get(cage.recording_id))
    ]
    keyed: dict[str, list[tuple[str, object]]] = {
        "position": [(cage.recording_id, cage.position) for cage in cages],
        "subject": [(cage.recording_id, cage.subject_id) for cage in cages],
        "box": [(cage.recording_id, cage.box) for cage in cages],
    }
    for what, keys in keyed.items():
        problems += [
            Problem(key[0], f"the same recording and {what} stand twice: {key}")
            for key in repeated(keys)
        ]
    caged = {cage.recording_id for cage in cages}
    return problems + [
        Problem(row.recording_id, f"recording '{row.recording_id}' has no cage")
        for row in recordings
        if row.recording_id not in caged
    ]


def _problems(cage: Cage, recording: Recording | None) -> list[str]:
    if recording is None:
        return ["no such recording"]
    found = []
    left, top, width, height = cage.box
    if (
        min(left, top) < 0
        or left + width > recording.width_px
        or top + height > recording.height_px
    ):
        found.append(
            f"the box x={left} y={top} {width}x{height} px is outside the frame of "
            f"{recording.width_px}x{recording.height_px} px"
        )
    if min(width, height) < SMALLEST_PX:
        found.append(f"a box of {width}x{height} px is under {SMALLEST_PX} px a side")
    if cage.position < 0:
        found.append("a position is 0 or more")
    if not is_part(cage.subject_id):
        found.append("a subject's name can't be empty or hold an underscore or a slash")
    return found
