"""A folder on any file system that pyarrow or fsspec knows, with errors that say what to do.

Credentials and endpoints are those of the environment (``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL`` and their like) or of the URL's options, as Arrow and fsspec read them.

References
----------
Arrow's URIs: https://arrow.apache.org/docs/python/filesystems.html
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pyarrow as pa
from pyarrow import fs

from rodepil.errors import FeatureError

BUILT_IN = ("s3", "gs", "gcs", "hdfs", "viewfs")
WHOLE_ON_CLOSE = ("s3", "gs", "gcs")
"""Here a file is seen once it is closed, and a killed writer leaves nothing that is."""

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
CHUNK_BYTES = 1 << 24
MOVES = 3
URL_SIGNS = "%/:=&?~#+!$,;'@()*[]"

REMEDIES = {
    "no_such_bucket|nosuchbucket|bucket does not exist": (
        "there is no such bucket; make it, or mend store.url"
    ),
    "network_connection|connect|timed out|timeout|unreachable|resolve": (
        "the server can't be reached; look at the network and at the address (AWS_ENDPOINT_URL "
        "for S3) and run the command again: what is finished is kept"
    ),
    "access_denied|invalid_access_key|signature|permission|credential|authen|authori|forbid": (
        "the login is refused; set the environment's keys (AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY for S3) to those of an account that may read and write there"
    ),
    "modulenotfound|importerror|install|protocol not known|unrecognized": (
        "install what fsspec needs for such addresses, or mend store.url"
    ),
}
"""What to do, by what file systems say: they share no classes of errors."""

LOGINS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
NO_LOGIN = (
    "no login is set, so that only a machine of Amazon's own gets in: set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
)
ELSE = "look at store.url and at the server, and run the command again: what is finished is kept"


class BrokenOff(FeatureError):
    """A file came in part; another try may bring all of it."""


class RemoteFolder:
    """Files by name below a URL.

    Parameters
    ----------
    url
        For example ``s3://bucket/rodepil`` or ``sftp://host/srv/rodepil``.

    Attributes
    ----------
    said
        The URL without credentials and options, for people.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.said = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._secrets = [word for word in (parts.password, parts.query) if word]
        self._opened: tuple[int, Any, str] | None = None

    def server(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return which server of S3 is asked; empty for Amazon's own and for other protocols."""
        if self.scheme != "s3":
            return ""
        asked = parse_qs(urlsplit(self.url).query).get("endpoint_override", [""])[0]
        return asked or next((environ[name] for name in ENDPOINTS if environ.get(name)), "")

    def list(self, folder: str = "") -> list[fs.FileInfo]:
        """Return files and folders in a folder; none where it is not there."""
        with self._telling(folder):
            system, base = self._connected(fresh=True)
            try:
                found = system.get_file_info(fs.FileSelector(f"{base}/{folder}".rstrip("/")))
            except FileNotFoundError:
                return []
            return sorted(found, key=lambda info: str(info.base_name))

    def info(self, name: str) -> fs.FileInfo:
        """Return what is known of a file, which need not be there."""
        with self._telling(name):
            system, base = self._connected(fresh=True)
            return system.get_file_info(f"{base}/{name}")

    def modified_s(self, name: str) -> float:
        """Return when a file was written, in seconds since 1970; now where nobody says."""
        info = self.info(name)
        if info.type == fs.FileType.NotFound:
            raise FileNotFoundError(f"{self.said}/{name}")
        if info.mtime_ns is not None:
            return float(info.mtime_ns / 1e9)
        system, base = self._connected()
        with suppress(Exception):  # few file systems of fsspec know it
            return float(system.handler.fs.modified(f"{base}/{name}").timestamp())
        return time.time()

    def open(self, name: str) -> pa.NativeFile:
        """Open a file of which as much is fetched as is read.

        Raises
        ------
        FileNotFoundError
            It is not there.
        """
        with self._telling(name):
            system, base = self._connected()
            return system.open_input_file(f"{base}/{name}")

    def read(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes in pieces.

        Raises
        ------
        FileNotFoundError
            It is not there.
        BrokenOff
            It came in part.
        """
        got = 0
        with self.open(name) as source:
            while chunk := self._chunk(source, name):
                got += len(chunk)
                yield chunk
        if got != (size := self.info(name).size):
            raise BrokenOff(f"{self.said}/{name} came in part: {got} bytes of {size}; {ELSE}")

    def _chunk(self, source: pa.NativeFile, name: str) -> bytes:
        try:
            return bytes(source.read(CHUNK_BYTES))
        except Exception as error:
            raise BrokenOff(f"{self.said}/{name} came in part: {error}; {ELSE}") from error

    def write(self, file: Path, name: str) -> None:
        """Put a local file there, seen whole or not at all."""
        with self._telling(name):
            system, base = self._connected()
            target = f"{base}/{name}"
            if self.scheme in WHOLE_ON_CLOSE:
                _copy(system, file, target)
            else:
                _copy_and_move(system, file, target)

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        with self._telling(name), suppress(FileNotFoundError):
            system, base = self._connected()
            system.delete_file(f"{base}/{name}")

    def _connected(self, *, fresh: bool = False) -> tuple[Any, str]:
        """Return the file system and the folder in it; a forked process connects anew."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), *_connect(self.url, self.scheme))
        _, system, base = self._opened
        if fresh and isinstance(system, fs.PyFileSystem):
            system.handler.fs.invalidate_cache()  # some keep listings
        return system, base

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        """Turn what file systems raise into one error with address and remedy."""
        try:
            yield
        except (FileNotFoundError, FeatureError):
            raise
        except Exception as error:  # noqa: BLE001 - each file system has errors of its own
            said = f"{type(error).__name__} {error}".replace(self.url, self.said)
            for word in self._secrets:
                said = said.replace(word, "***")
            at = f"{self.said}/{name}".rstrip("/")
            login = "" if self.scheme != "s3" or _may_log_in(self.url) else f"{NO_LOGIN}; "
            raise FeatureError(
                f"{at} can't be used: {login}{_remedy(said)} ({_short(said)})"
            ) from None


def _may_log_in(url: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether anything is set that logs in to S3; a machine of Amazon's needs nothing."""
    options = parse_qs(urlsplit(url).query)
    if urlsplit(url).password or {"access_key", "anonymous"} & options.keys():
        return True
    files = [Path(environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()]
    return any(environ.get(name) for name in LOGINS) or any(file.is_file() for file in files)


def _short(said: str) -> str:
    """Return what a file system says, without what only its server understands."""
    return re.sub(r"\s*\(?Request ID:[^)]*\)?", "", said.rpartition("operation: ")[2]).strip()


def _remedy(said: str) -> str:
    fits = (remedy for signs, remedy in REMEDIES.items() if re.search(signs, said, re.IGNORECASE))
    return next(fits, ELSE)


def _connect(url: str, scheme: str) -> tuple[Any, str]:
    """Return a file system and the folder in it."""
    if scheme in BUILT_IN:
        system, base = fs.FileSystem.from_uri(quote(url, safe=URL_SIGNS))
    else:
        import fsspec  # noqa: PLC0415 - most stores are a folder

        within, base = fsspec.core.url_to_fs(url)
        system = fs.PyFileSystem(fs.FSSpecHandler(within))
    return system, str(base).rstrip("/")


def _copy(system: Any, file: Path, target: str) -> None:
    """Write in one piece: closing a stream after a part would show that part as the file."""
    with pa.memory_map(str(file)) as source, system.open_output_stream(target) as stream:
        stream.write(source.read_buffer())


def _copy_and_move(system: Any, file: Path, target: str) -> None:
    """Write under another name, see that all has come, and move."""
    folder, _, name = target.rpartition("/")
    beside = f"{folder}/.{Path(name).stem}.{secrets.token_hex(6)}.tmp{Path(name).suffix}"
    system.create_dir(folder, recursive=True)
    try:
        _copy(system, file, beside)
        _refuse_part(system.get_file_info(beside).size, file.stat().st_size)
        _move(system, beside, target)
    except BaseException:
        with suppress(Exception):
            system.delete_file(beside)
        raise


def _refuse_part(size: int | None, sent: int) -> None:
    if size != sent:
        raise OSError(f"{size} bytes have come of {sent}")


def _move(system: Any, beside: str, target: str) -> None:
    """Move a file; where the file system refuses to replace one, that makes room.

    Others may put theirs there meanwhile, or remove it.
    """
    for _ in range(MOVES):
        try:
            system.move(beside, target)
        except OSError:
            with suppress(FileNotFoundError):
                system.delete_file(target)
        else:
            return
    system.move(beside, target)
