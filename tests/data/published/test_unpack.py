"""Unpacking writes only where it may and only as much as it may, and goes on where it stopped."""

from __future__ import annotations

import gzip
import io
import os
import random
import shutil
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rodepil.data.published import archives
from rodepil.data.published import unpack as unpacking
from rodepil.data.published.unpack import Limits, unpack
from rodepil.errors import DownloadError
from rodepil.io.files import publish

DATA = {
    "Seizure_detection_10sec/0/Feb-1-2019_M2U00244_3_70-3_1153-1168_N_0.avi": b"no" * 5000,
    "Seizure_detection_10sec/1/čas über/Ω.avi": random.Random(0).randbytes(70_000),  # noqa: S311
    "empty.txt": b"",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "place" / "out"


def zipped(path: Path, files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    return path


def tarred(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below, hidden ones included."""
    found = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_files_come_out_as_they_went_in(tmp_path: Path, folder: Path, name: str):
    make = zipped if name.endswith("zip") else tarred
    done = unpack(make(tmp_path / name, DATA), folder)
    assert contents(folder) == DATA
    assert (done.files, done.new, done.failures) == (3, 3, ())


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_what_is_there_is_kept_and_what_is_torn_is_written_anew(
    tmp_path: Path, folder: Path, name: str
):
    archive = (zipped if name.endswith("zip") else tarred)(tmp_path / name, DATA)
    unpack(archive, folder)
    first, second, _ = DATA
    before = (folder / first).stat().st_mtime_ns
    (folder / second).write_bytes(b"x" * len(DATA[second]))  # same size, other content
    assert unpack(archive, folder).new == 1
    assert contents(folder) == DATA
    assert (folder / first).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "name",
    ["../up.avi", "a/../../up.avi", "/tmp/up.avi", "C:\\up.avi", "c:up.avi", "..\\up.avi", "//x/y"],  # noqa: S108
)
@pytest.mark.parametrize("kind", ["a.zip", "a.tar"])
def test_a_path_that_leaves_the_folder_is_refused_and_nothing_is_written(
    tmp_path: Path, folder: Path, name: str, kind: str
):
    archive = (zipped if kind == "a.zip" else tarred)(tmp_path / kind, {"good.avi": b"x"})
    (zipped if kind == "a.zip" else tarred)(archive, {"good.avi": b"x", name: b"evil"})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DownloadError, match=r"a\.(zip|tar): the name .* (leads out|absolute)"):
        unpack(archive, folder)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_a_zip_is_refused(tmp_path: Path, folder: Path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc")
        archive.writestr("link/passwd", b"x")
    with pytest.raises(DownloadError, match="'link' is a link"):
        unpack(tmp_path / "a.zip", folder)
    assert not folder.exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_is_refused(tmp_path: Path, folder: Path, kind: bytes):
    link = tarfile.TarInfo("link")
    link.type, link.linkname = kind, "/etc"
    archive = tarred(tmp_path / "a.tar.gz", DATA, link)
    with pytest.raises(DownloadError, match="'link' is a link, a device"):
        unpack(archive, folder)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_bomb_is_refused(tmp_path: Path, folder: Path, name: str):
    archive = (zipped if name.endswith("zip") else tarred)(
        tmp_path / name, {"zeros": bytes(20 << 20)}
    )
    assert archive.stat().st_size < 100_000
    with pytest.raises(DownloadError, match="100 times its own size: a bomb"):
        unpack(archive, folder, limits=Limits(harmless_bytes=1 << 20))
    assert not folder.exists()


def declared(archive: Path, size: int) -> Path:
    """Let a zip of one file declare another size of it, in both of its headers."""
    raw = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = raw.index(mark) + offset
        raw[start : start + 4] = struct.pack("<I", size)
    archive.write_bytes(raw)
    return archive


def test_a_bomb_that_declares_little_is_stopped_at_what_it_declares(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = declared(zipped(tmp_path / "a.zip", {"zeros": bytes(20 << 20)}), 1000)
    most: list[int] = []

    @contextmanager
    def watched(path: Path) -> Iterator[Path]:
        with publish(path) as beside:
            try:
                yield beside
            finally:
                most.append(beside.stat().st_size)

    monkeypatch.setattr(unpacking, "publish", watched)
    done = unpack(archive, folder)
    assert len(most) == 1
    assert most[0] <= 1000
    assert (done.files, len(done.failures)) == (0, 1)
    assert "'zeros' of" in done.failures[0]
    assert contents(folder) == {}


def test_a_file_that_declares_more_than_it_holds_is_listed_and_the_rest_goes_on(
    tmp_path: Path, folder: Path
):
    archive = zipped(tmp_path / "a.zip", {"short": b"short", "good": b"good"})
    done = unpack(declared(archive, 5000), folder)
    assert contents(folder) == {"good": b"good"}
    (failure,) = done.failures
    assert "'short' of" in failure
    assert "fetch the archive again" in failure


def test_a_damaged_file_is_listed_and_the_rest_goes_on(tmp_path: Path, folder: Path):
    archive = zipped(tmp_path / "a.zip", {"bad": b"bad data", "good": b"good"}, zipfile.ZIP_STORED)
    raw = archive.read_bytes()
    archive.write_bytes(raw.replace(b"bad data", b"bad dat!"))
    done = unpack(archive, folder)
    assert contents(folder) == {"good": b"good"}
    assert len(done.failures) == 1


def test_an_encrypted_file_is_refused(tmp_path: Path, folder: Path):
    archive = zipped(tmp_path / "a.zip", {"secret.avi": b"x" * 50})
    raw = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    archive.write_bytes(raw)
    with pytest.raises(DownloadError, match=r"'secret\.avi' is encrypted.*unpack by hand"):
        unpack(archive, folder)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.avi", "A.avi", "./a.avi"])
def test_a_name_that_stands_twice_is_refused(tmp_path: Path, folder: Path, second: str):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.avi", b"one")
        archive.writestr(second, b"two")
    with pytest.raises(DownloadError, match="stands twice"):
        unpack(tmp_path / "a.zip", folder)
    assert not folder.exists()


def test_a_name_in_utf_8_that_does_not_say_so_is_read(tmp_path: Path, folder: Path):
    archive = zipped(tmp_path / "a.zip", {"ž1.avi": b"x"})
    raw = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        raw[raw.index(mark) + offset] &= ~8
    archive.write_bytes(raw)
    unpack(archive, folder)
    assert contents(folder) == {"ž1.avi": b"x"}


def test_an_archive_in_an_archive_stays_packed(tmp_path: Path, folder: Path):
    inner = zipped(tmp_path / "inner.zip", {"x": b"x"}).read_bytes()
    unpack(zipped(tmp_path / "a.zip", {"inner.zip": inner}), folder)
    assert contents(folder) == {"inner.zip": inner}


def test_a_disk_too_small_is_said_before_anything_is_written(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = zipped(tmp_path / "a.zip", DATA)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=50_000))
    with pytest.raises(DownloadError, match=r"becomes 0\.00 GB more.*make room"):
        unpack(archive, folder, limits=Limits(spare_bytes=0))
    assert not folder.exists()


def test_a_disk_that_fills_ends_the_work_and_what_is_done_is_kept(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = zipped(tmp_path / "a.zip", DATA)
    real, done = unpacking._have, []

    def full(*arguments: object) -> bool:
        if done:
            raise OSError(28, os.strerror(28))
        done.append(1)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(unpacking, "_have", full)
    with pytest.raises(DownloadError, match=r"No space left.*make room.*what is unpacked is kept"):
        unpack(archive, folder)
    assert len(contents(folder)) == 1


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_torn_archive_is_said(tmp_path: Path, folder: Path, name: str):
    archive = (zipped if name.endswith("zip") else tarred)(tmp_path / name, DATA)
    archive.write_bytes(archive.read_bytes()[:-40_000])
    with pytest.raises(DownloadError, match=r"can't be read as an archive.*fetch it again"):
        unpack(archive, folder)


def test_a_tar_whose_headers_would_fill_the_memory_is_refused(tmp_path: Path, folder: Path):
    header = tarfile.TarInfo("PaxHeaders/a")
    header.type, header.size = tarfile.XHDTYPE, 700_000_000
    zeros = bytes(1 << 20)
    with gzip.open(tmp_path / "a.tar.gz", "wb", compresslevel=1) as packed:
        packed.write(header.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(80):
            packed.write(zeros)
    tracemalloc.start()
    try:
        with pytest.raises(DownloadError, match="its headers hold over 64 MiB: a bomb"):
            unpack(tmp_path / "a.tar.gz", folder)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert not folder.exists()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_a_tar_of_endless_members_is_refused(
    tmp_path: Path, folder: Path, kind: bytes, monkeypatch: pytest.MonkeyPatch
):
    many = [tarfile.TarInfo(f"{number}") for number in range(300)]
    for info in many:
        info.type = kind
    archive = tarred(tmp_path / "a.tar", {}, *many)
    monkeypatch.setattr(archives, "MOST_ENTRIES", 200)
    with pytest.raises(DownloadError, match="over 200 members: a bomb"):
        unpack(archive, folder)
    assert not folder.exists()


@pytest.mark.parametrize("way", ["of GNU", "of POSIX"])
def test_a_sparse_file_in_a_tar_is_refused(tmp_path: Path, folder: Path, way: str):
    """The map of a sparse file can be endless; readers take all of it into memory."""
    info = tarfile.TarInfo("a.avi")
    if way == "of GNU":
        info.type = tarfile.GNUTYPE_SPARSE
    else:
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
        info.pax_headers |= {"GNU.sparse.name": "a.avi", "GNU.sparse.realsize": "9"}
    archive = tarred(tmp_path / "a.tar", {"b.avi": b"b"}, info)
    with pytest.raises(DownloadError, match="is a sparse file"):
        unpack(archive, folder)
    assert not folder.exists()
