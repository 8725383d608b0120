"""The clips of a table, and which true segments lie in each.

Shapes: S segments of a clip.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from rodepil.data.problems import raise_if
from rodepil.errors import AnnotationError
from rodepil.io import tables


@dataclass(frozen=True)
class Clip:
    """A clip's place: whose it is, where it starts in its recording, how long it lasts."""

    clip_id: str
    recording_id: str
    position: int
    subject_id: str
    start_s: float
    duration_s: float


@dataclass(frozen=True)
class Marked:
    """A segment in seconds of its clip, as it was given."""

    start_s: float
    end_s: float
    label: str


def clips_of(rows: pa.Table) -> list[Clip]:
    """Return the clips of a table ``clips``, sorted by clip_id.

    Raises
    ------
    TableError
        It is no table of clips.
    """
    names = ["clip_id", "recording_id", "position", "subject_id", "start_s", "duration_s"]
    listed = tables.check("clips", rows).select(names).to_pylist()
    return sorted((Clip(**row) for row in listed), key=lambda clip: clip.clip_id)


def segments_of(
    clips: Sequence[Clip], events: pa.Table, names: Sequence[str], *, frame_s: float
) -> list[tuple[Tensor, Tensor]]:
    """Return each clip's segments (S, 2) float64 in its own seconds, and labels (S,) int64.

    Parameters
    ----------
    clips
        Clips.
    events
        Table ``events``; those of other recordings are left out.
    names
        The labels that are known, by id.
    frame_s
        How much a segment may begin before its clip or end after it; it is cut off.

    Raises
    ------
    AnnotationError
        A segment is reversed, empty, not within its clip, or has an unknown label.
    """
    of_cage: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        of_cage[clip.recording_id, clip.position].append(place)
    found: list[list[Marked]] = [[] for _ in clips]
    problems = []
    for row in tables.check("events", events).to_pylist():
        places = of_cage.get((row["recording_id"], row["position"]), [])
        taken = places if len(places) == 1 else [n for n in places if _holds(clips[n], row)]
        if places and not taken:
            problems.append(
                f"'{row['label']}' {row['start_s']:g}-{row['end_s']:g} s of "
                f"'{row['recording_id']}' lies in no clip"
            )
        for place in taken:
            start_s = clips[place].start_s
            one = Marked(row["start_s"] - start_s, row["end_s"] - start_s, row["label"])
            problems += _problems(clips[place], one, names, frame_s)
            found[place].append(one)
    raise_if(problems, AnnotationError, "Mend these rows of the annotations")
    ids = {name: number for number, name in enumerate(names)}
    return [_tensors(clip, segments, ids) for clip, segments in zip(clips, found, strict=True)]


def _holds(clip: Clip, row: Mapping[str, Any]) -> bool:
    """Say whether the middle of an event is in a clip."""
    middle = 0.5 * (row["start_s"] + row["end_s"]) - clip.start_s
    return bool(0 <= middle < clip.duration_s)


def _problems(clip: Clip, one: Marked, names: Sequence[str], frame_s: float) -> list[str]:
    where = f"'{one.label}' {one.start_s:g}-{one.end_s:g} s of clip {clip.clip_id}"
    if one.label not in names:
        return [f"{where} has an unknown label; known are {', '.join(names)}"]
    if not (math.isfinite(one.start_s) and math.isfinite(one.end_s)):
        return [f"{where} has no finite start and end"]
    if one.end_s < one.start_s:
        return [f"{where} is reversed"]
    if one.end_s == one.start_s:
        return [f"{where} has no length"]
    last = clip.duration_s
    if (
        one.start_s < -frame_s
        or one.end_s > last + frame_s
        or one.start_s >= last
        or one.end_s <= 0
    ):
        return [f"{where} is not within its {last:g} s"]
    return []


def _tensors(
    clip: Clip, segments: Sequence[Marked], ids: Mapping[str, int]
) -> tuple[Tensor, Tensor]:
    spans = torch.tensor([[one.start_s, one.end_s] for one in segments], dtype=torch.float64)
    labels = torch.tensor([ids[one.label] for one in segments], dtype=torch.int64)
    return spans.reshape(-1, 2).clamp(0.0, clip.duration_s), labels
