"""Windows of a recording: their grid, their labels by overlap, and what is left out and why.

Window k covers the seconds [k * D, (k + 1) * D) of a recording, D being a clip's duration. A last
window that is not whole is none, unless it lacks so little that the last frame can stand for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation
from rodepil.data.resample import Shown
from rodepil.io.video import DecodedFrame

DropReason = Literal["overlap_short", "low_agreement", "gap", "still"]

_DIGITS = 6


@dataclass(frozen=True)
class Piece:
    """A source frame's part in one window.

    Parameters
    ----------
    window
        Which window.
    slot
        The first of the window's output frames that show the frame, from 0.
    count
        How many do, 1 or more.
    frame
        The source frame.
    in_gap
        Whether a hole in the recording lies beside it.
    """

    window: int
    slot: int
    count: int
    frame: DecodedFrame
    in_gap: bool


@dataclass(frozen=True)
class WindowLabel:
    """What the annotations say of a window.

    Parameters
    ----------
    label
        1 where an annotated seizure touches the window, else 0.
    overlap_s
        Seconds of it that seizures of enough agreement cover.
    drop_reason
        Why it can be neither a positive nor a negative, or None.
    """

    label: int
    overlap_s: float
    drop_reason: DropReason | None


def duration_of(settings: CurateSettings) -> Fraction:
    """Return a clip's duration in seconds, exact: whole frames of the output rate."""
    return Fraction(settings.frames_per_clip, settings.fps)


def fill_end(shown: Iterable[Shown], settings: CurateSettings) -> Iterator[Shown]:
    """Show the last frame on to the end of its window, where that lacks at most ``max_end_gap_s``.

    It is the nearest frame to those times as well.
    """
    held: Shown | None = None
    for show in shown:
        if held is not None:
            yield held
        held = show
    if held is not None:
        lacks = -(held.first + held.count) % settings.frames_per_clip
        if lacks > settings.end_gap_frames:
            lacks = 0
        gap_s = max(held.gap_s, Fraction(lacks, settings.fps))
        yield replace(held, count=held.count + lacks, gap_s=gap_s)


def cut(shown: Iterable[Shown], settings: CurateSettings) -> Iterator[Piece]:
    """Cut output frames into windows; a frame shown on both sides of a border gives two pieces."""
    frames_per_clip = settings.frames_per_clip
    for show in shown:
        first, left = show.first, show.count
        while left:
            window, slot = divmod(first, frames_per_clip)
            count = min(left, frames_per_clip - slot)
            yield Piece(window, slot, count, show.frame, show.gap_s > settings.max_gap_s)
            first, left = first + count, left - count


def label_window(
    window: int, seizures: Sequence[Annotation], settings: CurateSettings
) -> WindowLabel:
    """Label a window by the annotated seizures of its cage.

    A seizure counts when its agreement reaches the setting. Enough overlap with such seizures
    makes a positive, whatever others say. Less, or an overlap with one that is not agreed upon,
    makes neither label, and the window is dropped.
    """
    duration = duration_of(settings)
    start_s, end_s = float(window * duration), float((window + 1) * duration)
    spans = [
        (max(start_s, row.start_s), min(end_s, row.end_s), row.agreement >= settings.min_agreement)
        for row in seizures
        if row.start_s < end_s and row.end_s > start_s
    ]
    overlap_s = _covered_s([(start, end) for start, end, agreed in spans if agreed])
    if overlap_s > 0:
        enough = overlap_s >= settings.min_overlap_s
        return WindowLabel(1, overlap_s, None if enough else "overlap_short")
    return WindowLabel(1, 0.0, "low_agreement") if spans else WindowLabel(0, 0.0, None)


def _covered_s(spans: Sequence[tuple[float, float]]) -> float:
    """Return the length of the union of spans, to the microsecond."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(covered, _DIGITS)
