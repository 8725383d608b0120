"""A record is fetched and unpacked; one bad file among many leaves the rest to go on."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from rodepil.data.lock import alone_in
from rodepil.data.published.fetch import DOWNLOADS, PARTS, UNPACKED, Fetched, fetch
from rodepil.data.published.http import Http
from rodepil.data.published.zenodo import read_record
from rodepil.errors import DownloadError, SourceError
from tests.data.published.conftest import RECORD, Fault, Server


def archive(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return memory.getvalue()


@pytest.fixture
def record(server: Server) -> Server:
    """Fill the record with two archives, a clip and a text."""
    server.files = {
        "clips 0.zip": archive({"0/a.avi": b"a", "0/b.avi": b"b"}),
        "clips 1.zip": archive({"1/ž.avi": b"z"}),
        "lone.avi": b"lone",
        "readme.txt": b"read me",
    }
    return server


def run(server: Server, folder: Path, http: Http) -> Fetched:
    return fetch(read_record(http, server.url, RECORD), folder, http)


def files(folder: Path) -> list[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith(PARTS))


WHOLE = [
    "downloads/clips 0.zip", "downloads/clips 1.zip", "downloads/lone.avi", "downloads/readme.txt",
    "unpacked/clips 0/0/a.avi", "unpacked/clips 0/0/b.avi", "unpacked/clips 1/1/ž.avi",
]  # fmt: skip


def test_a_record_is_fetched_and_unpacked_once(record: Server, tmp_path: Path, http: Http):
    done = run(record, tmp_path / "č", http)
    assert files(tmp_path / "č") == WHOLE
    assert (done.downloads, done.unpacked) == (4, 3)
    sent = dict(record.sent)
    again = run(record, tmp_path / "č", http)
    assert again == done
    assert {key: record.sent[key] for key in record.files} == {
        key: sent[key] for key in record.files
    }


def test_one_file_that_fails_leaves_the_others_to_go_on(record: Server, tmp_path: Path, http: Http):
    record.faults["clips 0.zip"] = [Fault(status=404)]
    record.files["clips 1.zip"] = archive({"../up.avi": b"x"})
    with pytest.raises(DownloadError) as caught:
        run(record, tmp_path / "in", http)
    assert "status 404" in str(caught.value)
    assert "'../up.avi' leads out" in str(caught.value)
    assert files(tmp_path / "in") == [name for name in WHOLE[1:4] if "0.zip" not in name]
    assert not (tmp_path / "up.avi").exists()
    record.files["clips 1.zip"] = archive({"1/ž.avi": b"z"})
    run(record, tmp_path / "in", http)
    assert files(tmp_path / "in") == WHOLE


def test_a_disk_too_small_is_said_before_anything_is_asked(
    record: Server, tmp_path: Path, http: Http, monkeypatch: pytest.MonkeyPatch
):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=300 << 20))
    record.files["huge.zip"] = bytes(30 << 20)
    with pytest.raises(DownloadError, match=r"wants 0\.06 GB more.*0\.05 GB may be used.*--into"):
        run(record, tmp_path, http)
    assert not [path for path, _ in record.asked if path.endswith("/content")]


def test_what_can_not_be_unpacked_or_checked_is_noted(record: Server, tmp_path: Path, http: Http):
    record.files = {"more.7z": b"7z", "plain.avi": b"x"}
    record.checksums["plain.avi"] = ""
    done = run(record, tmp_path, http)
    assert done.notes == (
        "plain.avi has no checksum in the record: only its size was checked",
        f"more.7z is an archive that rodepil can't unpack: unpack it into {tmp_path}",
    )


def test_two_at_once_in_one_folder_are_refused(record: Server, tmp_path: Path, http: Http):
    with alone_in(tmp_path / PARTS), pytest.raises(SourceError, match="another process"):
        run(record, tmp_path, http)
    assert not (tmp_path / DOWNLOADS).exists()
    assert not (tmp_path / UNPACKED).exists()
