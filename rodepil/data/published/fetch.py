"""Fetch a record: its files downloaded one after the other, archives unpacked beside them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from rodepil.data.lock import alone_in
from rodepil.data.problems import raise_if
from rodepil.data.published.archives import OTHERS, is_archive, stem_of
from rodepil.data.published.download import Part, download, stands
from rodepil.data.published.http import Http
from rodepil.data.published.unpack import Limits, unpack
from rodepil.data.published.zenodo import Record, RecordFile
from rodepil.errors import DownloadError
from rodepil.io.progress import Progress, Silent

DOWNLOADS, UNPACKED, PARTS = "downloads", "unpacked", ".parts"

_GB = 1e9


@dataclass(frozen=True)
class Fetched:
    """What came of a record.

    Parameters
    ----------
    folder
        Where all of it lies: files in ``downloads``, archives' files in ``unpacked``.
    downloads
        Files of the record that are there.
    unpacked
        Files that were in its archives.
    notes
        What a user should know or do, a line each.
    """

    folder: Path
    downloads: int
    unpacked: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        there = (
            f"{self.downloads} files of the record and {self.unpacked} files of its archives are "
            f"in {self.folder}"
        )
        return "\n".join([there, *self.notes])


def fetch(
    record: Record,
    folder: Path,
    http: Http,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Have all files of a record in a folder, its archives unpacked.

    What is there with the right checksum is not done again, and a download that was stopped goes
    on where it was. One file that can't be had leaves the others to go on.

    Raises
    ------
    DownloadError
        A file can't be had or unpacked; the message lists those, after all others are done. Or
        the disk is too small.
    SourceError
        Another process is at work in the folder.
    """
    progress, limits = progress or Silent(), limits or Limits()
    folder = folder.absolute()
    with alone_in(folder / PARTS):
        missing = _missing(record, folder, progress)
        _check_room(record, missing, folder, limits)
        problems = _download(missing, folder, http, progress)
        there = [file for file in record.files if (folder / DOWNLOADS / file.key).is_file()]
        files, notes = 0, _unverified(there)
        for file in there:
            archive = folder / DOWNLOADS / file.key
            if not is_archive(archive):
                notes += _by_hand(archive, folder)
                continue
            into = folder / UNPACKED / Path(file.key).with_name(stem_of(archive))
            try:
                done = unpack(archive, into, limits=limits, progress=progress)
            except DownloadError as error:
                problems.append(str(error))
                continue
            files += done.files
            problems += done.failures
    raise_if(problems, DownloadError, f"All else of the record is in {folder}")
    return Fetched(folder, len(there), files, tuple(notes))


def _missing(record: Record, folder: Path, progress: Progress) -> list[RecordFile]:
    """Return the files that are not there yet, or not as the record says."""
    missing = []
    with progress.task("check what is there", record.size, "bytes") as advance:
        for file in record.files:
            if not stands(folder / DOWNLOADS / file.key, file):
                missing.append(file)
            advance(file.size)
    return missing


def _check_room(record: Record, missing: list[RecordFile], folder: Path, limits: Limits) -> None:
    """Check that downloads fit the disk, and archives unpacked, which become at least as large."""
    parts = folder / PARTS
    wanted = sum(file.size - Part(file, parts).size for file in missing)
    wanted += sum(file.size for file in missing if is_archive(Path(file.key)))
    free = shutil.disk_usage(folder).free - limits.spare_bytes
    if wanted > free:
        raise DownloadError(
            f"record {record.record_id} wants {wanted / _GB:.2f} GB more in {folder}, to download "
            f"and to unpack, and {max(free, 0) / _GB:.2f} GB may be used there; make room, or "
            "name another disk with --into"
        )


def _download(missing: list[RecordFile], folder: Path, http: Http, progress: Progress) -> list[str]:
    """Download files one after the other; return what failed, a line each."""
    problems = []
    total = sum(file.size for file in missing)
    with progress.task("download", total, "bytes") as advance:
        for file in missing:
            try:
                download(file, folder / DOWNLOADS, folder / PARTS, http, advance)
            except DownloadError as error:
                problems.append(str(error))
    return problems


def _unverified(files: list[RecordFile]) -> list[str]:
    return [
        f"{file.key} has no checksum in the record: only its size was checked"
        for file in files
        if file.checksum is None
    ]


def _by_hand(file: Path, folder: Path) -> list[str]:
    if not file.name.lower().endswith(OTHERS):
        return []
    return [f"{file.name} is an archive that rodepil can't unpack: unpack it into {folder}"]
