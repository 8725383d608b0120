"""Download one file of a record: resumed where it broke off, checked, published whole."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import requests

from rodepil.data.published.http import Again, Http
from rodepil.data.published.zenodo import RecordFile
from rodepil.errors import DownloadError
from rodepil.io.files import CHUNK_BYTES, short_hash, write_text
from rodepil.io.progress import Advance

_PARTIAL, _PAST_THE_END = 206, 416
_PIECE_BYTES = 1 << 16
"""What is lost at most of what came when a connection breaks."""

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_WRONG_CHECKSUMS = 2
"""How often a file is fetched whole and found wrong before it is given up."""


class Part:
    """The beginning of a file, and the mark of the version that it is of.

    Parameters
    ----------
    file
        Of the record.
    folder
        Where beginnings are kept.
    """

    def __init__(self, file: RecordFile, folder: Path) -> None:
        # The checksum is in the name: a new version of the record begins anew.
        self.path = folder / f"{short_hash(file.key, file.size, file.checksum)}.part"
        self._mark = self.path.with_suffix(".etag")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def etag(self) -> str:
        """The server's mark of the version; "" where it gave none."""
        return self._mark.read_text(encoding="utf-8") if self._mark.is_file() else ""

    def begin(self, etag: str) -> None:
        """Forget what is there and note the version that comes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        write_text(self._mark, etag)

    def publish(self, target: Path) -> None:
        """Make the whole file stand at `target`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(target)
        self._mark.unlink(missing_ok=True)


def download(file: RecordFile, folder: Path, parts: Path, http: Http, advance: Advance) -> Path:
    """Have a file of a record in `folder`, and return its path.

    Parameters
    ----------
    file
        What the record says of it.
    folder
        Where the finished file goes. One that stands there with the right checksum is kept.
    parts
        Where its beginning is kept, on the same file system.
    http
        The session.
    advance
        Called with bytes: those that are there already, then those that come; with less than 0
        where the download begins again.

    Raises
    ------
    DownloadError
        The server refuses, can't be reached, or what it gives has another checksum.
    """
    target, part = folder / file.key, Part(file, parts)
    if stands(target, file):
        advance(file.size)
        return target
    advance(part.size)
    tries, furthest, wrong = http.tries(file.key), part.size, 0
    while True:
        try:
            if part.size != file.size or (file.size == 0 and not part.path.is_file()):
                _fetch(file, part, http, advance)
            problem = check(part.path, file)
            if problem is None:
                part.publish(target)
                return target
            advance(-part.size)
            part.begin("")
            wrong += 1
            if wrong >= _WRONG_CHECKSUMS:
                raise DownloadError(
                    f"{file.key}: {problem}, {wrong} times. The server gives another file than "
                    "the record says; run the same command later, or ask the record's owners"
                )
        except Again as again:
            if part.size > furthest:
                tries.forget()
            furthest = max(furthest, part.size)
            tries.failed(again)


def stands(target: Path, file: RecordFile) -> bool:
    """Say whether the file is there as the record says."""
    return target.is_file() and check(target, file) is None


def check(path: Path, file: RecordFile) -> str | None:
    """Return what is wrong with the content of `path`, or None."""
    size = path.stat().st_size
    if size != file.size:
        return f"it has {size} bytes, the record says {file.size}"
    if file.checksum is None:
        return None
    algorithm, wanted = file.checksum
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    found = digest.hexdigest()
    return None if found == wanted else f"its {algorithm} is {found}, the record says {wanted}"


def _fetch(file: RecordFile, part: Part, http: Http, advance: Advance) -> None:
    """Get what is missing of the part.

    Raises
    ------
    Again
        It is not whole; what came is kept where the file on the server is still the same.
    """
    have, etag = part.size, part.etag
    headers = {"Range": f"bytes={have}-"} if have else {}
    if have and etag and not etag.startswith("W/"):
        headers["If-Range"] = etag
    with http.get(file.url, headers) as answer:
        given = answer.headers.get("ETag", "")
        goes_on = answer.status_code == _PARTIAL
        if answer.status_code == _PAST_THE_END or (
            goes_on and not (_fits(answer, have, file) and _same(given, etag))
        ):
            advance(-have)
            part.begin("")
            raise Again("the file on the server has changed")
        if not goes_on:
            advance(-have)
            part.begin(given)
        _append(answer, file, part, advance)
    if part.size < file.size:
        raise Again(f"it broke off after {part.size} of {file.size} bytes")


def _fits(answer: requests.Response, have: int, file: RecordFile) -> bool:
    """Say whether a partial answer goes on where the part ends, in a file of the right size."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return found is not None and int(found[1]) == have and found[2] in ("*", str(file.size))


def _same(given: str, noted: str) -> bool:
    """Say whether two marks can be of one version; a server need not give one each time."""
    return not given or given.removeprefix("W/") == noted.removeprefix("W/")


def _append(answer: requests.Response, file: RecordFile, part: Part, advance: Advance) -> None:
    """Write what comes behind what is there, at most what the record says."""
    left = file.size - part.size
    with part.path.open("ab") as stream:
        for chunk in answer.iter_content(_PIECE_BYTES):
            if len(chunk) > left:
                stream.truncate(0)
                raise DownloadError(
                    f"{file.key}: the server sends more than the {file.size} bytes that the "
                    "record says; run the same command later, or ask the record's owners"
                )
            stream.write(chunk)
            left -= len(chunk)
            advance(len(chunk))
