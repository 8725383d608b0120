"""A record is read in each form that its API has."""

from __future__ import annotations

import hashlib
import socket

import pytest

from rodepil.data.published.http import Http
from rodepil.data.published.zenodo import read_record
from rodepil.errors import DownloadError
from tests.data.published.conftest import RECORD, Fault, Server

FILES = {"b.zip": b"bb", "readme ž.txt": b"a"}


@pytest.mark.parametrize("form", ["list", "entries", "apart"])
def test_files_are_listed_with_sizes_checksums_and_addresses(server: Server, http: Http, form: str):
    server.files.update(FILES)
    server.form = form
    record = read_record(http, server.url + "/", RECORD)
    assert [(file.key, file.size, file.checksum) for file in record.files] == [
        (key, len(data), ("md5", hashlib.md5(data).hexdigest()))  # noqa: S324
        for key, data in FILES.items()
    ]
    assert record.files[1].url.endswith("/files/readme%20%C5%BE.txt/content")
    assert record.size == 3


def test_licence_and_citation_are_shown(server: Server, http: Http):
    server.files.update(FILES)
    shown = str(read_record(http, server.url, RECORD))
    assert "Perlo, Daniele; Doe, Žofie (2025). RodEpil. https://doi.org/10.5281/zenodo.176" in shown
    assert "cc-by-4.0" in shown
    server.metadata = {"license": None, "rights": [{"id": "cc-by-nc-4.0"}], "creators": []}
    assert "cc-by-nc-4.0" in str(read_record(http, server.url, RECORD))
    server.metadata = {"license": None}
    assert "none named: ask the creators" in str(read_record(http, server.url, RECORD))


def test_the_older_words_for_a_file_are_understood(server: Server, http: Http):
    server.form = "none"
    old = {"filename": "a.avi", "filesize": 1, "checksum": "0" * 32, "links": {"download": "/x"}}
    server.metadata = {}
    server.listing = lambda: {"entries": [old]}  # type: ignore[method-assign]  # an older API
    (file,) = read_record(http, server.url, RECORD).files
    assert (file.key, file.size, file.checksum) == ("a.avi", 1, ("md5", "0" * 32))
    assert file.url == f"{server.url}/x"


def test_a_record_that_is_not_there_is_said(server: Server, http: Http):
    with pytest.raises(DownloadError, match=r"status 404; no such record.*--record"):
        read_record(http, server.url, "1")
    assert len(server.asked) == 1


def test_a_record_without_open_files_is_said(server: Server, http: Http):
    with pytest.raises(DownloadError, match="has no files that are open"):
        read_record(http, server.url, RECORD)


def test_a_faulty_answer_is_asked_for_again(server: Server, http: Http, pauses: list[float]):
    server.files.update(FILES)
    server.faults[f"/api/records/{RECORD}"] = [Fault(status=500), Fault(silent_s=0.6)]
    assert len(read_record(http, server.url, RECORD).files) == 2
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize("key", ["../up.zip", "/etc/x.zip", "c:\\x.zip"])
def test_a_name_that_leads_elsewhere_is_refused(server: Server, http: Http, key: str):
    server.files[key] = b"x"
    with pytest.raises(DownloadError, match="UnsafeName"):
        read_record(http, server.url, RECORD)


def test_names_that_differ_in_case_alone_are_refused(server: Server, http: Http):
    server.files.update({"a.zip": b"x", "A.zip": b"y"})
    with pytest.raises(DownloadError, match="names a file twice"):
        read_record(http, server.url, RECORD)


def test_an_answer_of_another_kind_is_said(server: Server, http: Http):
    server.record = lambda: {"files": [{"size": 1}]}  # type: ignore[method-assign]  # no name
    with pytest.raises(DownloadError, match=r"no record of Zenodo's kind.*filename.*--url"):
        read_record(http, server.url, RECORD)


def test_a_server_that_can_not_be_reached_is_said(http: Http, pauses: list[float]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadError, match=r"can't be reached.*3 tries"):
        read_record(http, f"http://127.0.0.1:{port}", RECORD)
    assert len(pauses) == 2


def test_an_address_that_is_none_is_said(http: Http):
    with pytest.raises(DownloadError, match="check --url"):
        read_record(http, "zenodo", RECORD)
