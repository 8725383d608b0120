"""A store on another machine, such as S3, of which what is read is kept in a local cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
from pyarrow.fs import FileInfo, FileType

from rodepil.errors import FeatureError
from rodepil.io.files import short_hash
from rodepil.store.cache import ReadCache
from rodepil.store.filesystem import BrokenOff, RemoteFolder
from rodepil.store.shards import SUFFIX

TRIES = 3
PAUSE_S = 0.2


class RemotePlace:
    """A `Place` below a URL.

    Shards are never changed, so that one in the cache is read without asking the server. Other
    files are fetched anew every time.

    Parameters
    ----------
    url
        Where the store lies: ``s3://``, ``gs://``, ``hdfs://``, or what fsspec knows.
    cache_folder
        Where files lie that were read or written; several stores and processes may share it.
    cache_bytes
        What these take at most; those used longest ago go first.
    """

    def __init__(self, url: str, cache_folder: Path, cache_bytes: int) -> None:
        self.remote = RemoteFolder(url)
        self.cache = ReadCache(cache_folder, cache_bytes, part=short_hash(self.remote.said))

    def __str__(self) -> str:
        return self.remote.said

    def told(self) -> str:
        """Return where it is, for people: with the server, where that is not the usual one."""
        server = self.remote.server()
        at = f" at {server}" if server else ""
        return f"{self}{at}, read through the cache {self.cache.folder}"

    def __reduce__(self) -> tuple[Callable[..., RemotePlace], tuple[str, Path, int]]:
        return RemotePlace, (self.remote.url, self.cache.folder, self.cache.limit_bytes)

    def folders(self) -> list[str]:
        """Return the names of the folders in it, sorted."""
        found = self.remote.list()
        return [info.base_name for info in found if info.type == FileType.Directory]

    def files(self, folder: str) -> dict[str, int]:
        """Return the bytes of every finished file in a folder by its name there, sorted."""
        found = self.remote.list(folder)
        return {info.base_name: info.size for info in found if _is_finished(info)}

    def hidden(self, folder: str) -> list[str]:
        """Return the names of the files in a folder that are no finished ones, sorted."""
        found = self.remote.list(folder)
        return [
            info.base_name
            for info in found
            if info.type == FileType.File and not _is_finished(info)
        ]

    def fetch(self, name: str) -> Path:
        """Return the path of a local copy, which is not there where the store has no such file.

        Raises
        ------
        FeatureError
            The server can't be reached, refuses, or breaks off every time; or the cache can't be
            written.
        """
        if self._is_kept(name):
            return self.cache.path(name)
        with self.cache.lock(f"{self}/{name}"):
            if not self._is_kept(name):  # by another thread or process meanwhile
                self._download(name)
        return self.cache.path(name)

    def _is_kept(self, name: str) -> bool:
        return name.endswith(SUFFIX) and self.cache.use(name)

    def _download(self, name: str) -> None:
        for left in reversed(range(TRIES)):
            try:
                self._download_once(name)
            except FileNotFoundError:
                self.cache.drop(name)
                return
            except BrokenOff:
                if not left:
                    raise
                time.sleep(PAUSE_S)
            else:
                return

    def _download_once(self, name: str) -> None:
        pieces = self.remote.read(name)
        first = next(pieces, b"")  # where the file is not there, nothing is begun
        with self.cache.add(name) as beside, beside.open("wb") as stream:
            stream.write(first)
            for piece in pieces:
                stream.write(piece)

    def open(self, name: str) -> pa.NativeFile:
        """Open a file to read a little of it, which is all that is fetched.

        Raises
        ------
        FileNotFoundError
            It is not there.
        FeatureError
            The server can't be reached or refuses.
        """
        if self._is_kept(name):
            return pa.OSFile(str(self.cache.path(name)))
        return self.remote.open(name)

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        """Yield a local path to write to; what is there afterwards becomes `name`, whole.

        Raises
        ------
        FeatureError
            The server or the cache can't be written to.
        """
        with self.cache.add(name) as beside:
            yield beside
            try:
                self.remote.write(beside, name)
            except FileNotFoundError as error:
                raise FeatureError(
                    f"{self} is not there; make the bucket or folder, or mend store.url"
                ) from error

    def refresh(self, name: str) -> bool:
        """Drop the local copy of a file, and say whether there was one."""
        return self.cache.drop(name)

    def discard(self, name: str) -> None:
        """Remove a file, here and there; one that is not there is no error."""
        self.remote.delete(name)
        self.cache.drop(name)

    def modified_s(self, name: str) -> float:
        """Return when a file was written, in seconds since 1970."""
        return self.remote.modified_s(name)

    def sweep(self, folder: str, older_s: float, *, remove: bool = True) -> int:
        """Remove what killed writers left unfinished before `older_s`; return the bytes.

        Parts of uploads to S3 that were broken off are seen by nobody but the bill; a rule of the
        bucket removes them (AbortIncompleteMultipartUpload).
        """
        swept = 0
        for info in self.remote.list(folder):
            name = f"{folder}/{info.base_name}"
            if info.type != FileType.File or _is_finished(info) or ".tmp" not in info.base_name:
                continue
            with suppress(FileNotFoundError):  # its writer has ended
                if self.remote.modified_s(name) < older_s:
                    if remove:
                        self.remote.delete(name)
                    swept += info.size
        return swept


def _is_finished(info: FileInfo) -> bool:
    return info.type == FileType.File and not info.base_name.startswith(".")
