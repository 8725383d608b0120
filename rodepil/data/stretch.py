"""A stretch of continuous time: a recording, and the next file where the camera cut it in two.

Windows lie on the grid of the session's time. A window belongs to the recording in which it
begins; where it ends in the next file, the beginning of that file is read as well.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.data.windows import duration_of
from rodepil.errors import VideoError
from rodepil.io.video import DecodedFrame, VideoReader

TABLE_REMEDY = "put the right file there, or make the recordings table again from the files"

CLOCK_HZ_MAX = 100_000
"""Containers count time in parts of a second, seldom finer than MPEG's 1/90000."""

CagesOf = Mapping[str, Sequence[tuple[Cage, tuple[Annotation, ...]]]]
"""The cages of every recording, each with its annotated seizures."""


@dataclass(frozen=True)
class Film:
    """A recording and its file."""

    recording: Recording
    path: Path

    @property
    def begin_s(self) -> Fraction:
        """Where it begins in its session."""
        return _exact(self.recording.session_start_s or 0.0)

    @property
    def end_s(self) -> Fraction:
        """Where it ends in its session."""
        return self.begin_s + _exact(self.recording.duration_s)

    def frames(self, threads: int, *, after: int = 0) -> Generator[DecodedFrame]:
        """Yield its frames in the session's time, `after` frames of the file before it.

        Raises
        ------
        VideoError
            The file does not hold what the recordings table says.
        """
        wanted, count = self.recording, 0
        with VideoReader(self.path, threads=threads) as reader:
            for count, frame in enumerate(reader, start=1):  # noqa: B007 - counted for the check below
                if frame.size_px != (wanted.width_px, wanted.height_px):
                    raise VideoError(
                        f"{self.path} shows {frame.size_px} px, the recordings table says "
                        f"{(wanted.width_px, wanted.height_px)}; {TABLE_REMEDY}"
                    )
                if self.begin_s or after:
                    place, time_s = frame.index + after, frame.time_s + self.begin_s
                    yield replace(frame, index=place, time_s=time_s)
                else:
                    yield frame
        if count != wanted.n_frames:
            raise VideoError(
                f"{self.path} decodes to {count} frames, the recordings table says "
                f"{wanted.n_frames}; {TABLE_REMEDY}"
            )


@dataclass(frozen=True)
class Stretch:
    """A recording, and the file that goes on where it ends, if there is one.

    Parameters
    ----------
    film
        The recording.
    following
        The file that goes on.
    ends_session
        Whether the session has no later file than these.
    """

    film: Film
    following: Film | None
    ends_session: bool = True

    def windows(self, settings: CurateSettings) -> range:
        """Return the windows of the session's grid that begin in the recording.

        Where no file goes on, the range is open: windows end when frames do.
        """
        first = _first_from(self.film, settings)
        after = sys.maxsize if self.following is None else _first_from(self.following, settings)
        return range(first, after)

    def frames(self, settings: CurateSettings, threads: int) -> Generator[DecodedFrame]:
        """Yield the frames that its windows show, in the session's time.

        The recording is read to its end, the next file as far as the last window reaches and one
        frame on, for the nearest frame is known only then.
        """
        yield from self.film.frames(threads)
        if self.following is None:
            return
        until_s = _first_from(self.following, settings) * duration_of(settings)
        for frame in self.following.frames(threads, after=self.film.recording.n_frames):
            yield frame
            if frame.time_s > until_s:
                return


def stretches(films: Sequence[Film], cages: CagesOf, max_gap_s: float) -> dict[str, Stretch]:
    """Return the stretch of every recording, by id.

    The next file of a session goes on where the recording ends if nearly no time is lost between
    them and camera and cages are the same.
    """
    found = {film.recording.recording_id: Stretch(film, None) for film in films}
    sessions: dict[str, list[Film]] = {}
    for film in films:
        if film.recording.session_id is not None:
            sessions.setdefault(film.recording.session_id, []).append(film)
    for session in sessions.values():
        ordered = sorted(session, key=lambda film: film.begin_s)
        for film, after in pairwise(ordered):
            following = after if _goes_on(film, after, cages, max_gap_s) else None
            ends = following is ordered[-1]
            found[film.recording.recording_id] = Stretch(film, following, ends)
    return found


def _first_from(film: Film, settings: CurateSettings) -> int:
    """Return the first window that begins in a file or later."""
    return int(-(-film.begin_s // duration_of(settings)))


def _exact(seconds: float) -> Fraction:
    """Return the fraction of a camera's clock that was rounded to a float."""
    return Fraction(seconds).limit_denominator(CLOCK_HZ_MAX)


def _goes_on(film: Film, after: Film, cages: CagesOf, max_gap_s: float) -> bool:
    one, two = film.recording, after.recording
    gap_s = after.begin_s - film.end_s
    boxes = (
        sorted((cage.position, cage.subject_id, cage.box) for cage, _ in cages[row.recording_id])
        for row in (one, two)
    )
    return (
        -1 / one.frame_rate < gap_s <= max_gap_s
        and (one.width_px, one.height_px) == (two.width_px, two.height_px)
        and next(boxes) == next(boxes)
    )


def seizures_on_grid(
    stretch: Stretch, cages: CagesOf
) -> tuple[tuple[Cage, tuple[Annotation, ...]], ...]:
    """Return the cages of a stretch with their seizures in the session's time, both files'."""
    own = cages[stretch.film.recording.recording_id]
    after: dict[int, tuple[Annotation, ...]] = {}
    if stretch.following is not None:
        later_s = float(stretch.following.begin_s)
        for cage, seizures in cages[stretch.following.recording.recording_id]:
            after[cage.position] = _moved(seizures, later_s)
    begin_s = float(stretch.film.begin_s)
    return tuple(
        (cage, _moved(seizures, begin_s) + after.get(cage.position, ())) for cage, seizures in own
    )


def _moved(seizures: Sequence[Annotation], by_s: float) -> tuple[Annotation, ...]:
    return tuple(
        replace(row, start_s=row.start_s + by_s, end_s=row.end_s + by_s) for row in seizures
    )
