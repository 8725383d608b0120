"""Import published clips: each is a recording with one cage, the whole frame, and its label.

References
----------
RodEpil (DOI 10.5281/zenodo.17601357) unpacks to ``Seizure_detection_10sec/{0,1}/*.avi``; any
other layout does as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.data.annotations import Annotation, check_annotations
from rodepil.data.cages import Cage, check_cages
from rodepil.data.lab.find import absolute, find_videos
from rodepil.data.lab.importing import STATE
from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.register import failure, probe_many
from rodepil.data.lock import alone_in, writing
from rodepil.data.marks.ledger import read_ledger
from rodepil.data.problems import raise_if
from rodepil.data.published.judge import (
    Clip,
    Failures,
    read_names,
    without_known,
    without_rivals,
    without_twins,
)
from rodepil.data.published.merge import ANNOTATOR, Rows, merged, read_rows, write_rows
from rodepil.data.recordings import Recording, check_recordings
from rodepil.errors import RodepilError, SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to
from rodepil.io.labels import SEIZURE
from rodepil.io.progress import Progress


@dataclass(frozen=True)
class ImportedClips:
    """What came of an import.

    Parameters
    ----------
    folder
        Where the tables lie.
    clips, positives, subjects
        Clips that were taken, those with a seizure, and the animals in them.
    new
        How many of the clips the tables did not hold.
    failures
        Table "failures": what was refused, with the reason and the remedy.
    """

    folder: Path
    clips: int
    positives: int
    subjects: int
    new: int
    failures: pa.Table

    def __str__(self) -> str:
        head = (
            f"{self.clips} clips ({self.new} new) of {self.subjects} subjects, {self.positives} "
            f"with a seizure, are in the tables of {self.folder}; {self.failures.num_rows} refused"
        )
        return "\n".join(
            [head, *(f"refused: {row['message']}" for row in self.failures.to_pylist())]
        )


def import_clips(
    given: Sequence[Path],
    into: Path,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> ImportedClips:
    """Take published clips into the tables of a source; the files stay where they are.

    What the tables hold besides stays. A clip that is refused for what its name or another file
    says is not in them afterwards; one that can't be read now stays as it was.

    Parameters
    ----------
    given
        Folders that hold clips at any depth, or clips.
    into
        The source's folder.
    progress
        Shown the megabytes that are done.
    processes
        Processes on this machine; by default one for each CPU.

    Raises
    ------
    SourceError
        No clip can be taken, or another import is at work.
    TableError
        A table that is there is damaged.
    """
    into = absolute(into)
    found = find_videos(given)
    refused = list(found.failures)
    names = read_names([video.path for video in found.videos], refused)
    with alone_in(into / STATE):
        journal = ProbeJournal(into / STATE / "probed.jsonl")
        probed = probe_many(
            [Path(path) for path in names], journal=journal, progress=progress, processes=processes
        )
        refused += probed.failures
        clips = [Clip(facts, names[facts.path]) for facts in probed.facts]
        with writing(into):
            before, fresh = _put(clips, into, refused)
    known = {row.recording_id for row in before.recordings}
    return ImportedClips(
        folder=into,
        clips=len(fresh.recordings),
        positives=len(fresh.annotations),
        subjects=len({cage.subject_id for cage in fresh.cages}),
        new=sum(row.recording_id not in known for row in fresh.recordings),
        failures=tables.from_rows("failures", refused).sort_by("item"),
    )


def _put(clips: Sequence[Clip], into: Path, refused: Failures) -> tuple[Rows, Rows]:
    """Merge clips with the tables as they are now; return what was there, and what was taken."""
    before = read_rows(into)
    ids = {clip.recording_id for clip in clips}
    others = [row for row in before.recordings if row.recording_id not in ids]
    clips = without_rivals(without_twins(clips, refused), refused)
    fresh = _rows(without_known(clips, others, refused), into, refused)
    if not fresh.recordings:
        reasons = [str(row["message"]) for row in refused]
        raise_if(reasons, SourceError, "No clip can be taken; give at least one that can")
    write_rows(before, merged(before, fresh, ids, read_ledger(into).recordings), into)
    return before, fresh


def _rows(clips: Sequence[Clip], folder: Path, refused: Failures) -> Rows:
    """Return the rows of clips; one whose row holds what can't be joins `refused`."""
    rows = Rows([], [], [])
    for clip in clips:
        recording, cage = _recording(clip, folder), _cage(clip)
        annotations = [_annotation(clip)] if clip.seizure else []
        try:
            check_recordings([recording])
            check_cages([cage], [recording])
            check_annotations(annotations, [recording], [cage])
        except RodepilError as error:
            refused.append(failure(clip.path, error))
            continue
        rows.recordings.append(recording)
        rows.cages.append(cage)
        rows.annotations.extend(annotations)
    return rows


def _recording(clip: Clip, folder: Path) -> Recording:
    columns: dict[str, object] = clip.facts.columns | {
        "recording_id": clip.recording_id,
        "path": relative_to(clip.path, folder),
        "date": clip.name.date,
        "video_id": clip.name.video_id,
        "part": clip.part,
        "session_id": clip.recording_id,
        "session_start_s": 0.0,
    }
    return Recording(**columns)  # type: ignore[arg-type]  # the facts are columns by their types


def _cage(clip: Clip) -> Cage:
    """Return the one cage of a clip: its whole frame."""
    size = clip.facts.width_px, clip.facts.height_px
    return Cage(clip.recording_id, clip.name.position, clip.name.rat_id, 0, 0, *size)


def _annotation(clip: Clip) -> Annotation:
    """Return the seizure that a clip's name says, over all of it."""
    return Annotation(
        recording_id=clip.recording_id,
        position=clip.name.position,
        start_s=0.0,
        end_s=clip.facts.duration_s,
        label=SEIZURE,
        annotator=ANNOTATOR,
        agreement=1.0,
    )
