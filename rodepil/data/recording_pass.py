"""Curate one recording: one decode, in order, serves all its cages."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rodepil.data.job import Job, check_content
from rodepil.data.journal import Journal
from rodepil.data.manifest import Row, clip_columns, window_row
from rodepil.data.recorder import Recorder, write_window
from rodepil.data.resample import resample
from rodepil.data.windows import Piece, WindowLabel, cut, label_window
from rodepil.errors import SourceError
from rodepil.io.video import planes


def curate_recording(job: Job) -> Path:
    """Curate one recording as far as it is not done, and return its part of the manifest.

    Raises
    ------
    VideoError
        The video is missing or damaged, or not the one of the recordings table.
    SourceError
        It is shorter than one clip.
    """
    journal = Journal(job.part, job.clips_folder, job.stretch.film.begin_s)
    if not journal.resume():
        for film in (job.stretch.film, job.stretch.following):
            if film is not None:
                check_content(film)
        with ThreadPoolExecutor(job.threads) as pool:
            _decode(job, journal, pool)
        journal.finish()
    return job.part


@dataclass
class _Window:
    """The window that fills."""

    index: int
    start_frame: int
    labels: list[WindowLabel]
    in_gap: bool = False


@dataclass
class _Written:
    """A full window whose clips are being written: rows, and digests to come."""

    index: int
    rows: list[Row] = field(default_factory=list)
    digests: list[Future[str] | None] = field(default_factory=list)

    def note(self, journal: Journal) -> None:
        """Wait for the clips and note the window as done."""
        for row, digest in zip(self.rows, self.digests, strict=True):
            if digest is not None:
                row["sha256"] = digest.result()
        journal.add(self.index, self.rows)


def _decode(job: Job, journal: Journal, pool: Executor) -> None:
    """Decode to the end and write every window that is not done.

    While a window fills, the one before it is encoded; no more are held.
    """
    settings, whole = job.settings, 0
    recorders = [Recorder(cage, settings) for cage, _ in job.cages]
    window: _Window | None = None
    written: _Written | None = None
    first = job.stretch.first_window(settings)
    frames = job.stretch.frames(settings, job.threads)
    for piece in cut(resample(frames, settings.fps, job.recording.frame_rate), settings):
        ends = piece.slot + piece.count == settings.frames_per_clip
        whole += ends
        if piece.window < first or piece.window in journal:
            continue
        if window is None or window.index != piece.window:
            window = _begin(job, piece, recorders)
        _draw(piece, window, recorders)
        if ends:
            if written is not None:
                written.note(journal)
            written = _end(job, window, piece, recorders, pool)
    if written is not None:
        written.note(journal)
    if not whole and not job.stretch.film.begin_s:
        raise SourceError(
            f"{job.path} lasts {job.recording.duration_s:g} s, less than one clip of "
            f"{settings.clip_duration_s:g} s; leave it out, or set clip_duration_s shorter"
        )


def _begin(job: Job, piece: Piece, recorders: list[Recorder]) -> _Window:
    for recorder in recorders:
        recorder.start()
    labels = [label_window(piece.window, seizures, job.settings) for _, seizures in job.cages]
    return _Window(piece.window, piece.frame.index, labels)


def _draw(piece: Piece, window: _Window, recorders: list[Recorder]) -> None:
    """Draw a frame for every cage whose window may be kept."""
    window.in_gap |= piece.in_gap
    wanted = [
        recorder
        for recorder, label in zip(recorders, window.labels, strict=True)
        if label.drop_reason is None
    ]
    if wanted:
        pictured = planes(piece.frame.picture)
        for recorder in wanted:
            recorder.add(pictured, piece.slot, piece.count)


def _end(
    job: Job, window: _Window, piece: Piece, recorders: list[Recorder], pool: Executor
) -> _Written:
    """Judge a full window for every cage and start encoding what is kept."""
    written = _Written(window.index)
    span = window.start_frame, piece.frame.index + 1
    for recorder, label in zip(recorders, window.labels, strict=True):
        row = window_row(
            job.stretch,
            recorder.cage,
            window=window.index,
            span=span,
            label=label,
            settings=job.settings,
            in_gap=window.in_gap,
        )
        reason: str | None = label.drop_reason
        if reason is None:
            row["motion"] = recorder.motion()
            still = label.label == 0 and recorder.motion() < job.settings.motion_min_share
            reason = "gap" if window.in_gap else "still" if still else None
        row |= {"kept": reason is None, "drop_reason": reason}
        digest = None
        if reason is None:
            row |= clip_columns(job.recording, recorder.cage, span, label, job.settings)
            path = job.clips_folder / str(row["path"])
            digest = pool.submit(write_window, recorder.take(), path, job.settings)
        written.rows.append(row)
        written.digests.append(digest)
    return written
