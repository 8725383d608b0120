"""Import RatSeizure, or annotations in its form: checked as a whole, then taken as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.data.cages import Cage
from rodepil.data.lab.find import SUFFIXES
from rodepil.data.lock import alone_in
from rodepil.data.problems import SHOWN, raise_if
from rodepil.data.ratseizure.boxes import check_frames, notes_of, read_given
from rodepil.data.ratseizure.clips import RatSeizure
from rodepil.data.ratseizure.copies import copies_across
from rodepil.data.ratseizure.files import Checked, check_features, check_videos
from rodepil.data.ratseizure.read import read_annotations
from rodepil.data.ratseizure.source import (
    ANNOTATIONS,
    CAGES,
    FEATURES,
    SUBJECTS,
    VIDEOS,
    files_by_clip,
    read_subjects,
    write_subjects,
)
from rodepil.data.ratseizure.write import write_annotations
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.files import link_or_copy, publish, unwritable
from rodepil.io.progress import Progress, Silent
from rodepil.io.sequences import SUFFIX, SequenceForm
from rodepil.io.wording import by_number

STATE = ".importing"
"""The folder beside the source where the lock lies, and what was probed."""

FAILURES = "failures.parquet"


@dataclass(frozen=True)
class Given:
    """What somebody has of the data.

    Parameters
    ----------
    annotations
        The JSON file.
    features, videos
        Folders with a file a clip, named by its video_id, at any depth; or None.
    subjects
        A CSV file that says whose clip each is, or None.
    cages
        A sheet or table "cages" with a box for each video of which not all is looked at, or None.
    """

    annotations: Path
    features: Path | None = None
    videos: Path | None = None
    subjects: Path | None = None
    cages: Path | None = None


@dataclass(frozen=True)
class ImportedUnits:
    """What came of an import.

    Parameters
    ----------
    folder
        Where it lies.
    annotations
        Clips and segments that were taken, and segments that were refused.
    bare
        Of the clips those that have no sound file, so that nothing can be made of them.
    features, videos
        How many files of each were taken.
    failures
        Table "failures": clips' files that are missing or were refused.
    strange
        Files of no clip.
    notes
        What to know of what was taken.
    """

    folder: Path
    annotations: RatSeizure
    bare: tuple[str, ...]
    features: int
    videos: int
    failures: pa.Table
    strange: tuple[Path, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        names = {clip.video_id for clip in self.annotations.clips} - set(self.bare)
        usable = self.annotations.only(names)
        head = (
            f"{by_number(len(usable.clips), 'clip', 'clips')} with "
            f"{by_number(usable.events.num_rows, 'segment', 'segments')}, "
            f"{by_number(self.features, 'file', 'files')} of features and "
            f"{by_number(self.videos, 'video', 'videos')} are in {self.folder}"
        )
        bare = [bare_line(self.bare)] if self.bare else []
        refused = [f"refused: {row['message']}" for row in self.failures.to_pylist()]
        shown = ", ".join(path.name for path in self.strange[:SHOWN])
        more = f" and {len(self.strange) - SHOWN} more" if len(self.strange) > SHOWN else ""
        strange = [f"left out, for no clip is called so: {shown}{more}"] if self.strange else []
        notes = [f"note: {note}" for note in self.notes]
        leaks = copies_across(usable.clips).lines()
        return "\n".join([head, *usable.lines(), *bare, *refused, *strange, *notes, *leaks])


def bare_line(names: Sequence[str]) -> str:
    """Say which clips have no file."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    count = by_number(len(names), "clip is", "clips are")
    return f"{count} left out for want of a sound file: {', '.join(names[:SHOWN])}{more}"


def import_units(
    given: Given,
    into: Path,
    form: SequenceForm,
    *,
    keep_going: bool = False,
    slack_s: float = 0.1,
    progress: Progress | None = None,
) -> ImportedUnits:
    """Check what somebody has and take it into the folder of a dataset, whole or not at all.

    Files get a second name there, or are copied where that can't be. What an earlier import, or a
    simulation, left there is replaced.

    Parameters
    ----------
    given
        What to take.
    into
        The folder.
    form
        The grid that features must have been made on.
    keep_going
        Take what is sound, and list the rest: segments are left out, and clips stay without the
        file that they lack.
    slack_s
        How far a video's length may be from the annotated one without a note.
    progress
        Shown clips and hours of video.

    Raises
    ------
    SourceError
        Neither features nor videos are given, a folder is not there, or no clip has a sound file;
        unless told to keep going, one has none; a box is of no clip, or lies outside its picture;
        or another import is at work.
    AnnotationError
        As for `read_annotations` and `read_subjects`.
    CageError, TableError
        The boxes can't be read.
    """
    found = {
        VIDEOS: _files(given.videos, SUFFIXES),
        FEATURES: _files(given.features, {SUFFIX}),
    }
    if given.features is None and given.videos is None:
        raise SourceError(
            "annotations alone tell nothing to localize in; give --features DIR, --videos DIR, or "
            "both"
        )
    subjects = read_subjects(given.subjects) if given.subjects else {}
    annotations = read_annotations(given.annotations, keep_going=keep_going, subjects=subjects)
    cages = None
    if given.cages is not None:
        cages = read_given(given.cages, annotations.subset_of)
        check_frames(cages, found[VIDEOS])
    shown = progress or Silent()
    checked: dict[str, Checked] = {}
    state = into.parent / STATE
    with alone_in(state):
        if given.features is not None:
            checked[FEATURES] = check_features(annotations.clips, found[FEATURES], form, shown)
        if given.videos is not None:
            checked[VIDEOS] = check_videos(
                annotations.clips, found[VIDEOS], state / "probed.jsonl", slack_s, shown
            )
        failures = _failures(checked, keep_going=keep_going)
        _write(into, annotations, subjects, checked, failures, cages=cages)
    return ImportedUnits(
        folder=into,
        annotations=annotations,
        bare=tuple(
            clip.video_id
            for clip in annotations.clips
            if not any(clip.video_id in one.sound for one in checked.values())
        ),
        features=len(checked[FEATURES].sound) if FEATURES in checked else 0,
        videos=len(checked[VIDEOS].sound) if VIDEOS in checked else 0,
        failures=failures,
        strange=tuple(path for one in checked.values() for path in one.strange),
        notes=(
            *(note for one in checked.values() for note in one.notes),
            *([] if cages is None else notes_of(cages, annotations.subset_of)),
        ),
    )


def _files(folder: Path | None, suffixes: frozenset[str] | set[str]) -> dict[str, Path]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; name the one that holds a file a clip")
    return files_by_clip(folder, suffixes)


def _failures(checked: Mapping[str, Checked], *, keep_going: bool) -> pa.Table:
    """Return what failed; refuse it unless told to keep going, and refuse that nothing is left."""
    rows = [row for one in checked.values() for row in one.failures]
    sound = any(one.sound for one in checked.values())
    if rows and not (keep_going and sound):
        remedy = (
            "Mend or bring these files, or take the others with --keep-going"
            if sound
            else "No clip has a sound file; give the folder whose files are called as the clips are"
        )
        raise_if([str(row["message"]) for row in rows], SourceError, remedy)
    return tables.from_rows("failures", rows)


def _write(
    into: Path,
    annotations: RatSeizure,
    subjects: dict[str, str],
    checked: Mapping[str, Checked],
    failures: pa.Table,
    *,
    cages: Sequence[Cage] | None,
) -> None:
    """Write the folder beside, and put it in the place of what is there."""
    try:
        with publish(into) as beside:
            for kind, files in checked.items():
                (beside / kind).mkdir(parents=True)
                for video_id, path in files.sound.items():
                    link_or_copy(path.resolve(), beside / kind / f"{video_id}{path.suffix.lower()}")
            write_annotations(beside / ANNOTATIONS, annotations.clips, annotations.events)
            if subjects:
                write_subjects(beside / SUBJECTS, subjects)
            if cages is not None:
                rows = [asdict(cage) for cage in cages]
                tables.write("cages", tables.from_rows("cages", rows), beside / CAGES)
            tables.write("failures", failures, beside / FAILURES)
    except OSError as error:
        raise SourceError(unwritable(into, error)) from error
