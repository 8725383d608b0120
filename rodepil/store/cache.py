"""What was read over a network, kept on this machine: the files used longest ago make room.

Any number of threads and processes may share one cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path

from filelock import FileLock

from rodepil.errors import FeatureError
from rodepil.io.files import publish, short_hash

LOCKS = ".locks"
LOCK_FILES = 256
FULL = 7 / 8  # what a look at the folder leaves at most: others add to it at the same time
UNSEEN = 1 / 128  # of the limit, that a process adds without looking at the folder again
ABANDONED_S = 86_400.0


class ReadCache:
    """A folder of files by name, of a bounded size.

    Parameters
    ----------
    folder
        Where they lie; made when the first file comes.
    limit_bytes
        What they take at most. The newest file stays, whatever its size.
    part
        The subfolder of this user's files; the limit is that of the whole folder.
    """

    def __init__(self, folder: Path, limit_bytes: int, part: str) -> None:
        self.folder = Path(folder).resolve()
        self.limit_bytes = limit_bytes
        self._part = self.folder / part
        self._unseen = limit_bytes  # nothing is known of the folder yet

    def path(self, name: str) -> Path:
        """Return where a file lies, if it is there."""
        return self._part / name

    def use(self, name: str) -> bool:
        """Say whether a file is there, and note that it was used now."""
        try:
            os.utime(self.path(name))
        except FileNotFoundError:
            return False
        except OSError:  # a cache that may only be read keeps no order
            return self.path(name).is_file()
        return True

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Let one thread of one process at a time get a file."""
        number = int(short_hash(name, digits=8), 16) % LOCK_FILES
        with self._writable():
            locks = self.folder / LOCKS
            locks.mkdir(parents=True, exist_ok=True)
            lock = FileLock(locks / f"{number:03}")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def add(self, name: str) -> Iterator[Path]:
        """Yield a path to write to; what is there afterwards is kept as `name`.

        Raises
        ------
        FeatureError
            The cache can't be written to.
        """
        with self._writable(), publish(self.path(name)) as beside:
            yield beside
        self._make_room(self.path(name))

    def drop(self, name: str) -> bool:
        """Remove a file, and say whether it was there."""
        there = self.path(name).is_file()
        _remove(self.path(name))
        return there

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FeatureError(
                f"the cache {self.folder} can't be written: {error.strerror or error}; make room, "
                "or set store.cache and store.cache_gb to what there is"
            ) from error

    def _make_room(self, newest: Path) -> None:
        """Remove the files used longest ago, unless so little was added that it can wait."""
        try:
            self._unseen += newest.stat().st_size
        except OSError:  # removed by another process
            return
        if self._unseen <= self.limit_bytes * UNSEEN:
            return
        files = sorted(self._files(), key=itemgetter(0))
        excess = sum(size for _, size, _ in files) - self.limit_bytes * FULL
        young = time.time() - ABANDONED_S
        for used_s, size, path in files:
            being_written = path.name.startswith(".") and used_s > young
            if excess > 0 and path != newest and not being_written and _remove(path):
                excess -= size
        self._unseen = 0

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each file was used, its bytes and its path."""
        for path in self.folder.glob("*/*/*"):
            try:
                state = path.stat()
            except OSError:  # removed by another process
                continue
            yield state.st_mtime, state.st_size, path


def _remove(path: Path) -> bool:
    """Remove a file, unless a system that keeps open files refuses."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True
