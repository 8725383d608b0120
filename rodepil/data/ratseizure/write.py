"""Write clips and their events as an annotation file in ActivityNet's form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from rodepil.data.problems import raise_if, repeated
from rodepil.data.ratseizure.clips import POSITION, SUBSETS, RatSeizureClip
from rodepil.data.ratseizure.labels import LABEL_IDS
from rodepil.data.ratseizure.read import SLACK_S
from rodepil.errors import AnnotationError, TableError
from rodepil.io import tables
from rodepil.io.files import unwritable, write_json

_REMEDY = "Mend the clips or the events table, and write again"


def write_annotations(path: Path, clips: Sequence[RatSeizureClip], events: pa.Table) -> None:
    """Write an annotation file, whole or not at all.

    Reading it gives the same clips, by name, and the same events, but for subjects, which the
    form can't hold.

    Parameters
    ----------
    path
        Where to.
    clips
        Every clip; one without events gets an empty list.
    events
        Table ``events`` of true events.

    Raises
    ------
    TableError
        It is no table of events, or the file can't be written.
    AnnotationError
        A clip stands twice or is impossible, or an event can't be said in this form: its clip is
        not given, it is not of position 0, its label is no action unit, it does not lie in its
        clip, or its score is not 1, as of a prediction.
    """
    rows = tables.check("events", events).to_pylist()
    lasting = {clip.video_id: clip.duration_s for clip in clips}
    problems = [*_clip_problems(clips)]
    for number, row in enumerate(rows, start=1):
        reason = _event_problem(row, lasting)
        if reason:
            problems.append(f"event {number} of '{row['recording_id']}': {reason}")
    raise_if(problems, AnnotationError, _REMEDY)
    database: dict[str, dict[str, Any]] = {
        clip.video_id: {"subset": clip.subset, "duration": clip.duration_s, "annotations": []}
        for clip in clips
    }
    for row in rows:
        database[row["recording_id"]]["annotations"].append(
            {
                "segment": [row["start_s"], row["end_s"]],
                "label": row["label"],
                "label_id": LABEL_IDS[row["label"]],
            }
        )
    try:
        write_json(path, {"database": database})
    except OSError as error:
        raise TableError(unwritable(path, error)) from error


def _clip_problems(clips: Sequence[RatSeizureClip]) -> list[str]:
    found = [f"clip '{name}' stands twice" for name in repeated([clip.video_id for clip in clips])]
    for clip in clips:
        if clip.subset not in SUBSETS:
            found.append(f"clip '{clip.video_id}': subset '{clip.subset}' is none of {SUBSETS}")
        if not 0 < clip.duration_s < float("inf"):
            found.append(f"clip '{clip.video_id}': it lasts {clip.duration_s:g} s")
    return found


def _event_problem(row: dict[str, Any], lasting: dict[str, float]) -> str | None:
    """Return why an event can't be written, None where it can."""
    duration_s = lasting.get(row["recording_id"])
    if duration_s is None:
        return "its clip is not given"
    if row["position"] != POSITION:
        return f"position {row['position']}; a clip of this form shows one cage, {POSITION}"
    if row["label"] not in LABEL_IDS:
        return f"label '{row['label']}' is no action unit"
    if not 0 <= row["start_s"] < row["end_s"] <= duration_s + SLACK_S:
        return f"{row['start_s']:g}-{row['end_s']:g} s is no stretch of its {duration_s:g} s"
    if row["score"] != 1:
        return f"score {row['score']:g}; the form holds no scores of predictions"
    return None
