"""Tell the sound recordings of a source from those of which some row can't be."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from rodepil.data import annotations as of_annotations
from rodepil.data import cages as of_cages
from rodepil.data import recordings as of_recordings
from rodepil.data.problems import Problem, told
from rodepil.errors import AnnotationError, CageError, SourceError
from rodepil.io import tables


def sift(
    recordings: pa.Table, cages: pa.Table, annotations: pa.Table
) -> tuple[list[str], pa.Table]:
    """Return the ids of recordings of which every row can be, and what is wrong with the others.

    Parameters
    ----------
    recordings, cages, annotations
        Tables of those schemas.

    Returns
    -------
    tuple
        The ids, and table "failures". Its items are the paths of recordings; a cage or an
        annotation of an unknown recording stands under the name of its table.
    """
    rows = of_recordings.recordings_of(recordings)
    boxes = of_cages.cages_of(cages)
    marks = of_annotations.annotations_of(annotations)
    paths = {row.recording_id: row.path for row in rows}
    failures: list[dict[str, object]] = []
    bad: set[str] = set()
    for name, error, remedy, problems in (
        ("recordings", SourceError, of_recordings.REMEDY, of_recordings.problems_of(rows)),
        ("cages", CageError, of_cages.REMEDY, of_cages.problems_of(boxes, rows)),
        (
            "annotations",
            AnnotationError,
            of_annotations.REMEDY,
            of_annotations.problems_of(marks, rows, boxes),
        ),
    ):
        for recording_id, texts in _by_recording(problems).items():
            item = paths.get(recording_id, f"{name}.parquet")
            message = f"{recording_id}: {told(texts, remedy)}"
            failures.append({"item": item, "error": error.__name__, "message": message})
            bad.add(recording_id)
    good = [row.recording_id for row in rows if row.recording_id not in bad]
    return good, tables.from_rows("failures", failures)


def _by_recording(problems: Sequence[Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.recording_id, []).append(problem.text)
    return found
