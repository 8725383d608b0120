"""Where a store's files lie: a folder, or (in `remote`) an object store with a folder as cache.

Names are POSIX paths relative to the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from rodepil.errors import FeatureError
from rodepil.io.files import publish


class Place(Protocol):
    """Holds files by name; picklable, so that workers reach the same files."""

    def told(self) -> str:
        """Return where it is, for people."""

    def folders(self) -> list[str]:
        """Return the names of the folders in it, sorted."""

    def files(self, folder: str) -> dict[str, int]:
        """Return the bytes of every finished file in a folder by its name there, sorted."""

    def hidden(self, folder: str) -> list[str]:
        """Return the names of the files in a folder that are no finished ones, sorted."""

    def fetch(self, name: str) -> Path:
        """Return a local file with the content of `name`.

        The file need not be there: a place that is a folder does not look. It may vanish at any
        time, so it is to be opened at once.
        """

    def open(self, name: str) -> pa.NativeFile:
        """Open a file to read a little of it; from afar no more than that is fetched.

        Raises
        ------
        FileNotFoundError
            It is not there.
        """

    def publish(self, name: str) -> AbstractContextManager[Path]:
        """Yield a local path to write to; what is there afterwards becomes `name`, whole."""

    def refresh(self, name: str) -> bool:
        """Drop a local copy that may be damaged; say whether to fetch again is worth a try."""

    def discard(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

    def modified_s(self, name: str) -> float:
        """Return when a file was written, in seconds since 1970."""

    def sweep(self, folder: str, older_s: float, *, remove: bool = True) -> int:
        """Remove what killed writers left unfinished before `older_s`; return the bytes."""


class LocalPlace:
    """A folder.

    Parameters
    ----------
    folder
        The store; made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).resolve()

    def __str__(self) -> str:
        return str(self.folder)

    def told(self) -> str:
        """Return where it is, for people."""
        return str(self.folder)

    def folders(self) -> list[str]:
        """Return the names of the folders in it, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def files(self, folder: str) -> dict[str, int]:
        """Return the bytes of every finished file in a folder by its name there, sorted."""
        path = self.folder / folder
        if not path.is_dir():
            return {}
        found = {}
        for file in path.iterdir():
            if not file.name.startswith("."):
                try:
                    found[file.name] = file.stat().st_size
                except FileNotFoundError:  # removed by another process meanwhile
                    continue
        return dict(sorted(found.items()))

    def hidden(self, folder: str) -> list[str]:
        """Return the names of the files in a folder that are no finished ones, sorted."""
        return sorted(file.name for file in (self.folder / folder).glob(".*"))

    def fetch(self, name: str) -> Path:
        """Return the file's path."""
        return self.folder / name

    def open(self, name: str) -> pa.NativeFile:
        """Open a file to read a little of it."""
        return pa.OSFile(str(self.folder / name))

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        """Yield a local path to write to; what is there afterwards becomes `name`, whole.

        Raises
        ------
        FeatureError
            The folder can't be written to.
        """
        try:
            with publish(self.folder / name) as beside:
                yield beside
        except OSError as error:
            raise FeatureError(
                f"{self.folder / name} can't be written: {error.strerror or error}; make room or "
                "set rights, and run the command again: what is finished is kept"
            ) from error

    def refresh(self, name: str) -> bool:
        """Do nothing: what is here is no copy."""
        del name
        return False

    def discard(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        (self.folder / name).unlink(missing_ok=True)

    def modified_s(self, name: str) -> float:
        """Return when a file was written, in seconds since 1970."""
        return (self.folder / name).stat().st_mtime

    def sweep(self, folder: str, older_s: float, *, remove: bool = True) -> int:
        """Remove what killed writers left unfinished before `older_s`; return the bytes."""
        swept = 0
        for file in (self.folder / folder).glob(".*.tmp*"):
            try:
                state = file.stat()
                if state.st_mtime < older_s:
                    if remove:
                        file.unlink()
                    swept += state.st_size
            except FileNotFoundError:  # its writer has ended
                continue
        return swept
