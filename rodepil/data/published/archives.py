"""What is in an archive, without trusting it: one form for zip and tar."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from stat import S_ISLNK
from typing import IO, Self

from rodepil.data.published.safe import UnsafeName, safe_path

ZIP = ".zip"
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
OTHERS = (".7z", ".rar", ".gz", ".bz2", ".xz", ".zst", ".z01", ".001")
"""Kinds that Python's own library does not unpack, or not with names."""

BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
)  # fmt: skip
"""What reading a damaged archive raises, besides OSError."""

MOST_ENTRIES = 1_000_000
MOST_HEADER_BYTES = 64 << 20
"""Of the long names and other words about members in a tar, all together."""

_WORDS = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip
_ENCRYPTED, _UTF8 = 0x1, 0x800


@dataclass(frozen=True)
class Entry:
    """A file of an archive.

    Parameters
    ----------
    name
        As the archive spells it.
    path
        Where it belongs in the folder; of no meaning where there is a problem.
    size
        Bytes, as the archive declares.
    crc
        CRC-32 of its content, or None where the archive has none.
    problem
        Why the archive can't be trusted, or None.
    open
        Opens its content.
    """

    name: str
    path: PurePosixPath
    size: int
    crc: int | None
    problem: str | None
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """Say whether a file is one that `entries_of` reads, by its name."""
    return path.name.lower().endswith((ZIP, *TARS))


def stem_of(path: Path) -> str:
    """Return an archive's name without its suffixes."""
    suffix = next(end for end in (*TARS, ZIP) if path.name.lower().endswith(end))
    return path.name[: -len(suffix)] or path.name


@contextmanager
def entries_of(path: Path) -> Iterator[Iterator[Entry]]:
    """Open an archive and yield its files in the order in which they are read fastest.

    Raises
    ------
    OSError, or one of BROKEN
        It is damaged.
    """
    if path.name.lower().endswith(ZIP):
        with zipfile.ZipFile(path) as packed:
            infos = sorted(packed.infolist(), key=lambda info: info.header_offset)
            yield (_of_zip(packed, info) for info in infos if not info.is_dir())
    else:
        with tarfile.open(path, tarinfo=_careful()) as tape:
            yield (_of_tar(tape, member) for member in _members(tape) if not member.isdir())


class _TooMuch(tarfile.TarError):
    """What an archive says of its files would fill the memory."""


def _careful() -> type[tarfile.TarInfo]:
    """Return a kind of member that refuses headers that would fill the memory, before they do."""
    said = 0

    class Careful(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            nonlocal said
            member = super().frombuf(buf, encoding, errors)
            said += member.size if member.type in _WORDS else 0
            if said > MOST_HEADER_BYTES:
                raise _TooMuch(f"its headers hold over {MOST_HEADER_BYTES >> 20} MiB: a bomb")
            if member.type == tarfile.GNUTYPE_SPARSE:
                raise _TooMuch(f"'{member.name}' is a sparse file, which no video is")
            return member

        def _proc_gnusparse_10(self, *arguments: object) -> None:
            """Stand in for the reader of a sparse file's map, which has no bound."""
            del arguments
            raise _TooMuch(f"'{self.name}' is a sparse file, which no video is")

    return Careful


def _members(tape: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar, which would keep them all, and forget them."""
    for _ in range(MOST_ENTRIES):
        member = tape.next()
        if member is None:
            return
        tape.members = []  # type: ignore[attr-defined]  # typeshed lacks it
        yield member
    raise _TooMuch(f"it has over {MOST_ENTRIES:,} members: a bomb")


def _of_zip(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    problem = None
    if S_ISLNK(info.external_attr >> 16):
        problem = "is a link"
    elif info.flag_bits & _ENCRYPTED:
        problem = "is encrypted"
    return _entry(_name_of(info), info.file_size, info.CRC, problem, partial(packed.open, info))


def _of_tar(tape: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    problem = None if member.isreg() else "is a link, a device or no plain file"
    return _entry(member.name, member.size, None, problem, partial(tape.extractfile, member))


def _entry(
    name: str,
    size: int,
    crc: int | None,
    problem: str | None,
    opening: Callable[[], IO[bytes] | None],
) -> Entry:
    try:
        path = safe_path(name)
    except UnsafeName as error:
        return Entry(name, PurePosixPath(), size, crc, str(error), opening)
    if problem is not None:
        problem = f"'{name}' {problem}"
    return Entry(name, path, size, crc, problem, opening)


def _name_of(info: zipfile.ZipInfo) -> str:
    """Return an entry's name; some archivers write UTF-8 without saying so."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename
