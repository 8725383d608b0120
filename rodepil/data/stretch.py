"""A stretch of continuous time: a recording, and the next files where the camera cut it.

Windows lie on the grid of the session's time. A window belongs to the recording in which it
begins; where it ends in a later file, those up to it are read as well.
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
    """A recording, and the files that go on where it ends, as far as its last window reaches.

    Parameters
    ----------
    film
        The recording.
    following
        The files that go on, in order.
    next_s
        Where the next file of the session begins, whether it goes on or not; None at its end.
    ends_session
        Whether the session has no later file than these.
    """

    film: Film
    following: tuple[Film, ...] = ()
    next_s: Fraction | None = None
    ends_session: bool = True

    @property
    def films(self) -> tuple[Film, ...]:
        """The recording and the files that go on."""
        return self.film, *self.following

    def windows(self, settings: CurateSettings) -> range:
        """Return the windows of the session's grid that begin in the recording.

        At the end of a session the range is open: windows end when frames do. Else the last one
        may break off.
        """
        first = _first_from(self.film.begin_s, settings)
        return range(
            first, sys.maxsize if self.next_s is None else _first_from(self.next_s, settings)
        )

    def frames(self, settings: CurateSettings, threads: int) -> Generator[DecodedFrame]:
        """Yield the frames that its windows show, in the session's time.

        The recording is read to its end, the next files as far as the last window reaches and one
        frame on, for the nearest frame is known only then.
        """
        yield from self.film.frames(threads)
        if self.next_s is None:
            return
        until_s = _first_from(self.next_s, settings) * duration_of(settings)
        after = self.film.recording.n_frames
        for film in self.following:
            for frame in film.frames(threads, after=after):
                yield frame
                if frame.time_s > until_s:
                    return
            after += film.recording.n_frames

    def reached(self, end_frame: int) -> list[Film]:
        """Return the following files of which frames ahead of `end_frame` are."""
        found, count = [], self.film.recording.n_frames
        for film in self.following:
            if end_frame > count:
                found.append(film)
            count += film.recording.n_frames
        return found


def stretches(
    films: Sequence[Film], cages: CagesOf, settings: CurateSettings
) -> dict[str, Stretch]:
    """Return the stretch of every recording, by id.

    A file of a session goes on where the one before it ends if nearly no time is lost between
    them and camera and cages are the same.
    """
    found = {film.recording.recording_id: Stretch(film) for film in films}
    sessions: dict[str, list[Film]] = {}
    for film in films:
        if film.recording.session_id is not None:
            sessions.setdefault(film.recording.session_id, []).append(film)
    for session in sessions.values():
        ordered = sorted(session, key=lambda film: film.begin_s)
        for place, film in enumerate(ordered[:-1]):
            later = ordered[place + 1 :]
            following = _chain(film, later, cages, settings)
            found[film.recording.recording_id] = Stretch(
                film, following, later[0].begin_s, ends_session=len(following) == len(later)
            )
    return found


def _chain(
    film: Film, later: Sequence[Film], cages: CagesOf, settings: CurateSettings
) -> tuple[Film, ...]:
    """Return the files that go on, up to one that holds the frame behind the last window.

    A file that ends `max_gap_s` behind the window has one, or there is a gap.
    """
    reach_s = _first_from(later[0].begin_s, settings) * duration_of(settings)
    reach_s += Fraction(settings.max_gap_s)
    found: list[Film] = []
    for before, after in pairwise([film, *later]):
        if not _goes_on(before, after, cages, settings.max_gap_s):
            break
        found.append(after)
        if after.end_s > reach_s:
            break
    return tuple(found)


def _first_from(begin_s: Fraction, settings: CurateSettings) -> int:
    """Return the first window that begins at a time or later."""
    return int(-(-begin_s // duration_of(settings)))


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
    """Return the cages of a stretch with their seizures in the session's time, of all files."""
    own = cages[stretch.film.recording.recording_id]
    marked: dict[int, list[Annotation]] = {}
    for film in stretch.films:
        for cage, seizures in cages[film.recording.recording_id]:
            marked.setdefault(cage.position, []).extend(_moved(seizures, float(film.begin_s)))
    return tuple((cage, tuple(marked[cage.position])) for cage, _ in own)


def _moved(seizures: Sequence[Annotation], by_s: float) -> tuple[Annotation, ...]:
    return tuple(
        replace(row, start_s=row.start_s + by_s, end_s=row.end_s + by_s) for row in seizures
    )
