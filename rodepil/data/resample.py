"""Resample a recording to a steady rate by time stamps: of each output time the nearest frame.

Output frame J stands at J / fps seconds, counted from the first frame or from where the session
began. It shows the frame whose time stamp is nearest, of two equally near the earlier one. Times
are exact fractions, so that 29.97, 30.0003 or a variable rate round nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from rodepil.io.video import DecodedFrame, end_of


@dataclass(frozen=True)
class Shown:
    """A source frame and the output frames that show it.

    Parameters
    ----------
    frame
        The source frame.
    first
        The first output frame that shows it.
    count
        How many do, 0 or more.
    gap_s
        The longer of its distances to the source frame before it and to the one after it, or to
        the recording's end.
    """

    frame: DecodedFrame
    first: int
    count: int
    gap_s: Fraction


def resample(frames: Iterable[DecodedFrame], fps: int, source_fps: Fraction) -> Iterator[Shown]:
    """Yield every source frame with its output frames, holding one frame at a time.

    Parameters
    ----------
    frames
        Frames in order of time, the first at 0 s or later: output frames begin where they do.
    fps
        Output frames a second.
    source_fps
        The source's rate, for the end of a recording of one frame.

    Yields
    ------
    Shown
        In order; the counts sum to the output frames within the recording, those at times before
        the end of its last frame.
    """
    held: DecodedFrame | None = None
    before: DecodedFrame | None = None
    following: int | None = None
    for frame in frames:
        if following is None:
            following = -(-frame.time_s * fps // 1)
        if held is not None:
            # Twice the middle of both times, in output frames; a tie goes to the earlier frame.
            count = max(0, (held.time_s + frame.time_s) * fps // 2 + 1 - following)
            yield Shown(held, following, count, _gap(before, held, frame.time_s))
            following += count
        before, held = held, frame
    if held is not None and following is not None:
        end_s = end_of(held, before, source_fps)
        count = max(0, -(-end_s * fps // 1) - following)
        yield Shown(held, following, count, _gap(before, held, end_s))


def _gap(before: DecodedFrame | None, held: DecodedFrame, until_s: Fraction) -> Fraction:
    ahead = held.time_s - before.time_s if before else Fraction(0)
    return max(ahead, until_s - held.time_s)
