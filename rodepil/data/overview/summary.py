"""What the data consists of, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.cages import Cage, cages_of
from rodepil.data.foldcheck import FoldRow
from rodepil.data.overview.dataset import Dataset
from rodepil.data.overview.faults import Fault, faults_of, folds_of
from rodepil.data.overview.order import by_name, day_of, month_of
from rodepil.data.overview.seizures import Seizure, seizures_of, session_of
from rodepil.data.recordings import Recording, recordings_of

NOT_STATED = "not stated"
HOUR_S = 3600.0


@dataclass(frozen=True)
class Recorded:
    """Recordings that belong together: all, or those of a camera or a date.

    Parameters
    ----------
    name
        What they have in common.
    recordings, sessions
        Video files, and the continuous recordings that they make up.
    cages, subjects
        Boxes over all recordings, and the animals in them.
    hours
        Of video.
    hours_watched
        Of animals: an hour of video with four cages is four.
    """

    name: str
    recordings: int
    sessions: int
    cages: int
    subjects: int
    hours: float
    hours_watched: float


@dataclass(frozen=True)
class Subject:
    """What there is of an animal.

    Parameters
    ----------
    subject_id
        Who it is.
    hours_watched
        Of video with its cage.
    seizures, agreed
        Annotated seizures, and those of them whose agreement reaches the setting.
    seizure_s, median_s
        Their total and median duration; no median without one.
    negatives, positives, dropped
        Kept clips by label, and windows that were dropped.
    """

    subject_id: str
    hours_watched: float
    seizures: int
    agreed: int
    seizure_s: float
    median_s: float | None
    negatives: int
    positives: int
    dropped: int


@dataclass(frozen=True)
class Kept:
    """The kept clips, as Table I describes them.

    Parameters
    ----------
    subjects, negatives, positives, hours
        How many, and how long together.
    durations_s, fps, sizes_px
        What occurs: seconds, exact rates, and widths with heights.
    """

    subjects: int
    negatives: int
    positives: int
    hours: float
    durations_s: tuple[float, ...]
    fps: tuple[str, ...]
    sizes_px: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Dropped:
    """Windows that were dropped for one reason."""

    reason: str
    windows: int
    hours: float


@dataclass(frozen=True)
class Summary:
    """What the data consists of.

    Parameters
    ----------
    data
        What it is, in words.
    whole
        All recordings; None where their table is not there.
    cameras, dates, months
        The same by camera, by date and by month, in the order of time.
    subjects
        Every animal that has a cage or a clip.
    labels
        Annotated intervals by label, as the table has them.
    unmarked
        Cages without any annotation, as ``recording position``; all their windows count as normal.
        None where there is no table of annotations.
    windows
        In the manifest, dropped ones included; None where there is no manifest.
    clips
        The kept ones; None where there is none.
    dropped
        Dropped windows by reason.
    folds
        Folds by number; none where they do not fit the manifest.
    faults
        What is missing or does not fit, with what to do.
    """

    data: str
    whole: Recorded | None
    cameras: tuple[Recorded, ...]
    dates: tuple[Recorded, ...]
    months: tuple[Recorded, ...]
    subjects: tuple[Subject, ...]
    labels: dict[str, int]
    unmarked: tuple[str, ...] | None
    windows: int | None
    clips: Kept | None
    dropped: tuple[Dropped, ...]
    folds: tuple[FoldRow, ...]
    faults: tuple[Fault, ...]


def summarize(dataset: Dataset, min_agreement: float) -> Summary:
    """Count what is there.

    Parameters
    ----------
    dataset
        The tables that are there.
    min_agreement
        Agreement from which on a seizure labels clips, range [0, 1].
    """
    recordings = recordings_of(dataset.recordings) if dataset.recordings else []
    cages = cages_of(dataset.cages) if dataset.cages else []
    annotations = annotations_of(dataset.annotations) if dataset.annotations else []
    every = _recorded("all", recordings, cages)
    labels = Counter(row.label for row in annotations)
    folds, fold_faults = folds_of(dataset)
    return Summary(
        data=dataset.data,
        whole=None if dataset.recordings is None else every,
        cameras=_by(lambda row: row.camera or NOT_STATED, recordings, cages),
        dates=_by(lambda row: row.date, recordings, cages),
        months=_by(lambda row: month_of(row.date), recordings, cages),
        subjects=_subjects(recordings, cages, annotations, dataset.clips, min_agreement),
        labels=dict(sorted(labels.items())),
        unmarked=None if dataset.annotations is None else _unmarked(cages, annotations),
        windows=None if dataset.clips is None else dataset.clips.num_rows,
        clips=_kept(dataset.kept),
        dropped=_dropped(dataset.clips),
        folds=folds,
        faults=(*faults_of(dataset, recordings, cages, annotations), *fold_faults),
    )


def _unmarked(cages: Sequence[Cage], annotations: Sequence[Annotation]) -> tuple[str, ...]:
    marked = {(row.recording_id, row.position) for row in annotations}
    left = sorted({(cage.recording_id, cage.position) for cage in cages} - marked)
    return tuple(f"{recording_id} {position}" for recording_id, position in left)


def _recorded(name: str, recordings: Sequence[Recording], cages: Sequence[Cage]) -> Recorded:
    seconds = {row.recording_id: row.duration_s for row in recordings}
    inside = [cage for cage in cages if cage.recording_id in seconds]
    return Recorded(
        name=name,
        recordings=len(recordings),
        sessions=len({session_of(row) for row in recordings}),
        cages=len(inside),
        subjects=len({cage.subject_id for cage in inside}),
        hours=sum(seconds.values()) / HOUR_S,
        hours_watched=sum(seconds[cage.recording_id] for cage in inside) / HOUR_S,
    )


def _by(
    key: Callable[[Recording], str], recordings: Sequence[Recording], cages: Sequence[Cage]
) -> tuple[Recorded, ...]:
    """Count recordings by `key`, in order of their dates."""
    groups: dict[str, list[Recording]] = {}
    for row in sorted(recordings, key=lambda row: (day_of(row.date), row.recording_id)):
        groups.setdefault(key(row), []).append(row)
    return tuple(_recorded(name, rows, cages) for name, rows in groups.items())


def _subjects(
    recordings: Sequence[Recording],
    cages: Sequence[Cage],
    annotations: Sequence[Annotation],
    clips: pa.Table | None,
    min_agreement: float,
) -> tuple[Subject, ...]:
    seconds = {row.recording_id: row.duration_s for row in recordings}
    watched: dict[str, float] = {}
    for cage in cages:
        before_s = watched.get(cage.subject_id, 0.0)
        watched[cage.subject_id] = before_s + seconds.get(cage.recording_id, 0.0)
    seizures: dict[str, list[Seizure]] = {}
    for one in seizures_of(annotations, recordings, cages, min_agreement):
        seizures.setdefault(one.subject_id, []).append(one)
    counts = _clip_counts(clips)
    made = []
    for name in sorted({*watched, *(subject for subject, _ in counts)}, key=by_name):
        had = seizures.get(name, [])
        lasted = [one.duration_s for one in had]
        made.append(
            Subject(
                subject_id=name,
                hours_watched=watched.get(name, 0.0) / HOUR_S,
                seizures=len(had),
                agreed=sum(one.agreement >= min_agreement for one in had),
                seizure_s=sum(lasted),
                median_s=median(lasted) if lasted else None,
                negatives=counts[name, "negative"],
                positives=counts[name, "positive"],
                dropped=counts[name, "dropped"],
            )
        )
    return tuple(made)


def _clip_counts(clips: pa.Table | None) -> Counter[tuple[str, str]]:
    """Count windows by subject and by what became of them."""
    counts: Counter[tuple[str, str]] = Counter()
    if clips is None:
        return counts
    grouped = clips.group_by(["subject_id", "kept", "label"]).aggregate([([], "count_all")])
    for row in grouped.to_pylist():
        what = ("positive" if row["label"] else "negative") if row["kept"] else "dropped"
        counts[row["subject_id"], what] += row["count_all"]
    return counts


def _kept(clips: pa.Table | None) -> Kept | None:
    if clips is None:
        return None
    positives = pc.sum(pc.equal(clips.column("label"), 1)).as_py()
    sizes = clips.group_by(["width_px", "height_px"]).aggregate([]).to_pylist()
    return Kept(
        subjects=pc.count_distinct(clips.column("subject_id")).as_py(),
        negatives=clips.num_rows - positives,
        positives=positives,
        hours=pc.sum(clips.column("duration_s")).as_py() / HOUR_S,
        durations_s=tuple(sorted(clips.column("duration_s").unique().to_pylist())),
        fps=tuple(sorted(clips.column("fps").drop_null().unique().to_pylist())),
        sizes_px=tuple(sorted((row["width_px"], row["height_px"]) for row in sizes)),
    )


def _dropped(clips: pa.Table | None) -> tuple[Dropped, ...]:
    """Count dropped windows by reason, most first."""
    if clips is None:
        return ()
    left_out = clips.filter(pc.invert(clips.column("kept")))
    grouped = left_out.group_by("drop_reason").aggregate([([], "count_all"), ("duration_s", "sum")])
    made = [
        Dropped(row["drop_reason"] or NOT_STATED, row["count_all"], row["duration_s_sum"] / HOUR_S)
        for row in grouped.to_pylist()
    ]
    return tuple(sorted(made, key=lambda one: (-one.windows, one.reason)))
