"""What is missing of the data or does not fit together, each with what to do."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.data.annotations import Annotation
from rodepil.data.cages import Cage
from rodepil.data.foldcheck import FoldRow, check_folds
from rodepil.data.overview.dataset import Dataset
from rodepil.data.recordings import Recording
from rodepil.errors import RodepilError
from rodepil.io.wording import by_number


@dataclass(frozen=True)
class Fault:
    """Something that is missing or does not fit.

    Parameters
    ----------
    item
        The recording or table.
    found
        What is wrong with it.
    remedy
        What to do.
    """

    item: str
    found: str
    remedy: str


def faults_of(
    dataset: Dataset,
    recordings: Sequence[Recording],
    cages: Sequence[Cage],
    annotations: Sequence[Annotation],
) -> tuple[Fault, ...]:
    """Look for what is missing or does not fit; nothing is decoded."""
    found = [
        *_of_videos(dataset.folder, recordings),
        *(_of_cages(recordings, cages) if dataset.cages is not None else ()),
        *(_of_annotations(recordings, cages, annotations) if dataset.recordings else ()),
        *_of_curation(dataset.failures),
    ]
    if dataset.clips is not None:
        if dataset.recordings is not None:
            found += _of_manifest(dataset.clips, recordings)
        found += _of_clips(dataset.clips, dataset.clips_root)
    return tuple(found)


def folds_of(dataset: Dataset) -> tuple[tuple[FoldRow, ...], tuple[Fault, ...]]:
    """Return the folds, checked against the manifest, or what does not fit."""
    if dataset.clips is None or dataset.folds is None:
        return (), ()
    try:
        return check_folds(dataset.clips, dataset.folds).rows, ()
    except RodepilError as error:
        return (), (Fault("folds", str(error), "run 'rodepil folds make'"),)


def _of_videos(folder: Path, recordings: Sequence[Recording]) -> Iterator[Fault]:
    for row in recordings:
        if not (folder / row.path).is_file():
            remedy = (
                "put the video there, pull it ('dvc pull'), import it from where it is, or "
                f"withdraw it: rodepil import forget {shlex.quote(row.recording_id)}"
            )
            yield Fault(row.recording_id, f"no video at {row.path}", remedy)
        if row.damaged_packets:
            what = f"{row.damaged_packets} damaged packets; frames are missing there"
            yield Fault(row.recording_id, what, "copy it again from the camera, or let it be")


def _of_cages(recordings: Sequence[Recording], cages: Sequence[Cage]) -> Iterator[Fault]:
    caged = {cage.recording_id for cage in cages}
    for row in recordings:
        if row.recording_id not in caged:
            remedy = f"draw its cages: rodepil cages draw {shlex.quote(row.recording_id)}"
            yield Fault(row.recording_id, "no cage", remedy)
    for recording_id in sorted(caged - {row.recording_id for row in recordings}):
        remedy = "import its video, or leave its cages out ('rodepil cages check' lists them)"
        yield Fault(recording_id, "has cages, but is not among the recordings", remedy)


def _of_annotations(
    recordings: Sequence[Recording], cages: Sequence[Cage], annotations: Sequence[Annotation]
) -> Iterator[Fault]:
    """Find annotations of recordings and cages that are not there."""
    known = {row.recording_id for row in recordings}
    caged = {(cage.recording_id, cage.position) for cage in cages}
    counts = Counter((row.recording_id, row.position) for row in annotations)
    for (recording_id, position), count in sorted(counts.items()):
        marks = by_number(count, "annotation", "annotations")
        if recording_id not in known:
            remedy = "import its video, or take the file back ('rodepil annotations remove')"
            yield Fault(recording_id, f"{marks} of it, but it is not among the recordings", remedy)
        elif cages and (recording_id, position) not in caged:
            draw = f"rodepil cages draw {shlex.quote(recording_id)}"
            remedy = f"mend the annotations, or draw that cage: {draw}"
            yield Fault(recording_id, f"{marks} at position {position}, which has no cage", remedy)


def _of_curation(failures: pa.Table | None) -> Iterator[Fault]:
    """Tell what the last curation could not take."""
    for row in [] if failures is None else failures.to_pylist():
        remedy = "mend it, then run 'rodepil curate'"
        yield Fault(row["item"], f"curation failed: {row['message']}", remedy)


def _of_manifest(clips: pa.Table, recordings: Sequence[Recording]) -> Iterator[Fault]:
    curated = set(clips.column("recording_id").unique().to_pylist())
    known = {row.recording_id for row in recordings}
    short = _short_ends(recordings, pc.max(clips.column("duration_s")).as_py() or 0.0)
    for recording_id in sorted(known - curated - short):
        remedy = "run 'rodepil curate'; it says why where it fails"
        yield Fault(recording_id, "not curated: the manifest has no window of it", remedy)
    for recording_id in sorted(curated - known):
        remedy = "run 'rodepil curate', or import the recording again"
        yield Fault(recording_id, "in the manifest, but no longer among the recordings", remedy)


def _short_ends(recordings: Sequence[Recording], window_s: float) -> set[str]:
    """Return files that go on with a session and may be too short for a whole window of theirs."""
    return {
        row.recording_id
        for row in recordings
        if row.session_start_s and row.duration_s < 2 * window_s
    }


def _of_clips(clips: pa.Table, root: Path) -> Iterator[Fault]:
    """Compare the manifest with what lies in the folders that it names."""
    paths = clips.filter(pc.field("kept")).column("path").drop_null().to_pylist()
    there: dict[Path, set[str]] = {}
    missing = 0
    for path in paths:
        folder = (root / path).parent
        if folder not in there:
            files = folder.iterdir() if folder.is_dir() else ()
            there[folder] = {file.name for file in files}
        missing += Path(path).name not in there[folder]
    if missing:
        what = f"{missing:,} of {len(paths):,} clips of the manifest are not on disk"
        yield Fault("clips", what, "run 'dvc pull data/clips', or 'rodepil curate'")
