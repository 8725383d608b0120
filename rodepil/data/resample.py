"""Resample a recording to a steady rate by time stamps: of each output time the nearest frame.

Output frame J stands at J / fps seconds, counted from the first frame or from where the session
began. It shows the frame whose time stamp is nearest, of two equally near the earlier one. Times
are exact fractions, so that 29.97, 30.0003 or a variable rate round nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from rodepil.io.video import DecodedFrame, end_of

_SURE = 1e-6
"""Of an output frame; floats are a thousand times finer for a month at 1000 frames a second."""


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
    following, ahead_s = 0, Fraction(0)
    for frame in frames:
        if held is None:
            following = math.ceil(frame.time_s * fps)
        else:
            until_s = frame.time_s - held.time_s
            count = max(0, _first_nearer(held.time_s, frame.time_s, fps) - following)
            yield Shown(held, following, count, max(ahead_s, until_s))
            following, ahead_s = following + count, until_s
        before, held = held, frame
    if held is not None:
        end_s = end_of(held, before, source_fps)
        count = max(0, math.ceil(end_s * fps) - following)
        yield Shown(held, following, count, max(ahead_s, end_s - held.time_s))


def _first_nearer(one_s: Fraction, two_s: Fraction, fps: int) -> int:
    """Return the first output frame nearer to the later of two times; a tie goes to the earlier.

    It is the one after the middle of both. Floats say which, unless the middle is so near to an
    output frame that only exact arithmetic can.
    """
    middle = (float(one_s) + float(two_s)) * fps / 2
    below = math.floor(middle)
    if _SURE < middle - below < 1 - _SURE:
        return below + 1
    return math.floor((one_s + two_s) * fps / 2) + 1
