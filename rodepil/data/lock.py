"""One curation at a time in one folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rodepil.errors import SourceError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold `folder` for the block; the operating system lets go when the process dies.

    SQLite's lock is used because it works on every system and leaves nothing behind to clear.

    Raises
    ------
    SourceError
        Another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "lock", timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise SourceError(
                f"another process is at work in {folder.parent}; wait until it has ended"
            ) from error
        yield
