"""One curation at a time in one folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from rodepil.errors import SourceError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold `folder` for the block; the operating system lets go when the process dies.

    SQLite's lock is used because it works on every system and leaves nothing behind to clear.

    Raises
    ------
    SourceError
        Another process holds it, or it can't be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            connection = sqlite3.connect(folder / "lock", timeout=0, isolation_level=None)
            stack.enter_context(closing(connection))
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise SourceError(
                    f"another process is at work in {folder.parent}; wait until it has ended"
                ) from error
            raise SourceError(
                f"{folder / 'lock'} can't be held ({error}); remove it and make its folder writable"
            ) from error
        yield
