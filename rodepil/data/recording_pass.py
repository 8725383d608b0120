"""Curate one recording: one decode, in order, serves all its cages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from rodepil.data.cages import Cage
from rodepil.data.fit import flat_chroma
from rodepil.data.job import Job, check_content
from rodepil.data.journal import Journal
from rodepil.data.manifest import Row, clip_columns, window_row
from rodepil.data.recorder import Drawn, Recorder, write_window
from rodepil.data.resample import resample
from rodepil.data.windows import Piece, WindowLabel, cut, fill_end, label_window
from rodepil.errors import ShortRecording
from rodepil.io.ahead import read_ahead
from rodepil.io.video import planes


def curate_recording(job: Job) -> Path:
    """Curate one recording as far as it is not done, and return its part of the manifest.

    Raises
    ------
    VideoError
        The video is missing or damaged, or not the one of the recordings table.
    ShortRecording
        It is shorter than one clip.
    """
    journal = Journal(job.part, job.clips_folder, job.stretch.film.begin_s)
    if not journal.resume():
        for film in job.stretch.films:
            check_content(film)
        with _opencv_in_one_thread(), ThreadPoolExecutor(max(1, job.threads - 1)) as pool:
            _decode(job, journal, pool)
        journal.finish()
    return job.part


@contextmanager
def _opencv_in_one_thread() -> Iterator[None]:
    """Keep OpenCV from dividing pictures this small; the threads at work here suffice."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@dataclass
class _Window:
    """The window that fills."""

    index: int
    start_frame: int
    labels: list[WindowLabel]
    in_gap: bool = False
    end_frame: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """Its source frames, half-open."""
        return self.start_frame, self.end_frame


@dataclass
class _Written:
    """A full window whose rows are being finished."""

    index: int
    rows: list[Future[Row]] = field(default_factory=list)

    def note(self, journal: Journal) -> None:
        """Wait for the clips and note the window as done."""
        journal.add(self.index, [row.result() for row in self.rows])


def _decode(job: Job, journal: Journal, pool: Executor) -> None:
    """Decode to the end and write every window that is not done.

    While a window fills, the one before it is measured and encoded; no more are held.
    """
    settings, threads, whole = job.settings, job.threads, 0
    recorders = [Recorder(cage, settings) for cage, _ in job.cages]
    window: _Window | None = None
    written: _Written | None = None
    windows = job.stretch.windows(settings)
    frames = job.stretch.frames(settings, max(1, threads // 2))
    with read_ahead(frames, threaded=threads > 1) as ahead:
        shown = resample(ahead, settings.fps, job.recording.frame_rate)
        if job.stretch.ends_session:
            shown = fill_end(shown, settings)
        for piece in cut(shown, settings):
            ends = piece.slot + piece.count == settings.frames_per_clip
            whole += ends
            if piece.window not in windows or piece.window in journal:
                continue
            if window is None or window.index != piece.window:
                window = _begin(job, piece)
            _draw(piece, window, recorders)
            if ends:
                if written is not None:
                    written.note(journal)
                written = _end(job, window, recorders, pool)
                window = None
    if written is not None:
        written.note(journal)
    breaks_off = window is not None and not job.stretch.ends_session
    if window is not None and breaks_off:
        journal.add(window.index, _broken_off(job, window))
    if not whole and not breaks_off and not job.stretch.film.begin_s:
        raise ShortRecording(
            f"{job.path} lasts {job.recording.duration_s:g} s, less than one clip of "
            f"{settings.clip_duration_s:g} s; leave it out, or set clip_duration_s shorter"
        )


def _begin(job: Job, piece: Piece) -> _Window:
    labels = [label_window(piece.window, seizures, job.settings) for _, seizures in job.cages]
    return _Window(piece.window, piece.frame.index, labels)


def _draw(piece: Piece, window: _Window, recorders: list[Recorder]) -> None:
    """Draw a frame for every cage whose window may be kept."""
    window.in_gap |= piece.in_gap
    window.end_frame = piece.frame.index + 1
    wanted = [
        recorder
        for recorder, label in zip(recorders, window.labels, strict=True)
        if label.drop_reason is None
    ]
    if wanted:
        pictured = flat_chroma(planes(piece.frame.picture))
        for recorder in wanted:
            recorder.add(pictured, piece.slot, piece.count)


def _end(job: Job, window: _Window, recorders: list[Recorder], pool: Executor) -> _Written:
    """Start judging and encoding a full window, cage by cage."""
    return _Written(
        window.index,
        [
            pool.submit(_finish, job, window, (recorder.cage, label), recorder.take())
            for recorder, label in zip(recorders, window.labels, strict=True)
        ],
    )


def _broken_off(job: Job, window: _Window) -> list[Row]:
    """Return the rows of a window whose end is lost: no file goes on there."""
    window.in_gap = True
    return [
        _row(job, window, cage, label) | {"kept": False, "drop_reason": label.drop_reason or "gap"}
        for (cage, _), label in zip(job.cages, window.labels, strict=True)
    ]


def _row(job: Job, window: _Window, cage: Cage, label: WindowLabel) -> Row:
    """Return a cage's row of a window before it is known whether it is kept."""
    return window_row(
        job.stretch,
        cage,
        window=window.index,
        span=window.span,
        label=label,
        settings=job.settings,
        in_gap=window.in_gap,
    )


def _finish(job: Job, window: _Window, labelled: tuple[Cage, WindowLabel], drawn: Drawn) -> Row:
    """Judge a cage's full window, write its clip if it is kept, and return its row."""
    settings, (cage, label) = job.settings, labelled
    row = _row(job, window, cage, label)
    reason: str | None = label.drop_reason
    if reason is None:
        motion = drawn.motion(settings)
        still = label.label == 0 and motion < settings.motion_min_share
        reason = "gap" if window.in_gap else "still" if still else None
        row["motion"] = motion
    row |= {"kept": reason is None, "drop_reason": reason}
    if reason is None:
        row |= clip_columns(job.recording, cage, window.span, label, settings)
        row["sha256"] = write_window(drawn.canvases, job.clips_folder / str(row["path"]), settings)
    return row
