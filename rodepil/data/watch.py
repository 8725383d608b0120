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
    """Tells how many hours of video are done, without those that were done before.

    Parameters
    ----------
    jobs
        The recordings that are curated.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._advance: Advance | None = None
        self._open = {job.open_part: job for job in jobs}
        self._read: dict[Path, int] = dict.fromkeys(self._open, 0)
        self._lines: dict[Path, int] = dict.fromkeys(self._open, 0)
        self._told_h: dict[Path, float] = dict.fromkeys(self._open, 0.0)
        self._lock = threading.Lock()
        for path, job in self._open.items():
            if path.with_suffix(".parquet").is_file():
                self._tell(path, job, _hours(job))
        self.look()
        self.left_h = sum(map(_hours, jobs)) - sum(self._told_h.values())
        """Hours of video that are not done yet."""

    @contextmanager
    def telling(self, advance: Advance) -> Iterator[None]:
        """Look now and then for the block, and tell `advance` hours as they are done."""
        self._advance = advance
        with every(LOOK_EVERY_S, self.look):
            yield

    def look(self) -> None:
        """Count the windows that were noted since the last look."""
        with self._lock:
            for path, job in self._open.items():
                self._count(path)
                self._tell(path, job, self._lines[path] * job.settings.clip_duration_s / S_PER_H)

    def end(self, job: Job) -> None:
        """Take a recording as done, whatever became of it."""
        with self._lock:
            path = job.open_part
            if self._open.pop(path, None):
                self._tell(path, job, _hours(job))

    def _tell(self, path: Path, job: Job, hours: float) -> None:
        """Advance to `hours` of a recording, never past its end."""
        now_h = min(hours, _hours(job))
        if now_h > self._told_h[path]:
            if self._advance is not None:
                self._advance(now_h - self._told_h[path])
            self._told_h[path] = now_h

    def _count(self, path: Path) -> None:
        """Count the lines since the last look; a file that became shorter starts anew."""
        try:
            with path.open("rb") as stream:
                if stream.seek(0, 2) < self._read[path]:
                    self._read[path] = self._lines[path] = 0
                stream.seek(self._read[path])
                self._lines[path] += stream.read().count(b"\n")
                self._read[path] = stream.tell()
        except OSError:
            return


def _hours(job: Job) -> float:
    return job.recording.duration_s / S_PER_H
