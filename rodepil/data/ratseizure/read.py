"""Read an annotation file in ActivityNet's form into clips and the table ``events``.

References
----------
.. [1] Caba Heilbron, F., Escorcia, V., Ghanem, B. & Niebles, J. C. (2015). ActivityNet: A
   large-scale video benchmark for human activity understanding. CVPR, 961-970.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rodepil.data.problems import raise_if, repeated, told
from rodepil.data.ratseizure.clips import (
    NO_SUBJECT,
    POSITION,
    SUBSETS,
    RatSeizure,
    RatSeizureClip,
    Refused,
)
from rodepil.data.ratseizure.labels import unit_of
from rodepil.errors import AnnotationError
from rodepil.io import tables

SLACK_S: Final = 1 / 30
"""A segment may end a frame past its clip: durations and bounds are rounded apart."""

_REMEDY = "Mend the file, or ask its makers for a whole one"


def read_annotations(
    path: Path,
    *,
    keep_going: bool = False,
    aliases: Mapping[str, str] | None = None,
    subjects: Mapping[str, str] | None = None,
) -> RatSeizure:
    """Read an annotation file.

    Its form is ``{"database": {video_id: {"subset": "training" | "testing", "duration": s,
    "annotations": [{"segment": [start_s, end_s], "label": name, "label_id": id}]}}}``. Other
    fields are left alone.

    Parameters
    ----------
    path
        The file.
    keep_going
        List segments that can't be taken as refused, in place of an error that names them.
    aliases
        Other names of labels, to action units.
    subjects
        The animal of each clip, where someone knows it; the file does not. A clip without has
        `NO_SUBJECT`.

    Raises
    ------
    AnnotationError
        The file is missing or no such file; a clip is named twice, has no side of the split or no
        duration; a subject is of a clip that is not there; and, unless told to keep going, a
        segment is reversed, of zero length, before the clip or past its end, or its label is
        unknown or contradicts its id.
    """
    database = _database(path)
    entries, problems = {}, []
    for video_id, entry in database.items():
        try:
            entries[video_id] = _clip(video_id, entry), entry.get("annotations")
        except AnnotationError as error:
            problems.append(f"clip '{video_id}': {error}")
    problems += [
        f"subjects name the clip '{name}', which the file does not hold"
        for name in sorted(set(subjects or {}) - set(database))
    ]
    raise_if(problems, AnnotationError, f"{_REMEDY} ({path})")
    rows: list[dict[str, object]] = []
    refused: list[Refused] = []
    for clip, segments in entries.values():
        for number, segment in enumerate(segments, start=1):
            try:
                rows.append(_event(clip, segment, aliases, subjects or {}))
            except AnnotationError as error:
                refused.append(Refused(clip.video_id, number, str(error)))
    if refused and not keep_going:
        raise AnnotationError(
            told([str(one) for one in refused],
                 f"{_REMEDY} ({path}), or leave these out and list them with --keep-going")
        )  # fmt: skip
    clips = tuple(clip for clip, _ in entries.values())
    return RatSeizure(clips, tables.from_rows("events", rows), tuple(refused))


def _database(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise AnnotationError(f"no annotation file at {path}; name the JSON file of RatSeizure")
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except AnnotationError as error:
        raise AnnotationError(f"{path}: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise AnnotationError(f"{path} can't be read as JSON: {error}. {_REMEDY}") from error
    database = whole.get("database") if isinstance(whole, dict) else None
    if not isinstance(database, dict) or not database:
        raise AnnotationError(
            f"{path} holds no clips under 'database'; wanted ActivityNet's form. {_REMEDY}"
        )
    return database


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Take a JSON object whose names are all different: of two alike, one would be lost."""
    twice = repeated([name for name, _ in pairs])
    if twice:
        raise AnnotationError(
            f"{', '.join(map(repr, twice))} stand twice in one place of the file. {_REMEDY}"
        )
    return dict(pairs)


def _clip(video_id: str, entry: object) -> RatSeizureClip:
    """Return a clip whose fields are sound."""
    if not isinstance(entry, dict):
        raise AnnotationError(f"{entry!r} is no clip; wanted subset, duration and annotations")
    if not video_id.strip():
        raise AnnotationError("it has no name")
    subset, duration = entry.get("subset"), entry.get("duration")
    side = next((one for one in SUBSETS if str(subset).strip().casefold() == one), None)
    if side is None:
        raise AnnotationError(f"subset {subset!r} is none of {', '.join(SUBSETS)}")
    if not isinstance(entry.get("annotations"), list):
        raise AnnotationError(
            "it has no list 'annotations'; a clip without segments has an empty one"
        )
    duration_s = _seconds(duration)
    if duration_s is None or duration_s <= 0:
        raise AnnotationError(f"duration {duration!r} is no number of seconds above 0")
    return RatSeizureClip(video_id, side, duration_s)


def _event(
    clip: RatSeizureClip,
    segment: object,
    aliases: Mapping[str, str] | None,
    subjects: Mapping[str, str],
) -> dict[str, object]:
    """Return the row of a sound segment."""
    if not isinstance(segment, dict):
        raise AnnotationError(f"{segment!r} is no segment; wanted segment, label and label_id")
    start_s, end_s = _bounds(segment.get("segment"), clip.duration_s)
    return {
        "recording_id": clip.video_id,
        "position": POSITION,
        "subject_id": subjects.get(clip.video_id, NO_SUBJECT),
        "start_s": start_s,
        "end_s": end_s,
        "label": unit_of(segment.get("label"), segment.get("label_id"), aliases),
        "score": 1.0,
    }


def _bounds(bounds: object, duration_s: float) -> tuple[float, float]:
    pair = [_seconds(one) for one in bounds] if isinstance(bounds, list) else []
    if len(pair) != 2 or pair[0] is None or pair[1] is None:  # noqa: PLR2004 - start and end
        raise AnnotationError(f"segment {bounds!r} is no pair of seconds")
    start_s, end_s = pair[0], pair[1]
    said = f"segment {start_s:g}-{end_s:g} s"
    if end_s < start_s:
        raise AnnotationError(f"{said} is reversed")
    if end_s == start_s:
        raise AnnotationError(f"{said} has zero length")
    if start_s < 0:
        raise AnnotationError(f"{said} starts before the clip")
    if end_s > duration_s + SLACK_S:
        raise AnnotationError(f"{said} ends past the clip's {duration_s:g} s")
    return start_s, end_s


def _seconds(value: object) -> float | None:
    """Return a finite number as seconds, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
