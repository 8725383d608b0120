"""A record of Zenodo through its REST API: what files it has, its licence, how to cite it.

References
----------
``GET /api/records/ID`` gives ``files`` as a list, or, as in InvenioRDM's own form, an object whose
``entries`` are an object by key or a list; ``GET /api/records/ID/files`` gives ``entries`` as a
list. https://developers.zenodo.org and https://inveniordm.docs.cern.ch/reference/rest_api/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

from rodepil.data.published.http import Http
from rodepil.data.published.safe import safe_path
from rodepil.errors import DownloadError

RECORD = "17601357"
URL = "https://zenodo.org"

_CHECKSUM = re.compile(r"(?:(md5|sha256|sha512|sha1):)?([0-9a-fA-F]{32,128})")
_GB = 1e9


@dataclass(frozen=True)
class RecordFile:
    """A file of a record.

    Parameters
    ----------
    key
        Its name; a relative path that stays in its folder.
    size
        Bytes.
    checksum
        Algorithm and hexadecimal digits, or None where the record names none.
    url
        Where its content is.
    """

    key: str
    size: int
    checksum: tuple[str, str] | None
    url: str


@dataclass(frozen=True)
class Record:
    """A record.

    Parameters
    ----------
    record_id, title, doi, year, licence
        What the record says of itself; "" where it says nothing.
    creators
        Names, as the record spells them.
    files
        In order of name.
    """

    record_id: str
    title: str
    creators: tuple[str, ...]
    year: str
    doi: str
    licence: str
    files: tuple[RecordFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def __str__(self) -> str:
        who = "; ".join(self.creators) or "no creators named"
        where = f"https://doi.org/{self.doi}" if self.doi else f"record {self.record_id}"
        return "\n".join(
            [
                f"{self.title or 'untitled'}",
                f"cite     {who} ({self.year or 'no year'}). {self.title}. {where}",
                f"licence  {self.licence or 'none named: ask the creators before using it'}",
                f"files    {len(self.files)}, {self.size / _GB:.2f} GB",
            ]
        )

    def listing(self) -> str:
        """Return a line a file: bytes, checksum, name."""
        return "\n".join(
            f"{file.size:>14}  {':'.join(file.checksum or ('no checksum',)):39}  {file.key}"
            for file in self.files
        )


def read_record(http: Http, url: str = URL, record_id: str = RECORD) -> Record:
    """Ask a server for a record.

    Raises
    ------
    DownloadError
        There is none, it has no open files, or the answer is no record.
    """
    address = f"{url.rstrip('/')}/api/records/{quote(record_id, safe='')}"
    answer = http.json(address)
    try:
        listed = list(_entries(answer.get("files"))) or list(
            _entries(http.json(f"{address}/files"))
        )
        meta = answer.get("metadata") or {}
        files = tuple(
            sorted((_file(entry, address) for entry in listed), key=lambda file: file.key)
        )
        record = Record(
            record_id=record_id,
            title=str(meta.get("title") or answer.get("title") or ""),
            creators=tuple(_creators(meta.get("creators") or ())),
            year=str(meta.get("publication_date") or "")[:4],
            doi=_doi(answer, meta),
            licence=", ".join(_licences(meta)),
            files=files,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DownloadError(
            f"{address} answers no record of Zenodo's kind ({type(error).__name__}: {error}); "
            "check --url and --record"
        ) from error
    _check(record, address)
    return record


def _check(record: Record, address: str) -> None:
    if not record.files:
        raise DownloadError(
            f"{address} has no files that are open; ask the record's owners, or check --record"
        )
    names = [file.key.casefold() for file in record.files]
    if len(set(names)) != len(names):
        raise DownloadError(f"{address} names a file twice; fetch its files in a browser")


def _entries(files: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of any of the three forms of a list of files."""
    if isinstance(files, Mapping):
        files = files.get("entries") or ()
        if isinstance(files, Mapping):
            files = [{"key": key, **entry} for key, entry in files.items()]
    yield from files or ()


def _file(entry: Mapping[str, Any], address: str) -> RecordFile:
    key = str(entry.get("key") or entry["filename"])
    links = entry.get("links") or {}
    found = links.get("content") or links.get("download") or links.get("self")
    size = int(entry["size"] if "size" in entry else entry["filesize"])
    matched = _CHECKSUM.fullmatch(str(entry.get("checksum") or ""))
    return RecordFile(
        key=safe_path(key).as_posix(),
        size=size,
        checksum=(matched[1] or "md5", matched[2].lower()) if matched else None,
        url=urljoin(address, found) if found else f"{address}/files/{quote(key)}/content",
    )


def _creators(creators: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for creator in creators:
        person = creator.get("person_or_org") or creator
        yield str(person.get("name") or "unnamed")


def _licences(meta: Mapping[str, Any]) -> Iterator[str]:
    licence = meta.get("license")
    if licence:
        yield str(licence.get("id") or licence) if isinstance(licence, Mapping) else str(licence)
    for right in meta.get("rights") or ():
        yield str(right.get("id") or (right.get("title") or {}).get("en") or right.get("link"))


def _doi(answer: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    registered = ((answer.get("pids") or {}).get("doi") or {}).get("identifier")
    return str(answer.get("doi") or meta.get("doi") or registered or "")
