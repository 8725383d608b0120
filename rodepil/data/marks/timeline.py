"""Timelines: recordings one after another in one continuous time, and intervals cut along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rodepil.data.recordings import Recording
from rodepil.errors import AnnotationError

_DIGITS = 6


class OutOfRange(AnnotationError):
    """An interval is reversed, or does not lie in the recordings."""


@dataclass(frozen=True)
class Stretch:
    """A recording's place in a timeline: it begins at `from_s` and lasts `length_s`.

    Without a recording it is a file that is not among the recordings, but takes time.
    """

    recording: Recording | None
    from_s: float
    length_s: float
    name: str = ""

    @property
    def to_s(self) -> float:
        """The end in the timeline's seconds."""
        return self.from_s + self.length_s

    @property
    def frame_s(self) -> float:
        """A frame's duration in seconds."""
        return 0.0 if self.recording is None else float(1 / self.recording.frame_rate)


@dataclass(frozen=True)
class Part:
    """What of an interval lies in one recording, in seconds from its first frame."""

    recording: Recording
    start_s: float
    end_s: float


def cut(timeline: Sequence[Stretch], start_s: float, end_s: float, overrun_s: float) -> list[Part]:
    """Cut an interval into one part for each recording that it touches.

    Parameters
    ----------
    timeline
        Stretches in order of time; holes between them hold no part.
    start_s, end_s
        The interval in the timeline's seconds.
    overrun_s
        How far it may lead out of the timeline, seconds; a frame always may. What does is cut off.

    Raises
    ------
    OutOfRange
        The interval is reversed or empty, leads out too far, lies in a hole, or touches a file
        that is not among the recordings.
    """
    if not end_s > start_s:
        raise OutOfRange(f"it ends {start_s - end_s:g} s before it starts, or is empty; mend it")
    first, last = min(one.from_s for one in timeline), max(one.to_s for one in timeline)
    allowed = max(overrun_s, *(one.frame_s for one in timeline))
    if start_s < first - allowed or end_s > last + allowed:
        name = _said(timeline)
        raise OutOfRange(
            f"{start_s - first:g} to {end_s - first:g} s does not lie within {name} of "
            f"{last - first:g} s; mend the time, or name the right recording"
        )
    found = _parts(timeline, max(start_s, first), min(end_s, last))
    if not found:
        raise OutOfRange(f"{start_s - first:g} to {end_s - first:g} s lies in no file; mend it")
    return found


def _parts(timeline: Sequence[Stretch], start_s: float, end_s: float) -> list[Part]:
    spans = [(one, max(start_s, one.from_s), min(end_s, one.to_s)) for one in timeline]
    spans = [(one, start, end) for one, start, end in spans if end > start]
    # Where it merely grazes the next file, by less than a frame, it does not lie in that one.
    spans = [
        (one, start, end)
        for one, start, end in spans
        if end - start >= one.frame_s or len(spans) == 1
    ]
    parts = []
    for one, start, end in spans:
        if one.recording is None:
            raise OutOfRange(
                f"it lies in '{one.name}', which is none of the recordings; import that first"
            )
        at, to = round(start - one.from_s, _DIGITS), round(end - one.from_s, _DIGITS)
        if to > at:
            parts.append(Part(one.recording, at, to))
    return parts


def _said(timeline: Sequence[Stretch]) -> str:
    names = [one.recording.recording_id if one.recording else one.name for one in timeline]
    return f"recording '{names[0]}'" if len(names) == 1 else f"'{names[0]}' to '{names[-1]}'"
