"""The index spares opening shards, and is right whatever becomes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store import FeatureStore
from rodepil.store.index import INDEX, Index
from rodepil.store.shards import Shard, folder_name
from tests.store.conftest import ClipFolder, contents
from tests.store.test_read import VIEW, shard_of

FOLDER = folder_name(VIEW)


@pytest.fixture
def filled(folder: ClipFolder, store: FeatureStore) -> FeatureStore:
    store.materialize([VIEW], folder.manifest, processes=1)
    return store


@pytest.fixture
def shards_opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The shards that are opened, by name, as they come."""
    names: list[str] = []
    made = Shard.__init__

    def noted(self: Shard, path: Path, source: pa.NativeFile | None = None) -> None:
        names.append(path.name)
        made(self, path, source)

    monkeypatch.setattr(Shard, "__init__", noted)
    return names


def again(folder: ClipFolder, store: FeatureStore) -> tuple[int, int]:
    """Materialize as another process would; return what was computed and reused."""
    summary = FeatureStore(store.place, shard_clips=4).materialize(
        [VIEW], folder.manifest, processes=1
    )
    return summary.computed["frames"], summary.reused["frames"]


def test_the_index_says_what_the_shards_say(filled: FeatureStore) -> None:
    path = filled.place.folder / FOLDER / INDEX
    rows = tables.read("shards", path).to_pylist()
    for name in {row["shard"] for row in rows}:
        shard = path.with_name(name)
        with pa.ipc.open_file(shard) as reader:
            assert reader.num_record_batches == 4
        listed = [row for row in rows if row["shard"] == name]
        assert [row["key"] for row in listed] == list(Shard(shard).keys)
        assert [row["row"] for row in listed] == [0, 1, 2, 3]
        assert {row["size_bytes"] for row in listed} == {shard.stat().st_size}
    assert len(rows) == 16


def test_with_an_index_no_shard_is_opened(
    folder: ClipFolder, filled: FeatureStore, shards_opened: list[str]
) -> None:
    assert again(folder, filled) == (0, 16)
    assert shards_opened == []


@pytest.mark.parametrize("damage", ["lost", "empty", "garbage", "foreign", "half"])
def test_an_index_that_is_lost_or_damaged_is_made_again(
    folder: ClipFolder, filled: FeatureStore, shards_opened: list[str], damage: str
) -> None:
    before = contents(filled.place.folder)
    path = filled.place.folder / FOLDER / INDEX
    whole = path.read_bytes()
    if damage == "foreign":
        pq.write_table(pa.table({"x": [1]}), path)
    elif damage == "lost":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "garbage": b"PAR1" * 40, "half": whole[:300]}[damage])
    assert again(folder, filled) == (0, 16)
    assert len(set(shards_opened)) == 4
    assert contents(filled.place.folder) == before
    shards_opened.clear()
    assert again(folder, filled) == (0, 16)
    assert shards_opened == []


def test_a_flipped_bit_in_the_index_changes_nothing(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    right = Index(filled.place, FOLDER).spots
    path = filled.place.folder / FOLDER / INDEX
    whole = path.read_bytes()
    chance = np.random.default_rng(1)
    for position in chance.choice(len(whole), 400, replace=False):
        data = bytearray(whole)
        data[position] ^= 1 << int(chance.integers(8))
        path.write_bytes(bytes(data))
        assert Index(filled.place, FOLDER).spots == right
    assert again(folder, filled) == (0, 16)
    assert path.read_bytes() == whole


def test_an_index_that_knows_removed_shards_is_not_believed(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    before = contents(filled.place.folder)
    shard_of(filled, "c000").unlink()
    assert again(folder, filled) == (4, 12)
    assert contents(filled.place.folder) == before


def test_an_index_that_lacks_new_shards_is_not_believed(
    folder: ClipFolder, filled: FeatureStore, shards_opened: list[str]
) -> None:
    path = filled.place.folder / FOLDER / INDEX
    old = path.read_bytes()
    folder.add(5, 255 - folder.videos["c005"])
    assert again(folder, filled) == (1, 15)
    new = path.read_bytes()
    path.write_bytes(old)
    shards_opened.clear()
    assert again(folder, filled) == (0, 16)
    assert len(shards_opened) == 1
    assert path.read_bytes() == new


def test_a_store_that_may_only_be_read_needs_no_index(
    folder: ClipFolder, filled: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled.place.folder / FOLDER / INDEX).unlink()

    def refuse(name: str) -> None:
        raise FeatureError(f"{name} can't be written")

    monkeypatch.setattr(filled.place, "publish", refuse)  # root may write everywhere
    assert again(folder, filled) == (0, 16)
    folder.add(5, 255 - folder.videos["c005"])
    with pytest.raises(FeatureError, match="can't be written"):
        again(folder, filled)


def test_a_shard_that_can_not_be_opened_ends_the_run_and_is_left_as_it_is(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    path = shard_of(filled, "c000")
    path.unlink()
    path.mkdir()  # root may read all files
    with pytest.raises(FeatureError, match="can't be opened: Is a directory"):
        again(folder, filled)
    assert path.is_dir()


def test_a_feature_of_a_removed_shard_is_said_to_be_gone(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    shard_of(filled, "c000").unlink()
    filled.forget()
    with pytest.raises(FeatureError, match=r"is not in the store \(frames-.*run 'rodepil features"):
        filled.read("frames", ["c000"])
    filled.ensure(VIEW, folder.manifest, processes=1)
    assert filled.read("frames", ["c000"]).num_rows == 1
