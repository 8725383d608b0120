from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rodepil.errors import FeatureError
from rodepil.store.features import OPEN_SHARDS, FeatureStore
from rodepil.store.shards import Shard
from rodepil.store.views import FrameView

VIEW = FrameView(frames=4, size_px=32)
Contents = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store", shard_clips=4)


@pytest.fixture
def features(folder: Any, store: FeatureStore) -> pa.Table:
    made: pa.Table = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    return made


def test_features_come_in_the_order_asked_for(store: FeatureStore, features: pa.Table) -> None:
    one, two, three = store.read(VIEW, features, ["c009", "c002", "c009"])
    assert np.array_equal(one, three)
    assert not np.array_equal(one, two)


def test_reading_takes_no_memory(store: FeatureStore, features: pa.Table) -> None:
    before = pa.total_allocated_bytes()
    arrays = store.read(VIEW, features, features.column("clip_id").to_pylist())
    assert len(arrays) == 16
    assert pa.total_allocated_bytes() - before < arrays[0].nbytes


def test_what_is_read_is_the_file_itself(store: FeatureStore, features: pa.Table) -> None:
    (array,) = store.read(VIEW, features, ["c003"])
    row = features.filter(pa.compute.field("clip_id") == "c003").to_pylist()[0]
    path = store.folder / row["shard"]
    offset = path.read_bytes().find(array.tobytes())
    assert offset > 0
    was = int(array.flat[100])
    with path.open("r+b") as stream:
        stream.seek(offset + 100)
        stream.write(bytes([was ^ 255]))
    assert array.flat[100] == was ^ 255


def test_what_is_read_can_not_be_written_to(store: FeatureStore, features: pa.Table) -> None:
    (array,) = store.read(VIEW, features, ["c003"])
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        array.flags.writeable = True


def test_a_feature_outlives_store_and_file(store: FeatureStore, features: pa.Table) -> None:
    ids = features.column("clip_id").to_pylist()
    arrays = store.read(VIEW, features, ids)
    copies = [array.copy() for array in arrays]
    for path in list(store.folder.rglob("*.arrow")):
        path.unlink()
    del store
    assert all(np.array_equal(one, two) for one, two in zip(arrays, copies, strict=True))


def test_few_shards_stay_open(folder: Any, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "one", shard_clips=1)
    for number in range(16, OPEN_SHARDS + 10):
        folder.rows[f"c{number:03}"] = folder.rows["c000"] | {"clip_id": f"c{number:03}"}
    made = store.materialize(VIEW, folder.clips, folder.root, processes=1).features
    assert len(set(made.column("shard").to_pylist())) == 16
    for _ in store.stream(VIEW, made, made.column("clip_id").to_pylist()):
        assert len(store._open) <= OPEN_SHARDS


def test_a_shard_is_arrow_that_anyone_can_read(store: FeatureStore, features: pa.Table) -> None:
    for path in store.folder.rglob("*.arrow"):
        with pa.ipc.open_file(path) as reader:
            assert reader.schema.field(0).type == pa.fixed_shape_tensor(pa.uint8(), (4, 3, 32, 32))
            assert [reader.get_batch(i).num_rows for i in range(4)] == [1] * 4
            header = json.loads(reader.schema.metadata[b"rodepil.shard"])
        assert (header["view"], header["settings"]) == ("frames", {"frames": 4, "size_px": 32})
        keys = features.filter(pa.compute.field("shard") == str(path.relative_to(store.folder)))
        assert set(header["keys"]) == set(keys.column("key").to_pylist())


def test_a_store_reaches_another_process(store: FeatureStore, features: pa.Table) -> None:
    store.read(VIEW, features, ["c003"])
    there = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own bytes
    assert np.array_equal(
        there.read(VIEW, features, ["c003"])[0], store.read(VIEW, features, ["c003"])[0]
    )


def test_a_clip_without_a_feature_is_named(store: FeatureStore, features: pa.Table) -> None:
    with pytest.raises(
        FeatureError, match=r"1 clips have no stored feature in view 'frames'.*c999"
    ):
        store.read(VIEW, features, ["c000", "c999"])


def test_a_snapshot_of_other_settings_is_refused(store: FeatureStore, features: pa.Table) -> None:
    with pytest.raises(FeatureError, match=r"is of other settings than FrameView\(frames=8"):
        store.read(FrameView(frames=8, size_px=32), features, ["c000"])


def test_a_feature_is_what_its_key_says_wherever_the_snapshot_points(
    store: FeatureStore, features: pa.Table
) -> None:
    rows = features.to_pylist()
    rows[0]["row"] = (rows[0]["row"] + 1) % 4
    rows[1]["row"] = 4
    rows[2]["key"] = "0" * 32
    moved = pa.Table.from_pylist(rows, schema=features.schema)
    there = ["c000", "c001"]
    for one, two in zip(
        store.read(VIEW, moved, there), store.read(VIEW, features, there), strict=True
    ):
        assert np.array_equal(one, two)
    with pytest.raises(FeatureError, match="does not hold feature 00000000"):
        store.read(VIEW, moved, ["c002"])


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda _: b"",
        lambda _: b"garbage" * 100,
        lambda data: data[:-1],
        lambda data: bytes(len(data)),
    ],
)
def test_a_torn_shard_is_refused_and_made_again(
    folder: Any,
    store: FeatureStore,
    features: pa.Table,
    contents: Contents,
    damage: Callable[[bytes], bytes],
) -> None:
    before = contents(store.folder)
    torn = store.folder / features.column("shard")[0].as_py()
    torn.write_bytes(damage(torn.read_bytes()))
    with pytest.raises(FeatureError, match=r"is torn or no shard.*run 'rodepil features mat"):
        FeatureStore(store.folder).read(VIEW, features, ["c000"])
    summary = store.materialize(VIEW, folder.clips, folder.root, processes=1)
    assert (summary.computed, summary.reused) == (4, 12)
    assert contents(store.folder) == before


def test_a_shard_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    header = json.dumps({"format": 2, "keys": []})
    schema = pa.schema([("feature", pa.uint8())], metadata={b"rodepil.shard": header})
    with pa.ipc.new_file(tmp_path / "new.arrow", schema):
        pass
    with pytest.raises(FeatureError, match="has format 2 and 0 of 0 features, wanted format 1"):
        Shard(tmp_path / "new.arrow")
    with pa.ipc.new_file(tmp_path / "foreign.arrow", pa.schema([("x", pa.int64())])):
        pass
    with pytest.raises(FeatureError, match="is torn or no shard"):
        Shard(tmp_path / "foreign.arrow")
