"""A trial's folder is held by one process at a time, and waited for as long as that gets on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rodepil.errors import TrialError

LOCK = ".lock"
CLAIM_S = 60.0
"""How long to wait for another worker that holds the trial; one that was killed lets go at once."""

STALL_S = 900.0
"""How long a worker that holds a trial may leave nothing there and still be waited for."""


@contextmanager
def claim(folder: Path, patience_s: float = CLAIM_S, stall_s: float = STALL_S) -> Iterator[None]:
    """Hold a trial, so that no two processes train it at once.

    One that another process trains is waited for as long as it gets on, so that both share
    what comes of it.

    Parameters
    ----------
    folder
        The trial's; made where it is not there.
    patience_s
        Seconds between two looks at whether it gets on; 0, it is not waited for.
    stall_s
        Seconds without a new line in the trial's files after which it does not.

    Raises
    ------
    TrialError
        Another process holds it and does not get on, or it is not to be waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    while True:
        try:
            lock.acquire(timeout=patience_s)
            break
        except Timeout as error:
            if patience_s and time.time() - _last_sign_s(folder) < stall_s:
                continue
            raise TrialError(
                f"trial {folder.name} is being trained by another process; "
                "wait for it, or end that process and run this again"
            ) from error
    try:
        yield
    finally:
        lock.release()


def _last_sign_s(folder: Path) -> float:
    """Return when a file of the trial was last written, in seconds since 1970."""
    times = [path.stat().st_mtime for path in folder.iterdir() if path.name != LOCK]
    return max(times, default=0.0)
