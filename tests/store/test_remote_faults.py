"""What goes wrong on the way to a store far away: nothing torn is seen, and the remedy is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import fsspec
import pytest
import requests
from fsspec.implementations.memory import MemoryFileSystem

from rodepil.errors import FeatureError
from rodepil.store.features import FeatureStore
from rodepil.store.filesystem import RemoteFolder
from rodepil.store.materialize import Manifest
from rodepil.store.remote import TRIES, RemotePlace
from rodepil.store.views.frames import FrameView

VIEW = FrameView(frames=4, size_px=32)
ROOM = 10**9
NAME = "view/index.parquet"
SEND = """
import sys
from pathlib import Path
from rodepil.store.filesystem import RemoteFolder
from rodepil.store.remote import RemotePlace
place = RemotePlace(sys.argv[1], Path(sys.argv[2]), 10**9)
with place.publish("view/big.arrow") as beside:
    beside.write_bytes(bytes(int(sys.argv[3])))
    print("sending", flush=True)
"""


def elsewhere(place: RemotePlace, cache: Path, room: int = ROOM) -> RemotePlace:
    """Return the same place as another machine sees it."""
    return RemotePlace(place.remote.url, cache, room)


def files_in(folder: Path) -> list[Path]:
    """Return the files of a cache that are no locks."""
    return [path for path in folder.glob("*/*/*") if path.is_file()]


def test_an_upload_killed_in_the_middle_leaves_nothing_to_be_read(
    bucket: str, s3: Any, tmp_path: Path
) -> None:
    place = RemotePlace(f"s3://{bucket}/x", tmp_path / "cache", ROOM)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SEND, place.remote.url, str(tmp_path / "sender")]
    sender = subprocess.Popen(
        [*command, str(200_000_000)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert sender.stdout is not None
    assert sender.stdout.readline() == "sending\n"
    begun = time.monotonic()
    while not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"):
        assert time.monotonic() - begun < 60
        time.sleep(0.01)
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    sender.stdout.close()
    assert place.files("view") == {}
    assert not place.fetch("view/big.arrow").exists()


class Faulty(MemoryFileSystem):
    """A file system whose files break off after some bytes, a given number of times."""

    protocol = "faulty"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    reads: ClassVar[int] = 0
    writes: ClassVar[int] = 0
    short: ClassVar[int] = 0
    replaces: ClassVar[bool] = True
    others: ClassVar[list[Callable[[], object]]] = []

    def mv(self, path1: str, path2: str, **named: Any) -> None:
        """Move a file; then somebody else is at work."""
        try:
            if not Faulty.replaces and self.exists(path2):
                raise FileExistsError(path2)
            super().mv(path1, path2, **named)
        finally:
            if Faulty.others:
                Faulty.others.pop()()

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.removeprefix("faulty://")))

    def _open(self, path: str, mode: str = "rb", **named: Any) -> Any:
        opened = super()._open(path, mode=mode, **named)
        if mode == "rb" and Faulty.reads:
            Faulty.reads -= 1
            return Cut(opened.getvalue())
        if mode == "wb" and Faulty.writes:
            Faulty.writes -= 1
            opened.write(b"a part")
            opened.write = break_off
        if mode == "wb" and Faulty.short:
            Faulty.short -= 1
            opened.write = len  # says that all was written
        return opened


class Cut(BytesIO):
    """A file that breaks off after its first byte."""

    def read(self, size: int | None = -1, /) -> bytes:
        del size
        return super().read(1) if self.tell() == 0 else break_off()


def break_off(*_: Any) -> bytes:
    raise ConnectionResetError("the line was cut")


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[RemotePlace]:
    fsspec.register_implementation("faulty", Faulty, clobber=True)
    yield RemotePlace(f"faulty://{uuid4().hex}", tmp_path / "cache", ROOM)
    Faulty.reads = Faulty.writes = Faulty.short = 0
    Faulty.replaces = True
    Faulty.others.clear()


def test_a_fetch_that_breaks_off_is_tried_again_a_bounded_number_of_times(
    faulty: RemotePlace, tmp_path: Path
) -> None:
    with faulty.publish("view/a.arrow") as beside:
        beside.write_bytes(b"whole")
    other = elsewhere(faulty, tmp_path / "other")
    Faulty.reads = TRIES
    with pytest.raises(FeatureError, match=r"faulty://.*came in part: the line was cut.*again"):
        other.fetch("view/a.arrow")
    assert Faulty.reads == 0
    assert files_in(tmp_path / "other") == []
    Faulty.reads = TRIES - 1
    assert other.fetch("view/a.arrow").read_bytes() == b"whole"


def test_a_write_that_breaks_off_leaves_nothing_and_says_what_to_do(
    faulty: RemotePlace, tmp_path: Path
) -> None:
    Faulty.writes = 1
    with (
        pytest.raises(FeatureError, match=r"faulty://.*view/a.arrow can't be used.*again"),
        faulty.publish("view/a.arrow") as beside,
    ):
        beside.write_bytes(b"whole")
    assert faulty.files("view") == {}
    assert [info.base_name for info in faulty.remote.list("view")] == []
    assert files_in(tmp_path / "cache") == []


def test_a_write_of_which_a_part_came_leaves_what_was_there(
    faulty: RemotePlace, tmp_path: Path
) -> None:
    put(faulty, b"first")
    Faulty.short = 1
    with pytest.raises(FeatureError, match=r"view/index\.parquet can't be used.*0 bytes .* of 6"):
        put(elsewhere(faulty, tmp_path / "other"), b"second")
    assert faulty.fetch(NAME).read_bytes() == b"first"
    assert [info.base_name for info in faulty.remote.list("view")] == ["index.parquet"]


def test_of_two_machines_that_write_one_file_both_go_on(
    faulty: RemotePlace, tmp_path: Path
) -> None:
    other = elsewhere(faulty, tmp_path / "other")
    Faulty.others.append(lambda: put(other, b"of the other machine"))
    put(faulty, b"mine")
    assert other.fetch(NAME).read_bytes() == b"of the other machine"


def test_where_nothing_is_replaced_the_old_file_makes_room_whoever_removes_it(
    faulty: RemotePlace, tmp_path: Path
) -> None:
    Faulty.replaces = False
    other = elsewhere(faulty, tmp_path / "other")
    put(faulty, b"old")
    put(faulty, b"new")
    assert other.fetch(NAME).read_bytes() == b"new"
    Faulty.others.append(lambda: other.remote.delete(NAME))
    put(faulty, b"newer")
    assert other.fetch(NAME).read_bytes() == b"newer"
    assert [info.base_name for info in faulty.remote.list("view")] == ["index.parquet"]


def test_what_a_writer_takes_away_while_others_sweep_is_none_of_theirs(
    faulty: RemotePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = "view/.lease-0.tmp"
    with faulty.publish(left) as beside:
        beside.write_bytes(b"at work")
    asked = RemoteFolder.modified_s

    def late(self: RemoteFolder, name: str) -> float:
        self.delete(name)
        return asked(self, name)

    monkeypatch.setattr(RemoteFolder, "modified_s", late)
    assert faulty.sweep("view", time.time() + 60) == 0


def test_what_a_killed_writer_left_is_not_seen_and_is_swept_when_it_is_old(tmp_path: Path) -> None:
    place = RemotePlace((tmp_path / "there").as_uri(), tmp_path / "cache", ROOM)
    with place.publish("view/a.arrow") as beside:
        beside.write_bytes(b"whole")
    left = tmp_path / "there" / "view" / ".b.0123456789ab.tmp.arrow"
    left.write_bytes(b"half")
    assert place.files("view") == {"a.arrow": 5}
    assert place.sweep("view", left.stat().st_mtime - 1) == 0
    assert place.sweep("view", left.stat().st_mtime + 1) == 4
    assert not left.exists()
    assert place.modified_s("view/a.arrow") == pytest.approx(
        (tmp_path / "there" / "view" / "a.arrow").stat().st_mtime
    )


def test_a_bucket_that_is_not_there_is_told_before_anything_is_made(
    folder: Any, environment: None, tmp_path: Path
) -> None:
    del environment
    place = RemotePlace("s3://no-such-bucket/x", tmp_path / "cache", ROOM)
    with pytest.raises(FeatureError, match=r"s3://no-such-bucket/x.*no such bucket; make it"):
        FeatureStore(place).materialize([VIEW], Manifest(folder.clips, folder.root), processes=1)
    with pytest.raises(FeatureError, match="no such bucket"), place.publish("v/a.arrow") as beside:
        beside.write_bytes(b"whole")


def test_a_refused_login_is_told_without_the_secret(
    server: str, bucket: str, tmp_path: Path
) -> None:
    host = server.removeprefix("http://")
    url = f"s3://someone:a-secret@{bucket}/x?endpoint_override={host}&scheme=http&region=us-east-1"
    place = RemotePlace(url, tmp_path / "cache", ROOM)
    requests.post(f"{server}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        for ask in (place.folders, lambda: place.fetch("view/a.arrow"), lambda: send(place)):
            with pytest.raises(FeatureError, match=r"login is refused; set the env") as refused:
                ask()
            assert str(refused.value).startswith(f"s3://{bucket}/x")
            assert "a-secret" not in f"{refused.value} {place}"
    finally:
        requests.post(f"{server}/moto-api/reset-auth", data=b"inf", timeout=10)


def put(place: RemotePlace, data: bytes) -> None:
    with place.publish(NAME) as beside:
        beside.write_bytes(data)


def send(place: RemotePlace) -> None:
    with place.publish("view/a.arrow") as beside:
        beside.write_bytes(b"whole")


def test_an_address_that_nothing_can_open_is_told(tmp_path: Path) -> None:
    place = RemotePlace("gopher://me:a-secret@host/x", tmp_path / "cache", ROOM)
    with pytest.raises(FeatureError, match=r"gopher://host/x.*mend store.url") as refused:
        place.folders()
    assert "a-secret" not in str(refused.value)


def test_a_cache_that_cannot_be_written_is_told(place: RemotePlace, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    blocked = elsewhere(place, tmp_path / "taken")
    send(place)
    with pytest.raises(FeatureError, match=r"cache .*taken can't be written.*store.cache"):
        blocked.fetch("view/a.arrow")
