"""One process at a time: a long one in its folder, and one writer of a source's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

from rodepil.errors import SourceError
from rodepil.io.files import unwritable

WRITING = ".tables.tmp"
"""The folder beside a source's tables where the lock of their writers lies."""

WAIT_S = 20.0


def writing(source: Path) -> AbstractContextManager[None]:
    """Hold the tables of a source while they are read, changed and written.

    Every import holds it, and only then: never while videos are decoded or a window is open. Who
    comes second waits, up to `WAIT_S`.

    Raises
    ------
    SourceError
        Another process holds them for longer, or the folder can't be written to.
    """
    return alone_in(source / WRITING, wait_s=WAIT_S)


@contextmanager
def alone_in(folder: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold `folder` for the block; the operating system lets go when the process dies.

    SQLite's lock is used because it works on every system and leaves nothing behind to clear.

    Parameters
    ----------
    folder
        Made where it is missing.
    wait_s
        How long to wait for another process.

    Raises
    ------
    SourceError
        Another process holds it, or it can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(unwritable(folder, error)) from error
    with ExitStack() as stack:
        try:
            connection = sqlite3.connect(folder / "lock", timeout=wait_s, isolation_level=None)
            stack.enter_context(closing(connection))
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise SourceError(
                    f"another process is at work in {folder.parent}; wait until it has ended"
                ) from error
            raise SourceError(
                f"{folder / 'lock'} can't be held ({error}); check the free space, or remove it "
                "and make its folder writable"
            ) from error
        yield
