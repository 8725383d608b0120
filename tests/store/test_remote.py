"""Shards on a server that speaks S3, and on file systems of fsspec, read through a cache."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import boto3
import fsspec
import numpy as np
import pyarrow as pa
import pytest
import requests
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from rodepil.config.settings import StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import DamagedFeature, FeatureError
from rodepil.store.features import FeatureStore, MaterializeSummary
from rodepil.store.index import INDEX, Index
from rodepil.store.materialize import Manifest
from rodepil.store.opening import open_store
from rodepil.store.places import LocalPlace
from rodepil.store.remote import TRIES, RemotePlace
from rodepil.store.shards import folder_name
from rodepil.store.views.frames import FrameView

VIEW = FrameView(frames=4, size_px=32)
FOLDER = folder_name(VIEW)
ROOM = 10**9
KEYS = {"AWS_ACCESS_KEY_ID": "tests-own-key", "AWS_SECRET_ACCESS_KEY": "tests-own-secret"}
SEND = """
import sys
from pathlib import Path
from rodepil.store.remote import RemotePlace
place = RemotePlace(sys.argv[1], Path(sys.argv[2]), 10**9)
with place.publish("view/big.arrow") as beside:
    beside.write_bytes(bytes(int(sys.argv[3])))
    print("sending", flush=True)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the address of a server that speaks S3."""
    running = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a user of S3 sets."""
    for name, value in (KEYS | {"AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def s3(environment: None) -> Iterator[Any]:
    """Return another client of the server."""
    del environment
    with closing(boto3.client("s3")) as client:
        yield client


@pytest.fixture
def bucket(s3: Any) -> str:
    """Return the name of an empty bucket."""
    name = f"lab-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> RemotePlace:
    """Return an empty place on each kind of file system: Arrow's own, and fsspec's."""
    name = request.getfixturevalue("bucket") if request.param == "s3" else uuid4().hex
    return RemotePlace(f"{request.param}://{name}/a store", tmp_path / "cache", ROOM)


def elsewhere(place: RemotePlace, cache: Path, room: int = ROOM) -> RemotePlace:
    """Return the same place as another machine sees it."""
    return RemotePlace(place.remote.url, cache, room)


def manifest_of(folder: Any) -> Manifest:
    return Manifest(folder.clips, folder.root)


def fill(place: RemotePlace, folder: Any) -> tuple[FeatureStore, MaterializeSummary]:
    store = FeatureStore(place, shard_clips=4)
    return store, store.materialize([VIEW], manifest_of(folder), processes=1)


def files_in(folder: Path) -> list[Path]:
    """Return the files of a cache that are no locks."""
    return [path for path in folder.glob("*/*/*") if path.is_file()]


def test_a_store_far_away_holds_the_same_bytes_and_reads_the_same_as_a_folder(
    folder: Any, place: RemotePlace, tmp_path: Path, contents: Callable[[Path], dict[str, bytes]]
) -> None:
    near = FeatureStore(tmp_path / "near", shard_clips=4)
    near.materialize([VIEW], manifest_of(folder), processes=1)
    _, made = fill(place, folder)
    there = {
        f"{name}/{file}": place.remote.open(f"{name}/{file}").read()
        for name in place.folders()
        for file in place.files(name)
    }
    assert there == contents(tmp_path / "near")
    assert made.features.equals(near.features)

    other = FeatureStore(elsewhere(place, tmp_path / "other"), made.features)
    clip_ids = folder.clips.column("clip_id").to_pylist()
    assert other.read("frames", clip_ids).equals(near.read("frames", clip_ids))
    assert sorted(path.name for path in files_in(tmp_path / "other")) == sorted(
        name for name in place.files(FOLDER) if name != INDEX
    )


def test_workers_in_processes_of_their_own_fill_a_bucket(
    folder: Any, bucket: str, tmp_path: Path, s3: Any
) -> None:
    store = FeatureStore(RemotePlace(f"s3://{bucket}", tmp_path / "cache", ROOM), shard_clips=4)
    made = store.materialize([VIEW], manifest_of(folder), processes=2)
    assert made.computed == {"frames": 16}
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(one["Key"] for one in listed) == sorted(
        f"{FOLDER}/{name}" for name in store.place.files(FOLDER)
    )
    assert len(listed) == 4 + 1


def test_what_is_there_is_neither_made_again_nor_fetched_to_know_it(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    fill(place, folder)
    again, made = fill(elsewhere(place, tmp_path / "other"), folder)
    assert (made.computed, made.reused) == ({"frames": 0}, {"frames": 16})
    assert [path.name for path in files_in(tmp_path / "other")] == [INDEX]
    assert len(again.features) == 16


def test_a_lost_index_is_made_again_without_fetching_whole_shards(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    fill(place, folder)
    before = Index(place, FOLDER).spots
    place.discard(f"{FOLDER}/{INDEX}")
    other = elsewhere(place, tmp_path / "other")
    mended = Index(other, FOLDER)
    assert mended.spots == before
    assert len(mended.spots) == 16
    assert files_in(tmp_path / "other") == []
    mended.write()
    assert INDEX in place.files(FOLDER)


def test_shards_in_the_cache_are_read_while_the_server_is_away(
    folder: Any, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = RemotePlace(f"s3://{bucket}/x", tmp_path / "cache", ROOM)
    _, made = fill(place, folder)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        offline = FeatureStore(elsewhere(place, tmp_path / "cache"), made.features)
        assert offline.read("frames", ["c000", "c015"]).num_rows == 2
        with pytest.raises(FeatureError, match=r"s3://.*can't be reached.*AWS_ENDPOINT_URL"):
            offline.place.files(FOLDER)


def test_the_cache_keeps_its_bound_and_lets_go_what_was_used_longest_ago(
    place: RemotePlace, tmp_path: Path
) -> None:
    for number in range(8):
        with place.publish(f"view/{number}.arrow") as beside:
            beside.write_bytes(bytes([number]) * 1000)
    small = elsewhere(place, tmp_path / "small", 4000)
    for number in (0, 1, 2, 0, 3, 4):
        fetched = small.fetch(f"view/{number}.arrow")
        assert fetched.read_bytes() == bytes([number]) * 1000
        assert sum(path.stat().st_size for path in files_in(tmp_path / "small")) <= 4000
    assert {path.name for path in files_in(tmp_path / "small")} == {"0.arrow", "3.arrow", "4.arrow"}


def test_a_file_larger_than_the_cache_is_still_read(place: RemotePlace, tmp_path: Path) -> None:
    with place.publish("view/a.arrow") as beside:
        beside.write_bytes(bytes(5000))
    tiny = elsewhere(place, tmp_path / "tiny", 100)
    assert tiny.fetch("view/a.arrow").stat().st_size == 5000


def test_what_was_read_stays_whole_after_the_cache_let_its_file_go(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    store, made = fill(place, folder)
    clip_ids = folder.clips.column("clip_id").to_pylist()
    wanted = store.read("frames", clip_ids)
    bound = 70_000  # a shard of four clips has 49 kB of pixels
    other = FeatureStore(elsewhere(place, tmp_path / "other", bound), made.features)
    held = other.read("frames", clip_ids)
    assert len(files_in(tmp_path / "other")) == 1
    assert held.equals(wanted)


def test_many_threads_read_through_a_cache_that_holds_one_shard(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    store, made = fill(place, folder)
    clip_ids = folder.clips.column("clip_id").to_pylist()
    wanted = store.read("frames", clip_ids)
    cache = tmp_path / "other"

    def read(seed: int) -> bool:
        order = np.random.default_rng(seed).permutation(16)
        mine = FeatureStore(elsewhere(place, cache, 70_000), made.features)
        read = mine.read("frames", [clip_ids[number] for number in order])
        return bool(read.equals(wanted.take(pa.array(order))))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(8))) == [True] * 8


def test_a_file_wanted_by_many_threads_is_fetched_once(
    place: RemotePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.publish("view/a.arrow") as beside:
        beside.write_bytes(bytes(1000))
    reads = []
    read = type(place.remote).read

    def noted(self: Any, name: str) -> Iterator[bytes]:
        reads.append(name)
        time.sleep(0.05)
        return read(self, name)

    monkeypatch.setattr(type(place.remote), "read", noted)
    other = elsewhere(place, tmp_path / "other")
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(other.fetch, ["view/a.arrow"] * 8))
    assert [path.stat().st_size for path in paths] == [1000]
    assert reads == ["view/a.arrow"]


def test_a_damaged_copy_is_fetched_again_and_the_shard_is_not_condemned(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    store, made = fill(place, folder)
    wanted = store.read("frames", ["c000"])
    for damage in (flip_a_pixel, cut_short):
        other = FeatureStore(elsewhere(place, tmp_path / damage.__name__), made.features)
        other.read("frames", ["c000"])
        (copy,) = files_in(tmp_path / damage.__name__)
        damage(copy)
        fresh = FeatureStore(elsewhere(place, tmp_path / damage.__name__), made.features)
        assert fresh.read("frames", ["c000"]).equals(wanted)
    assert len(place.files(FOLDER)) == 4 + 1


def test_a_shard_damaged_on_the_server_is_found_and_made_again(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    store, made = fill(place, folder)
    wanted = store.read("frames", ["c000"])
    shard = made.features.column("shard")[0].as_py()
    copy = tmp_path / "damaged"
    copy.write_bytes(place.fetch(shard).read_bytes())
    flip_a_pixel(copy)
    place.remote.write(copy, shard)
    other = FeatureStore(elsewhere(place, tmp_path / "other"), made.features, shard_clips=4)
    with pytest.raises(DamagedFeature, match="changed bytes"):
        other.read("frames", ["c000"])
    other.discard(shard)
    assert not place.files(FOLDER).get(Path(shard).name)
    assert not other.place.fetch(shard).exists()
    assert other.materialize([VIEW], manifest_of(folder), processes=1).computed == {"frames": 4}
    assert other.read("frames", ["c000"]).equals(wanted)


def flip_a_pixel(path: Path) -> None:
    """Change one byte in the middle of the first clip's pixels."""
    data = bytearray(path.read_bytes())
    data[len(data) // 8] ^= 1
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def test_two_machines_that_fill_a_bucket_at_once_leave_what_one_leaves(
    folder: Any, place: RemotePlace, tmp_path: Path
) -> None:
    places = [elsewhere(place, tmp_path / name) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda one: fill(one, folder)[1], places))
    assert made[0].features.equals(made[1].features)
    assert made[0].features.num_rows == 16
    _, again = fill(place, folder)
    assert again.computed == {"frames": 0}
    assert len(place.files(FOLDER)) == 4 + 1


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
    Faulty.reads = Faulty.writes = 0


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


def test_a_file_is_replaced_as_a_whole(place: RemotePlace, tmp_path: Path) -> None:
    for text in (b"first", b"the second"):
        with place.publish("view/index.parquet") as beside:
            beside.write_bytes(text)
        other = elsewhere(place, tmp_path / "other")
        assert other.fetch("view/index.parquet").read_bytes() == text
    assert place.files("view") == {"index.parquet": 10}
    assert time.time() - place.modified_s("view/index.parquet") < 60


def test_a_bucket_that_is_not_there_is_told_before_anything_is_made(
    folder: Any, environment: None, tmp_path: Path
) -> None:
    del environment
    place = RemotePlace("s3://no-such-bucket/x", tmp_path / "cache", ROOM)
    with pytest.raises(FeatureError, match=r"s3://no-such-bucket/x.*no such bucket; make it"):
        fill(place, folder)
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


def test_a_place_travels_to_workers(bucket: str, tmp_path: Path) -> None:
    place = RemotePlace(f"s3://{bucket}/x", tmp_path / "cache", ROOM)
    send(place)
    sent: RemotePlace = pickle.loads(pickle.dumps(place))  # noqa: S301 - made here
    assert sent.files("view") == {"a.arrow": 5}
    assert sent.fetch("view/a.arrow") == place.fetch("view/a.arrow")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (None, "project/data/store"),
        ("elsewhere/shards", "project/elsewhere/shards"),
        ("../beside", "beside"),
    ],
)
def test_a_folder_in_the_settings_is_relative_to_the_project(
    url: str | None, wanted: str, tmp_path: Path
) -> None:
    store = open_store(StoreSettings(url=url), Workspace(tmp_path / "project"))
    assert isinstance(store.place, LocalPlace)
    assert store.place.folder == tmp_path / wanted


def test_a_url_in_the_settings_is_read_through_the_project_s_cache(tmp_path: Path) -> None:
    settings = StoreSettings(url="s3://lab/rodepil", cache="kept", cache_gb=0.5)
    store = open_store(settings, Workspace(tmp_path))
    assert isinstance(store.place, RemotePlace)
    assert store.place.cache.folder == tmp_path / "kept"
    assert store.place.cache.limit_bytes == 500_000_000
    address = (tmp_path / "a folder").as_uri()
    near = open_store(StoreSettings(url=address), Workspace(tmp_path))
    assert isinstance(near.place, LocalPlace)
    assert near.place.folder == tmp_path / "a folder"
