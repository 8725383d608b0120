"""Events as BORIS exports them: tabular events, a START and a STOP row each.

'rodepil annotations import' reads the file, and so do scripts that read BORIS's exports.

References
----------
.. [1] Friard, O., & Gamba, M. (2016). BORIS: a free, versatile open-source event-logging software
   for video/audio coding and live observations. Methods in Ecology and Evolution, 7, 1325-1330.
   Columns as exports of version 9 have them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from rodepil.data.ratseizure.clips import NO_SUBJECT
from rodepil.detect.localize.outcome import VideoFacts

COLUMNS: Final = (
    "Observation id", "Observation date", "Description", "Observation duration",
    "Observation type", "Source", "Time offset (s)", "Media duration (s)", "FPS", "Subject",
    "Behavior", "Behavioral category", "Behavior type", "Time", "Media file name", "Image index",
    "Image file path", "Comment",
)  # fmt: skip
NOBODY: Final = "No focal subject"


def boris_text(told: pa.Table, videos: tuple[VideoFacts, ...], *, named: bool, about: str) -> str:
    """Return events as BORIS's tabular events, separated by tabs.

    Parameters
    ----------
    told
        Table ``events`` in which those of one unit and cage do not overlap: else no START could
        be told to which STOP it belongs.
    videos
        The videos they are of.
    named
        Whether the animals have names. One without a name that is alone in its video is BORIS's
        'No focal subject'; others are called by their cage.
    about
        What the observations are, in one line.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter="\t", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for video in videos:
        writer.writerows(_rows(told, video, named=named, about=about))
    return stream.getvalue()


def _rows(told: pa.Table, video: VideoFacts, *, named: bool, about: str) -> Iterator[list[str]]:
    """Yield a video's rows by time; at one time, a STOP comes before a START."""
    length = f"{video.duration_s:.3f}"
    head = [
        video.recording_id, "", about, length, "Media file(s)",
        f"player #1:{Path(video.path).as_posix()}", "0.0", length, f"{video.fps:.3f}",
    ]  # fmt: skip
    points: list[tuple[float, int, str, dict[str, Any]]] = []
    for row in told.to_pylist():
        if row["recording_id"] == video.recording_id:
            points += [(row["start_s"], 1, "START", row), (row["end_s"], 0, "STOP", row)]
    for time_s, _, kind, row in sorted(points, key=lambda point: point[:2]):
        yield [
            *head, _subject(row, video, named=named), row["label"], "", kind,
            f"{time_s:.3f}", Path(video.path).as_posix(), str(round(time_s * video.fps)), "NA",
            f"score {row['score']:.3f}" if kind == "START" else "",
        ]  # fmt: skip


def _subject(row: dict[str, Any], video: VideoFacts, *, named: bool) -> str:
    if named and row["subject_id"] != NO_SUBJECT:
        return str(row["subject_id"])
    return NOBODY if len(video.cages) == 1 else f"cage-{row['position']}"
