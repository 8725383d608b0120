"""The folder of a dataset of action units: annotations, and a file of video or features a clip."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rodepil.data.cages import cages_of
from rodepil.data.lab.find import SUFFIXES
from rodepil.data.problems import raise_if, repeated
from rodepil.data.ratseizure.clips import RatSeizure
from rodepil.data.ratseizure.copies import original_of
from rodepil.data.ratseizure.read import read_annotations
from rodepil.errors import AnnotationError, SourceError
from rodepil.io import tables
from rodepil.io.sequences import SUFFIX
from rodepil.simulate.units.clips import is_simulated

ANNOTATIONS: Final = "annotations.json"
VIDEOS: Final = "videos"
FEATURES: Final = "features"
SUBJECTS: Final = "subjects.csv"
CAGES: Final = "cages.parquet"

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

_COLUMNS: Final = ("video_id", "subject_id")


@dataclass(frozen=True)
class UnitsSource:
    """What such a folder holds.

    Parameters
    ----------
    folder
        Where it lies.
    annotations
        Clips and their segments.
    videos, features
        The file of each clip that has one, by its video_id.
    subjects
        The animal of each clip of which someone knows it.
    boxes
        What is looked at of videos of which not all is.
    simulated
        Whether the clips are simulated ones.
    """

    folder: Path
    annotations: RatSeizure
    videos: dict[str, Path]
    features: dict[str, Path]
    subjects: dict[str, str]
    boxes: dict[str, Box] = field(default_factory=dict)
    simulated: bool = False

    def told_subjects(self) -> dict[str, str]:
        """Return whose each clip is, as far as can be told.

        That is what the list says, else what it says of a clip whose name tells of the same
        original, else that original.
        """
        animal_of: dict[str, str] = {}
        for video_id, subject in sorted(self.subjects.items()):
            animal_of.setdefault(original_of(video_id), subject)
        told = {}
        for clip in self.annotations.clips:
            original = original_of(clip.video_id)
            known = self.subjects.get(clip.video_id)
            told[clip.video_id] = known or animal_of.get(original, original)
        return told


def read_units(folder: Path) -> UnitsSource:
    """Read such a folder.

    Raises
    ------
    SourceError
        It is not there, holds neither videos nor features, or two files of one clip.
    AnnotationError
        The annotations, or the list of subjects, are missing or hold what can't be.
    """
    if not (folder / ANNOTATIONS).is_file():
        raise SourceError(
            f"{folder} has no {ANNOTATIONS}; simulate clips of action units (dvc repro units), or "
            "take RatSeizure's: rodepil import ratseizure ANNOTATIONS.json --features DIR"
        )
    subjects = folder / SUBJECTS
    known = read_subjects(subjects) if subjects.is_file() else {}
    annotations = read_annotations(folder / ANNOTATIONS, subjects=known)
    return UnitsSource(
        folder=folder,
        annotations=annotations,
        videos=files_by_clip(folder / VIDEOS, SUFFIXES),
        features=files_by_clip(folder / FEATURES, {SUFFIX}),
        subjects=known,
        boxes=read_boxes(folder / CAGES) if (folder / CAGES).is_file() else {},
        simulated=is_simulated(folder),
    )


def files_by_clip(folder: Path, suffixes: Collection[str]) -> dict[str, Path]:
    """Return the files of a folder, at any depth, by name without suffix; none where it is not.

    Hidden files are passed over.

    Raises
    ------
    SourceError
        Two files have one name, so that nobody can tell which is the clip's.
    """
    found: dict[str, Path] = {}
    twice = []
    for path in sorted(_files(folder, suffixes)):
        first = found.setdefault(path.stem, path)
        if first != path:
            twice.append(f"'{path.stem}' has two files: {first} and {path}")
    raise_if(twice, SourceError, "Leave one of each in the folder")
    return found


def _files(folder: Path, suffixes: Collection[str]) -> Iterable[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in suffixes and path.is_file():
            yield path


def read_boxes(path: Path) -> dict[str, Box]:
    """Read which part of each video is looked at: a table "cages" with one row a clip.

    Raises
    ------
    TableError
        The table is missing or damaged.
    SourceError
        A clip has two boxes.
    """
    cages = cages_of(tables.read("cages", path))
    twice = repeated([cage.recording_id for cage in cages])
    found = [f"clip '{name}' has two boxes" for name in twice]
    raise_if(found, SourceError, f"A clip shows one cage; leave one of them in {path}")
    return {cage.recording_id: cage.box for cage in cages}


def read_subjects(path: Path) -> dict[str, str]:
    """Read whose clip each is: a CSV file with the columns video_id and subject_id.

    Raises
    ------
    AnnotationError
        The file is missing or lacks a column, a field is empty, or a clip has two subjects.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = sorted(set(_COLUMNS) - set(reader.fieldnames or ()))
            rows = [] if missing else list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AnnotationError(
            f"{path} can't be read as a list of subjects ({error}); give a CSV file in UTF-8 with "
            f"the columns {', '.join(_COLUMNS)}"
        ) from error
    problems = [f"it has no column '{name}'" for name in missing]
    known: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        video_id, subject = ((row[name] or "").strip() for name in _COLUMNS)
        if not video_id or not subject:
            problems.append(f"line {number} lacks a video_id or a subject_id")
        elif known.setdefault(video_id, subject) != subject:
            problems.append(f"clip '{video_id}' is of '{known[video_id]}' and of '{subject}'")
    raise_if(problems, AnnotationError, f"Mend {path}: one line a clip")
    return known


def write_subjects(path: Path, subjects: dict[str, str]) -> None:
    """Write such a list."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        writer.writerows(sorted(subjects.items()))
