"""How much each animal moves over the day, from the motion that curation measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rodepil.data.annotations import annotations_of
from rodepil.data.cages import cages_of
from rodepil.data.overview.dataset import Dataset
from rodepil.data.overview.order import by_name
from rodepil.data.overview.seizures import Seizure, seizures_of, session_of
from rodepil.data.overview.timeline import DAY_S, Timeline, timeline_of
from rodepil.data.recordings import Recording, recordings_of

HOUR_S = 3600.0
DIGITS = 6
MOST_BINS = 36
WIDTHS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400)
"""Widths that people read easily; the least that makes no more than `MOST_BINS` is taken."""


@dataclass(frozen=True)
class Mark:
    """A seizure in the picture.

    Parameters
    ----------
    subject
        The animal's place in `Activity.subjects`.
    start_s, end_s
        In the picture's time.
    turn
        The place of its day (or session), from 0.
    """

    subject: int
    start_s: float
    end_s: float
    turn: int


@dataclass(frozen=True)
class Activity:
    """Motion by subject and time.

    Parameters
    ----------
    subjects
        Every animal with a measured window or a seizure.
    by_clock
        Whether time is that of the day; else it runs from the start of the session.
    bin_s
        Seconds of a bin; bin b holds the windows that start in [b * bin_s, (b + 1) * bin_s).
    motion
        (S, B) float64, range [0, 1]: the mean over windows of the share of pixels that moved;
        NaN without a window.
    windows
        Windows that the means rest on, kept and dropped.
    unmeasured
        Windows whose motion was not measured, because they were dropped before.
    length_s
        Where the picture's time ends: the day's end, or that of the longest session.
    turns
        Days (or sessions) from the first to the last.
    marks
        Annotated seizures.
    left_out
        Recordings without a wall clock, where others have one.
    """

    subjects: tuple[str, ...]
    by_clock: bool
    bin_s: float
    motion: NDArray[np.float64]
    windows: int
    turns: int
    marks: tuple[Mark, ...]
    left_out: int
    unmeasured: int
    length_s: float


def activity_of(dataset: Dataset) -> Activity | None:
    """Return the activity that the manifest tells; None where it holds no motion.

    Windows of a recording that the recordings table does not know are left out.
    """
    if dataset.clips is None or dataset.recordings is None:
        return None
    recordings = recordings_of(dataset.recordings)
    timeline = timeline_of(recordings)
    placed = _placed(dataset.clips, timeline)
    measured = placed.filter(pc.field("motion").is_valid())
    if not measured.num_rows:
        return None
    ends_s = _ends_s(recordings, timeline)
    times_s = _times(measured, timeline)
    seizures = _seizures(dataset, recordings, timeline)
    names = {one.subject_id for one in seizures} | set(measured["subject_id"].unique().to_pylist())
    subjects = tuple(sorted(names, key=by_name))
    marks = [_mark(one, subjects, timeline, ends_s[one.session]) for one in seizures]
    spans_s = [*(mark.end_s for mark in marks), float(times_s.max()) + _window_s(measured)]
    bin_s = HOUR_S if timeline.by_clock else _width(max(spans_s), _window_s(measured))
    bins = math.ceil((DAY_S if timeline.by_clock else max(spans_s)) / bin_s)
    clock_s = times_s % DAY_S if timeline.by_clock else times_s
    return Activity(
        subjects=subjects,
        by_clock=timeline.by_clock,
        bin_s=bin_s,
        motion=_means(measured, subjects, clock_s // bin_s, bins),
        windows=measured.num_rows,
        turns=_turns(timeline, times_s, marks),
        marks=tuple(marks),
        left_out=timeline.left_out,
        unmeasured=placed.num_rows - measured.num_rows,
        length_s=DAY_S if timeline.by_clock else max(ends_s.values()),
    )


def _placed(clips: pa.Table, timeline: Timeline) -> pa.Table:
    """Return the windows whose recording can be placed."""
    names = pa.array(list(timeline.recordings), pa.string())
    here = pc.is_in(clips.column("recording_id"), value_set=names)
    columns = ["recording_id", "subject_id", "start_s", "duration_s", "motion"]
    return clips.filter(here).select(columns)


def _ends_s(recordings: Sequence[Recording], timeline: Timeline) -> dict[str, float]:
    """Return when each session that is placed ends."""
    ends: dict[str, float] = {}
    for row in recordings:
        if row.recording_id in timeline.recordings:
            end_s = round(timeline.recordings[row.recording_id] + row.duration_s, DIGITS)
            ends[session_of(row)] = max(end_s, ends.get(session_of(row), 0.0))
    return ends


def _times(measured: pa.Table, timeline: Timeline) -> NDArray[np.float64]:
    """Return when each window starts, (N,) seconds."""
    column = measured.column("recording_id").combine_chunks().dictionary_encode()
    begins = np.array([timeline.recordings[name] for name in column.dictionary.to_pylist()])
    times_s = begins[column.indices.to_numpy()] + measured["start_s"].to_numpy()
    return np.asarray(np.round(times_s, DIGITS))  # a window that starts a bin lies in that bin


def _seizures(dataset: Dataset, recordings: list[Recording], timeline: Timeline) -> list[Seizure]:
    if dataset.annotations is None or dataset.cages is None:
        return []
    cages, annotations = cages_of(dataset.cages), annotations_of(dataset.annotations)
    found = seizures_of(annotations, recordings, cages, dataset.min_agreement)
    return [one for one in found if one.session in timeline.sessions]


def _mark(one: Seizure, subjects: tuple[str, ...], timeline: Timeline, ends_s: float) -> Mark:
    """Return a seizure in the picture's time, none of it past its session's end."""
    begins_s = timeline.sessions[one.session]
    start_s, end_s = begins_s + one.start_s, min(begins_s + one.end_s, ends_s)
    turn = timeline.turn(one.session, start_s)
    if timeline.by_clock:  # what lasts past midnight is drawn up to it
        start_s, end_s = start_s - turn * DAY_S, min(end_s - turn * DAY_S, DAY_S)
    return Mark(subjects.index(one.subject_id), start_s, end_s, turn)


def _window_s(measured: pa.Table) -> float:
    return float(pc.max(measured.column("duration_s")).as_py())


def _width(span_s: float, window_s: float) -> float:
    """Return the least easy width that is no shorter than a window and makes few bins."""
    for width_s in WIDTHS_S:
        if width_s >= window_s and span_s <= MOST_BINS * width_s:
            return float(width_s)
    return DAY_S * math.ceil(span_s / MOST_BINS / DAY_S)


def _turns(timeline: Timeline, times_s: NDArray[np.float64], marks: Sequence[Mark]) -> int:
    """Return the days from the first to the last, or the sessions."""
    if not timeline.by_clock:
        return len(timeline.turns)
    return 1 + max([int(times_s.max() // DAY_S), *(mark.turn for mark in marks)])


def _means(
    measured: pa.Table, subjects: tuple[str, ...], bins: NDArray[np.float64], n_bins: int
) -> NDArray[np.float64]:
    """Return the mean motion of every subject and bin, (S, B); NaN without a window."""
    column = measured.column("subject_id").combine_chunks().dictionary_encode()
    places = np.array([subjects.index(name) for name in column.dictionary.to_pylist()])
    cells = places[column.indices.to_numpy()] * n_bins + bins.astype(np.int64)
    size = len(subjects) * n_bins
    sums = np.bincount(cells, measured.column("motion").to_numpy(), size)
    counts = np.bincount(cells, minlength=size)
    means = np.full(size, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means.reshape(len(subjects), n_bins)
