"""Unpack an archive that may be hostile: all of it is judged before anything is written.

Every file is published whole, and one that stands there already is kept, so that unpacking goes
on where it was stopped.
"""

from __future__ import annotations

import errno
import shutil
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rodepil.data.problems import raise_if
from rodepil.data.published.archives import BROKEN, Entry, entries_of
from rodepil.errors import DownloadError
from rodepil.io.files import CHUNK_BYTES, publish
from rodepil.io.progress import Progress, Silent

_GB = 1e9
_OF_ONE_NAME = (None, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.EINVAL)
"""Errors that one file's name or content is to blame for, not the disk."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may become.

    Parameters
    ----------
    ratio
        Its files' size over its own. Videos hardly shrink; bombs shrink a thousandfold.
    harmless_bytes
        An archive that becomes less is never called a bomb.
    spare_bytes
        What shall be left free on the disk.
    """

    ratio: float = 100.0
    harmless_bytes: int = 64 << 20
    spare_bytes: int = 256 << 20


@dataclass(frozen=True)
class Unpacked:
    """What came of an archive.

    Parameters
    ----------
    files
        Files that are there.
    new
        How many of them were written now.
    failures
        What could not be had, a line each.
    """

    files: int
    new: int
    failures: tuple[str, ...]


def unpack(
    archive: Path, folder: Path, *, limits: Limits | None = None, progress: Progress | None = None
) -> Unpacked:
    """Unpack an archive into a folder.

    Parameters
    ----------
    archive
        A zip or tar file.
    folder
        Where its files go, under the paths they have in it.
    limits
        What it may become.
    progress
        Shown the bytes.

    Raises
    ------
    DownloadError
        It is damaged, a bomb or too large for the disk, or holds a file that is encrypted, a
        link, there twice, or would lie outside the folder; then nothing of it is unpacked. Or
        the disk fills while it is written; then what is finished is kept.
    """
    limits = limits or Limits()
    try:
        with entries_of(archive) as entries:
            total = _judge(archive, entries, folder, limits)
        with (
            entries_of(archive) as entries,
            (progress or Silent()).task(f"unpack {archive.name}", total, "bytes") as advance,
        ):
            done, failures = [], []
            for entry in entries:
                try:
                    done.append(_have(entry, folder))
                except (*BROKEN, OSError) as error:
                    failures.append(_failure(archive, entry, error))
                advance(entry.size)
    except (*BROKEN, OSError) as error:
        raise DownloadError(
            f"{archive} can't be read as an archive ({error}); delete it and fetch it again, or "
            "unpack it by hand if it is one part of a split archive"
        ) from error
    return Unpacked(len(done), sum(done), tuple(failures))


def _judge(archive: Path, entries: Iterable[Entry], folder: Path, limits: Limits) -> int:
    """Return the bytes that an archive declares, or say why none of it may be unpacked."""
    total, missing = 0, 0
    problems: list[str] = []
    seen: set[str] = set()
    free = shutil.disk_usage(_standing(folder)).free - limits.spare_bytes
    bomb = max(limits.ratio * archive.stat().st_size, limits.harmless_bytes)
    for entry in entries:
        total += entry.size
        if entry.problem is not None:
            problems.append(entry.problem)
            continue
        spelled = entry.path.as_posix().casefold()
        if spelled in seen:
            problems.append(f"'{entry.name}' stands twice, or with another case")
        seen.add(spelled)
        missing += 0 if _has_size(folder / entry.path, entry.size) else entry.size
        if total > bomb:
            problems.append(
                f"it declares over {bomb / _GB:.2f} GB, {limits.ratio:g} times its own size: a bomb"
            )
            break  # a tar can be endless
    if not problems and missing > free:
        raise DownloadError(
            f"{archive} becomes {missing / _GB:.2f} GB more, and {max(free, 0) / _GB:.2f} GB may "
            f"be used on the disk of {folder}; make room and run the same command again"
        )
    remedy = "Nothing of it was unpacked; check where it comes from, or unpack by hand what is good"
    raise_if([f"{archive}: {problem}" for problem in problems], DownloadError, remedy)
    return total


def _have(entry: Entry, folder: Path) -> bool:
    """Have one file on disk; say whether it was written now."""
    target = folder / entry.path
    if _has_size(target, entry.size) and _is_same(entry, target):
        return False
    written, crc = 0, 0
    content = entry.open()
    if content is None:
        raise EOFError("it has no content")
    with content, publish(target) as beside, beside.open("wb") as stream:
        # The declared size was judged, so not a byte more is written, whatever comes.
        while chunk := content.read(min(CHUNK_BYTES, entry.size - written + 1)):
            written += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if written > entry.size:
                break
            stream.write(chunk)
        if written != entry.size or entry.crc not in (None, crc):
            raise EOFError("its content is not what the archive declares")
    return True


def _is_same(entry: Entry, target: Path) -> bool:
    """Say whether a file holds an entry's content: by its CRC, else by comparing both."""
    if entry.crc is not None:
        crc = 0
        with target.open("rb") as there:
            while chunk := there.read(CHUNK_BYTES):
                crc = zlib.crc32(chunk, crc)
        return crc == entry.crc
    content = entry.open()
    if content is None:
        return False
    with content, target.open("rb") as there:
        while chunk := content.read(CHUNK_BYTES):
            if there.read(len(chunk)) != chunk:
                return False
    return True


def _failure(archive: Path, entry: Entry, error: Exception) -> str:
    """Return the line of an entry that could not be had; what others would meet too is raised."""
    if isinstance(error, OSError) and error.errno not in _OF_ONE_NAME:
        raise DownloadError(
            f"{archive} can't be unpacked further ({error}); make room or set rights and run the "
            "same command again: what is unpacked is kept"
        ) from error
    return f"'{entry.name}' of {archive} can't be unpacked ({error}); fetch the archive again"


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _standing(folder: Path) -> Path:
    """Return the nearest folder above that exists."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())
