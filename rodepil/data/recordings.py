"""Recordings: one row of the recordings table each, and the check of that table."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pyarrow as pa

from rodepil.data.problems import Problem, raise_if
from rodepil.errors import SourceError
from rodepil.io.names import is_date, is_part

REMEDY = "Mend the recordings table, or make it again from the files"


@dataclass(frozen=True)
class Recording:
    """A video file; the fields are the columns of the recordings table."""

    recording_id: str
    path: str
    sha256: str
    date: str
    video_id: str
    fps: str
    n_frames: int
    duration_s: float
    width_px: int
    height_px: int
    codec: str
    container: str | None = None
    declared_fps: str | None = None
    declared_frames: int | None = None
    start_s: float | None = None
    rotation_deg: int | None = None
    first_is_key: bool | None = None
    damaged_packets: int | None = None
    size_bytes: int | None = None
    camera: str | None = None
    session_id: str | None = None
    session_start_s: float | None = None
    part: str | None = None
    starts_at: str | None = None

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second, exact."""
        return Fraction(self.fps)

    @property
    def name_id(self) -> str:
        """What stands for the recording in its clips' names: the video id, and the part of it."""
        return self.video_id if self.part is None else f"{self.video_id}-{self.part}"


def gone_words(row: Recording, path: Path) -> str:
    """Return what to say of a recording whose file is not there any more."""
    return (
        f"{path} is not there (recording '{row.recording_id}'); bring it back, import it from "
        f"where it is now, or withdraw it: rodepil import forget {shlex.quote(row.recording_id)}"
    )


def recordings_of(table: pa.Table) -> list[Recording]:
    """Return the rows of a recordings table."""
    return [Recording(**row) for row in table.to_pylist()]


def check_recordings(recordings: Sequence[Recording]) -> None:
    """Check a recordings table as a whole.

    Raises
    ------
    SourceError
        There is none; two share an id, a content, or the date, video id and part that name
        their clips; or a row holds an impossible id, rate, length, size, date or video id.
    """
    if not recordings:
        raise SourceError("the recordings table is empty; give at least one video")
    raise_if([problem.text for problem in problems_of(recordings)], SourceError, REMEDY)


def problems_of(recordings: Sequence[Recording]) -> list[Problem]:
    """Return what is wrong with the rows; of two that share what they can't, with the later."""
    problems = []
    for what, values in {
        "recording_id": [row.recording_id for row in recordings],
        "content (sha256)": [row.sha256 for row in recordings],
        "date, video_id and part": [f"{row.date} {row.name_id}" for row in recordings],
    }.items():
        first: dict[str, Recording] = {}
        for row, value in zip(recordings, values, strict=True):
            one = first.setdefault(value, row)
            if one is not row:
                text = f"two recordings have the {what} {value}: {one.path} and {row.path}"
                problems.append(Problem(row.recording_id, text))
    return problems + [
        Problem(row.recording_id, f"recording '{row.recording_id}' ({row.path}): {problem}")
        for row in recordings
        for problem in _problems(row)
    ]


def _problems(row: Recording) -> list[str]:
    found = []
    if not is_part(row.recording_id.replace("_", "-")):  # it stands in names of files
        found.append("a recording_id can't be empty or hold a slash")
    if not is_date(row.date):
        found.append(f"date '{row.date}' is no date such as Feb-1-2019, nor 'undated'")
    if not is_part(row.name_id):
        found.append(f"video_id '{row.video_id}' is empty or holds an underscore or a slash")
    try:
        positive = row.frame_rate > 0
    except (ValueError, ZeroDivisionError):
        positive = False
    if not positive:
        found.append(f"fps '{row.fps}' is no fraction above 0 such as 30000/1001")
    if row.n_frames < 1 or not row.duration_s > 0:
        found.append(f"{row.n_frames} frames in {row.duration_s} s is nothing to curate")
    if row.width_px < 1 or row.height_px < 1:
        found.append(f"a picture of {row.width_px}x{row.height_px} px is impossible")
    return found
