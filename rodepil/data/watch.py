"""Watch curation advance: windows are noted in files, whichever process or machine makes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rodepil.data.job import Job
from rodepil.io.progress import Advance, every
from rodepil.io.units import S_PER_H

LOOK_EVERY_S = 1.0


class Watch:
    """Tells `advance` how many hours of video are done.

    Parameters
    ----------
    jobs
        The recordings that are curated.
    advance
        Is told hours as they are done.
    """

    def __init__(self, jobs: Sequence[Job], advance: Advance) -> None:
        self._advance = advance
        self._open = {job.open_part: job for job in jobs}
        self._read: dict[Path, int] = dict.fromkeys(self._open, 0)
        self._told_h: dict[Path, float] = dict.fromkeys(self._open, 0.0)
        self._lock = threading.Lock()

    def look(self) -> None:
        """Count the windows that were noted since the last look."""
        with self._lock:
            for path, job in self._open.items():
                lines = self._new_lines(path)
                self._tell(
                    path, self._told_h[path] + lines * job.settings.clip_duration_s / S_PER_H
                )

    def end(self, job: Job) -> None:
        """Take a recording as done, whatever became of it."""
        with self._lock:
            if self._open.pop(job.open_part, None):
                self._tell(job.open_part, job.recording.duration_s / S_PER_H, job)

    def _tell(self, path: Path, hours: float, job: Job | None = None) -> None:
        """Advance to `hours` of a recording, never past its end."""
        of_job = job or self._open[path]
        now_h = min(hours, of_job.recording.duration_s / S_PER_H)
        if now_h > self._told_h[path]:
            self._advance(now_h - self._told_h[path])
            self._told_h[path] = now_h

    def _new_lines(self, path: Path) -> int:
        """Return the whole lines since the last look; a file that became shorter starts anew."""
        try:
            with path.open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(self._read[path] if size >= self._read[path] else 0)
                text = stream.read()
                self._read[path] = stream.tell()
        except OSError:
            return 0
        return text.count(b"\n")


@contextmanager
def watching(jobs: Sequence[Job], advance: Advance) -> Iterator[Watch]:
    """Yield a watch that looks by itself, now and then, for the block."""
    watch = Watch(jobs, advance)
    with every(LOOK_EVERY_S, watch.look):
        yield watch
