"""How well found events fit true ones: mAP at tIoU, frame-wise accuracy and edit score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.detect.cage_places import places_of_rows
from rodepil.detect.event_files import read_events
from rodepil.detect.event_labels import with_units
from rodepil.detect.score_notes import (
    absent_cages,
    late_ends,
    own_labels,
    unknown_lengths,
    without_truth,
)
from rodepil.errors import AnnotationError, SettingError
from rodepil.io.wording import by_number
from rodepil.scoring import (
    THRESHOLDS,
    FrameScores,
    MeanAveragePrecision,
    mean_average_precision,
    score_frames,
    video_key,
)


@dataclass(frozen=True)
class EventScores:
    """How well events fit.

    Parameters
    ----------
    precision
        AP by class and threshold, of all events.
    frames
        Frame-wise accuracy and edit score of those that are sure enough.
    min_score
        How sure.
    notes
        What to know of the numbers, a sentence each.
    """

    precision: MeanAveragePrecision
    frames: FrameScores
    min_score: float
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as JSON holds them; one that is not defined is null."""
        by_threshold = zip(self.precision.thresholds, self.precision.by_threshold, strict=True)
        return {
            "mean_map": _defined(self.precision.mean),
            "map": {f"{tiou:g}": _defined(float(value)) for tiou, value in by_threshold},
            "ap": [row | {"ap": _defined(row["ap"])} for row in self.precision.rows()],
            "frame_accuracy": self.frames.accuracy,
            "edit_score": self.frames.edit,
            "frames": self.frames.frames,
            "min_score": self.min_score,
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """Return the numbers for people, a line each."""
        limits = self.precision.thresholds
        said = [f"{'AP in %':<30}" + "".join(f"{tiou:>8g}" for tiou in limits) + "    mean  truths"]
        counted = zip(
            self.precision.classes, self.precision.ap, self.precision.by_class,
            self.precision.truths, strict=True,
        )  # fmt: skip
        said += [
            f"{name:<30}" + "".join(map(_percent, ap.tolist())) + f"{_percent(mean)}{truths:>8}"
            for name, ap, mean, truths in counted
        ]
        means = "".join(map(_percent, self.precision.by_threshold.tolist()))
        said.append(f"{'mAP':<30}{means}{_percent(self.precision.mean)}")
        frames = by_number(self.frames.frames, "frame", "frames")
        said.append(
            f"of score {self.min_score:g} or more: {100 * self.frames.accuracy:.1f} % of {frames} "
            f"right, edit score {100 * self.frames.edit:.1f}"
        )
        return [*said, *(f"note: {note}" for note in self.notes)]


def score_event_files(
    predicted: Path,
    true: Path,
    *,
    tious: Sequence[float] = THRESHOLDS,
    min_score: float = 0.3,
    fps: float = 30.0,
) -> EventScores:
    """Compare two files of events, as `rodepil.detect.event_files` reads them.

    Parameters
    ----------
    predicted, true
        The files. A video is a recording's cage in both. Where the true ones name animals and no
        positions, these are those of the found ones' animals.
    tious
        Thresholds of tIoU, in (0, 1].
    min_score
        The least score that frames and their order are compared of; mAP takes every event.
    fps
        Frames a second in which the frames are counted.

    Raises
    ------
    SettingError
        A threshold or the rate is impossible.
    TableError, AnnotationError
        A file can't be read, nothing tells in which cage an event is, there is no true event, or
        no video has a name in both files.
    """
    said = read_events(predicted)
    known = read_events(true, {**places_of_rows(said.events.to_pylist()), **said.places})
    if not known.events.num_rows:
        raise AnnotationError(f"{true} holds no event, so there is nothing to be found")
    found, truths = with_units(said.events, known.events)
    named, videos = _videos(found), _videos(truths)
    annotated = videos | set(known.durations_s)
    absent = absent_cages(truths, said.places)
    if named and not named & annotated:
        why = "; ".join(absent.values()) or "name recordings alike"
        raise AnnotationError(
            f"{predicted} and {true} name no video alike: {sorted(named)[:3]} and "
            f"{sorted(videos)[:3]} (recording/position); {why}"
        )
    durations = {
        **{name: said.durations_s[name] for name in (named | videos) & set(said.durations_s)},
        **known.durations_s,
    }
    guessed = sorted((named | videos) - set(durations))
    notes = [
        *filter(None, (said.advice, *said.notes, *known.notes, *absent.values())),
        *unknown_lengths(set(guessed) - set(absent)),
        *without_truth(named - annotated),
        *late_ends(found, truths, {**known.durations_s, **said.durations_s}),
        *own_labels(predicted, found, true, truths),
    ]
    ends = _ends(found, truths)
    durations = {name: ends[name] for name in guessed} | durations
    precision, frames = _scores(found, truths, durations, tious=tious, min_score=min_score, fps=fps)
    return EventScores(precision, frames, min_score, tuple(notes))


def _scores(
    found: pa.Table,
    true: pa.Table,
    durations_s: Mapping[str, float],
    *,
    tious: Sequence[float],
    min_score: float,
    fps: float,
) -> tuple[MeanAveragePrecision, FrameScores]:
    """Score every found event, and the frames of those that are sure enough."""
    sure = found.filter(pc.greater_equal(found.column("score"), min_score))
    try:
        precision = mean_average_precision(true, found, tious)
        return precision, score_frames(true, sure, durations_s, fps)
    except ValueError as error:
        raise SettingError(str(error)) from error


def _videos(events: pa.Table) -> set[str]:
    columns = (events.column(name).to_pylist() for name in ("recording_id", "position"))
    return {video_key(*pair) for pair in zip(*columns, strict=True)}


def _ends(*sides: pa.Table) -> Mapping[str, float]:
    """Return where the last event of each video ends."""
    ends: dict[str, float] = {}
    for row in (row for side in sides for row in side.to_pylist()):
        name = video_key(row["recording_id"], row["position"])
        ends[name] = max(ends.get(name, 0.0), row["end_s"])
    return ends


def _defined(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)


def _percent(value: float) -> str:
    return f"{'-':>8}" if math.isnan(value) else f"{100 * value:>8.1f}"
