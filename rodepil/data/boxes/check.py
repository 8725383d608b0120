"""Everything that can be wrong with the cages of a source folder, as faults, warnings and notes."""

from __future__ import annotations

import datetime as dt
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.boxes.keep import complaint, read_cages, read_recordings
from rodepil.data.boxes.look import find_tags
from rodepil.data.cages import Cage
from rodepil.data.lab.find import absolute
from rodepil.data.recordings import Recording, gone_words
from rodepil.errors import CageError, VideoError
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent

OVERLAP_WARNED = 0.02
"""From this share of the smaller box on, an overlap is told of: a rat may be in two pictures."""

CLOCK_S = 1.0
"""How far clocks in whole seconds may let files overlap that follow one another."""

Gravity = Literal["fault", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """Something to know of the cages.

    Parameters
    ----------
    gravity
        A fault stops curation or mislabels clips; a warning wants a look; a note may be meant.
    text
        What, where, and what to do.
    """

    gravity: Gravity
    text: str


def check_folder(
    folder: Path, *, tags: bool = True, progress: Progress | None = None
) -> list[Finding]:
    """Check the cages of a source folder, the gravest first.

    Parameters
    ----------
    folder
        The source's folder.
    tags
        Look into the videos for static text-like contrast, which takes the most time.
    progress
        Shown the recordings.

    Raises
    ------
    CageError
        The folder has no recordings.
    TableError
        A table is damaged.
    """
    recordings, cages = read_recordings(folder), read_cages(folder)
    path = folder / "annotations.parquet"
    marks = annotations_of(tables.read("annotations", path)) if path.is_file() else []
    found = [*_boxes(recordings, cages), *_places(recordings, cages), *_marks(cages, marks)]
    if tags:
        found += _tags(folder, recordings, cages, progress or Silent())
    order: tuple[Gravity, ...] = ("fault", "warning", "note")
    return sorted(found, key=lambda finding: order.index(finding.gravity))


def verdict(found: Sequence[Finding]) -> str:
    """Say in one line how the cages are.

    Raises
    ------
    CageError
        There are faults.
    """
    count = {kind: sum(row.gravity == kind for row in found) for kind in ("fault", "warning")}
    line = f"{count['fault']} faults, {count['warning']} warnings"
    if count["fault"]:
        raise CageError(f"{line}; mend the faults with 'rodepil cages draw' or 'cages import'")
    return line


def overlaps(cages: Sequence[Cage]) -> list[str]:
    """Say which boxes of one recording overlap by more than a sliver."""
    found = []
    for one, other in combinations(cages, 2):
        (a, b, wide, high), (x, y, width, height) = one.box, other.box
        across = min(a + wide, x + width) - max(a, x)
        down = min(b + high, y + height) - max(b, y)
        smaller = min(wide * high, width * height)
        share = across * down / smaller if min(across, down) > 0 and smaller else 0.0
        if share >= OVERLAP_WARNED:
            found.append(
                f"{one.recording_id}: the boxes of positions {one.position} and {other.position} "
                f"overlap by {share:.0%} of the smaller: a rat may be in both; draw them apart"
            )
    return found


def _boxes(recordings: Sequence[Recording], cages: Sequence[Cage]) -> list[Finding]:
    by_id = _by_recording(cages)
    found = []
    for recording in recordings:
        own = by_id.pop(recording.recording_id, [])
        if not own:
            text = (
                f"{recording.recording_id}: it has no cage, and curation wants one; draw it: "
                f"rodepil cages draw {shlex.quote(recording.recording_id)}"
            )
            found.append(Finding("fault", text))
            continue
        problem = complaint(own, recording)
        if problem:
            found.append(Finding("fault", f"{recording.recording_id}: {problem}"))
        found += [Finding("warning", text) for text in overlaps(own)]
    found += [
        Finding("fault", f"{name}: has {len(own)} cages, but there is no such recording")
        for name, own in by_id.items()
    ]
    return found


def _places(recordings: Sequence[Recording], cages: Sequence[Cage]) -> list[Finding]:
    """Find rats that are in two recordings at once, where the wall clock is known.

    Files of one session follow one another, whatever their clocks say.
    """
    known = {row.recording_id: row for row in recordings}
    spans: dict[str, set[tuple[dt.datetime, dt.datetime, str, str]]] = defaultdict(set)
    for cage in cages:
        recording = known.get(cage.recording_id)
        if recording is not None and recording.starts_at is not None:
            start = dt.datetime.fromisoformat(recording.starts_at)
            end = start + dt.timedelta(seconds=recording.duration_s)
            session = recording.session_id or recording.recording_id
            spans[cage.subject_id].add((start, end, cage.recording_id, session))
    found = []
    for subject, listed in sorted(spans.items()):
        latest = None
        for span in sorted(listed):
            late_s = 0.0 if latest is None else (latest[1] - span[0]).total_seconds()
            if latest is not None and span[3] != latest[3] and late_s > CLOCK_S:
                text = (
                    f"rat '{subject}' is in {latest[2]} and in {span[2]} at once, from "
                    f"{span[0].isoformat(sep=' ')}; mend its name or the recordings' clock"
                )
                found.append(Finding("fault", text))
            latest = span if latest is None or span[1] > latest[1] else latest
    return found


def _marks(cages: Sequence[Cage], annotations: Sequence[Annotation]) -> list[Finding]:
    caged = {(cage.recording_id, cage.position) for cage in cages}
    marked: dict[tuple[str, int], int] = defaultdict(int)
    for row in annotations:
        marked[row.recording_id, row.position] += 1
    found = [
        Finding(
            "fault",
            f"{key[0]}: {count} annotations are at position {key[1]}, which has no cage; draw it "
            "or mend the annotations",
        )
        for key, count in sorted(marked.items())
        if key not in caged
    ]
    without = sorted(caged - set(marked))
    if without:
        shown = ", ".join(f"{name} {position}" for name, position in without[:8])
        more = f" and {len(without) - 8} more" if len(without) > 8 else ""  # noqa: PLR2004 - as shown
        text = f"{len(without)} cages have no annotation, so no seizure: {shown}{more}"
        found.append(Finding("note", text))
    return found


def _tags(
    folder: Path, recordings: Sequence[Recording], cages: Sequence[Cage], progress: Progress
) -> list[Finding]:
    by_id = _by_recording(cages)
    found = []
    with progress.task("look for tags", len(recordings), "recordings") as advance:
        for recording in recordings:
            own = [
                cage
                for cage in by_id.get(recording.recording_id, [])
                if complaint([cage], recording) is None
            ]
            path = absolute(folder / recording.path)
            if not path.is_file():
                found.append(Finding("fault", gone_words(recording, path)))
                advance(1)
                continue
            try:
                found += [Finding("warning", text) for text in find_tags(folder, recording, own)]
            except (VideoError, OSError) as error:
                found.append(Finding("fault", f"{recording.recording_id}: {error}"))
            advance(1)
    return found


def _by_recording(cages: Sequence[Cage]) -> dict[str, list[Cage]]:
    found: dict[str, list[Cage]] = defaultdict(list)
    for cage in cages:
        found[cage.recording_id].append(cage)
    return dict(found)
