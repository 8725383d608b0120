"""A clip's video as a recording with one cage, its whole frame: what is to do of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rodepil.cluster import cpu_count
from rodepil.data.annotations import Annotation
from rodepil.data.cages import Cage, check_cages
from rodepil.data.job import Job
from rodepil.data.lab.facts import Facts
from rodepil.data.ratseizure.clips import POSITION
from rodepil.data.ratseizure.lengths import Cutting
from rodepil.data.ratseizure.source import Box, UnitsSource
from rodepil.data.recordings import Recording, check_recordings
from rodepil.data.stretch import Film, Stretch
from rodepil.io.files import short_hash
from rodepil.io.labels import ACTION_UNITS, SEIZURE
from rodepil.io.names import UNDATED, is_part

NORMAL: Final = ACTION_UNITS[0]
"""The label that is no part of a seizure."""

_UNFIT: Final = re.compile(r'[_/\\<>:"|?*\x00-\x1f\x7f]+')

Seizures = Mapping[str, Sequence[Annotation]]


def recording_of(video_id: str, facts: Facts) -> Recording:
    """Return a clip's recording, with a video id that a clip's file name can hold.

    Raises
    ------
    SourceError
        It is impossible.
    """
    name = video_id if is_part(video_id) else f"{_UNFIT.sub('-', video_id)}-{short_hash(video_id)}"
    columns: dict[str, Any] = facts.columns | {
        "recording_id": video_id,
        "path": facts.path,
        "date": UNDATED,
        "video_id": name,
    }
    recording = Recording(**columns)
    check_recordings([recording])
    return recording


def cage_of(recording: Recording, box: Box | None = None) -> Cage:
    """Return the one cage of a clip's recording: a box, by default the whole frame.

    Raises
    ------
    CageError
        It is too small to be one, or lies outside the frame.
    """
    whole = 0, 0, recording.width_px, recording.height_px
    cage = Cage(recording.recording_id, POSITION, recording.video_id, *(box or whole))
    check_cages([cage], [recording])
    return cage


def seizures_of(source: UnitsSource) -> Seizures:
    """Return the units of each clip as parts of a seizure; normal behaviour is none."""
    found: defaultdict[str, list[Annotation]] = defaultdict(list)
    for row in source.annotations.events.to_pylist():
        if row["label"] != NORMAL:
            times = row["start_s"], row["end_s"]
            name = row["recording_id"]
            found[name].append(Annotation(name, POSITION, *times, SEIZURE, "", 1.0))
    return found


def job_of(
    recording: Recording,
    cage: Cage,
    cutting: Cutting,
    seizures: Sequence[Annotation],
    *,
    clips_folder: Path,
    side_by_side: int,
) -> Job:
    """Return what curation has to do of a clip's recording."""
    return Job(
        stretch=Stretch(Film(recording, Path(recording.path))),
        cages=((cage, tuple(seizures)),),
        settings=cutting.settings,
        clips_folder=clips_folder,
        side_by_side=min(cpu_count(), side_by_side),
    )
