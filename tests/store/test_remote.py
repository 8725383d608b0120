"""Shards on a server that speaks S3, and on file systems of fsspec, read through a cache."""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rodepil.config.settings import StoreSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import DamagedFeature, FeatureError
from rodepil.store import FeatureStore, MaterializeSummary
from rodepil.store.filesystem import RemoteFolder, _may_log_in
from rodepil.store.index import INDEX, Index
from rodepil.store.materialize import Manifest
from rodepil.store.opening import open_store
from rodepil.store.places import LocalPlace
from rodepil.store.remote import RemotePlace
from rodepil.store.shards import folder_name
from rodepil.store.views.frames import FrameView

VIEW = FrameView(frames=4, size_px=32)
FOLDER = folder_name(VIEW)
ROOM = 10**9


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
    listed = {one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    listed.discard(f"{FOLDER}/")  # Arrow marks the folder of what it removes, here the lease
    assert listed == {f"{FOLDER}/{name}" for name in store.place.files(FOLDER)}
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


def test_a_file_is_replaced_as_a_whole(place: RemotePlace, tmp_path: Path) -> None:
    for text in (b"first", b"the second"):
        with place.publish("view/index.parquet") as beside:
            beside.write_bytes(text)
        other = elsewhere(place, tmp_path / "other")
        assert other.fetch("view/index.parquet").read_bytes() == text
    assert place.files("view") == {"index.parquet": 10}
    assert time.time() - place.modified_s("view/index.parquet") < 60


def send(place: RemotePlace) -> None:
    with place.publish("view/a.arrow") as beside:
        beside.write_bytes(b"whole")


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


def test_a_server_of_ones_own_is_told_with_the_store() -> None:
    folder = RemoteFolder("s3://lab/rodepil")
    assert folder.server({}) == ""
    assert folder.server({"AWS_ENDPOINT_URL": "http://x:1"}) == "http://x:1"
    assert RemoteFolder("s3://lab?endpoint_override=y:2").server({}) == "y:2"
    assert RemoteFolder("gs://lab").server({"AWS_ENDPOINT_URL": "http://x:1"}) == ""


def test_a_login_is_missed_where_none_is_set(tmp_path: Path) -> None:
    none = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    assert not _may_log_in("s3://lab", none)
    assert _may_log_in("s3://lab", none | {"AWS_ACCESS_KEY_ID": "k"})
    assert _may_log_in("s3://k:s@lab", none)
    assert _may_log_in("s3://lab?anonymous=true", none)
    (tmp_path / "none").write_text("[default]")
    assert _may_log_in("s3://lab", none)
