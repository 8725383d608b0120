"""Features are read without a copy, in the order asked for, and only as what their keys say."""

from __future__ import annotations

import json
import os
import pickle
import resource
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rodepil.errors import FeatureError
from rodepil.store import FeatureStore, MotionView
from rodepil.store.open_shards import OPEN_SHARDS
from rodepil.store.views.frames import FrameView
from tests.store.conftest import ClipFolder, Video

VIEW = FrameView(frames=4, size_px=32)
MOTION = MotionView(size_px=24)


@pytest.fixture
def filled(folder: ClipFolder, store: FeatureStore) -> FeatureStore:
    store.materialize([VIEW, MOTION], folder.manifest, processes=1)
    return store


def pixels(store: FeatureStore, *clip_ids: str) -> list[Video]:
    return [row["frames"] for row in store.rows("frames", clip_ids)]


def shard_of(store: FeatureStore, clip_id: str, view: str = "frames") -> Path:
    wanted = (pa.compute.field("view") == view) & (pa.compute.field("clip_id") == clip_id)
    (row,) = store.features.filter(wanted).to_pylist()
    path: Path = store.place.folder / row["shard"]
    return path


def test_features_come_in_the_order_asked_for(filled: FeatureStore) -> None:
    one, two, three = pixels(filled, "c009", "c002", "c009")
    assert np.array_equal(one, three)
    assert not np.array_equal(one, two)
    table = filled.read("frames", ["c009", "c002", "c009"])
    assert table.column("clip_id").to_pylist() == ["c009", "c002", "c009"]
    for chunk, wanted in zip(table.column("frames").chunks, (one, two, three), strict=True):
        assert np.array_equal(chunk.to_numpy_ndarray()[0], wanted)


def test_what_differs_in_length_and_numbers_come_as_arrow_too(
    folder: ClipFolder, store: FeatureStore
) -> None:
    folder.add(3, folder.videos["c003"][:9])
    store.materialize([MOTION], folder.manifest, processes=1)
    table = store.read("motion", ["c002", "c003"])
    assert table.column_names == ["clip_id", "activity", "mean", "peak", "frequency_hz", "power"]
    assert [len(each) for each in table.column("activity").to_pylist()] == [29, 8]
    for row, arrow in zip(store.rows("motion", ["c002", "c003"]), table.to_pylist(), strict=True):
        assert row["activity"].tolist() == arrow["activity"]
        assert row["mean"] == arrow["mean"] == pytest.approx(np.mean(arrow["activity"]))
        assert row["peak"].shape == ()


def test_no_clips_are_read_as_none(filled: FeatureStore) -> None:
    assert filled.read("frames", []).num_rows == 0
    assert list(filled.rows("frames", [])) == []


def test_reading_takes_no_memory(filled: FeatureStore) -> None:
    ids = [f"c{number:03}" for number in range(16)]
    one_clip = 4 * 3 * 32 * 32
    before = pa.total_allocated_bytes()
    arrays, table = pixels(filled, *ids), filled.read("frames", ids)
    assert len(arrays) == table.num_rows == 16
    assert pa.total_allocated_bytes() - before < one_clip


def test_what_is_read_is_the_file_itself(filled: FeatureStore) -> None:
    (array,) = pixels(filled, "c003")
    (chunk,) = filled.read("frames", ["c003"]).column("frames").chunks
    path = shard_of(filled, "c003")
    offset = path.read_bytes().find(array.tobytes())
    assert offset > 0
    was = int(array.flat[100])
    with path.open("r+b") as stream:
        stream.seek(offset + 100)
        stream.write(bytes([was ^ 255]))
    assert array.flat[100] == was ^ 255
    assert chunk.to_numpy_ndarray().flat[100] == was ^ 255


def test_what_is_read_can_not_be_written_to(filled: FeatureStore) -> None:
    (array,) = pixels(filled, "c003")
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        array.flags.writeable = True


def test_a_feature_outlives_store_and_file(filled: FeatureStore, folder: ClipFolder) -> None:
    arrays = pixels(filled, *folder.rows)
    copies = [array.copy() for array in arrays]
    for path in list(filled.place.folder.rglob("*.arrow")):
        path.unlink()
    filled.forget()
    assert all(np.array_equal(one, two) for one, two in zip(arrays, copies, strict=True))


@pytest.fixture
def scattered(folder: ClipFolder, tmp_path: Path) -> FeatureStore:
    """A store of more shards than stay open, a clip in each."""
    store = FeatureStore(tmp_path / "one", shard_clips=1)
    small = FrameView(frames=1, size_px=1)
    for number in range(16, OPEN_SHARDS + 10):
        folder.rows[f"c{number:03}"] = folder.rows["c000"] | {"clip_id": f"c{number:03}"}
        extra = (folder.root / "clips" / "c000.avi").read_bytes() + number.to_bytes(8, "big")
        (folder.root / "clips" / f"c{number:03}.avi").write_bytes(extra)
        folder.rows[f"c{number:03}"]["path"] = f"clips/c{number:03}.avi"
        folder.sign(f"c{number:03}")
    made = store.materialize([small], folder.manifest, processes=1).features
    assert len(set(made.column("shard").to_pylist())) == OPEN_SHARDS + 10
    return store


def test_few_shards_stay_open(scattered: FeatureStore) -> None:
    for _ in scattered.rows("frames", scattered.features.column("clip_id").to_pylist()):
        assert len(scattered._shards.opened) <= OPEN_SHARDS
    assert len(scattered._shards.opened) == OPEN_SHARDS


def test_what_is_read_holds_no_file_open(scattered: FeatureStore) -> None:
    ids = scattered.features.column("clip_id").to_pylist()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(free := os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 8, hard))
    try:
        table = scattered.read("frames", ids)
        arrays = pixels(scattered, *ids)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert table.num_rows == len(arrays) == OPEN_SHARDS + 10
    chunks = table.column("frames").chunks
    assert all(
        np.array_equal(chunk.to_numpy_ndarray()[0], array)
        for chunk, array in zip(chunks, arrays, strict=True)
    )


def test_a_shard_is_arrow_that_anyone_can_read(filled: FeatureStore) -> None:
    path = shard_of(filled, "c003")
    with pa.ipc.open_file(path) as reader:
        assert reader.schema.field(0).type == pa.fixed_shape_tensor(pa.uint8(), (4, 3, 32, 32))
        assert [reader.get_batch(i).num_rows for i in range(4)] == [1] * 4
        header = json.loads(reader.schema.metadata[b"rodepil.shard"])
    assert (header["kind"], header["code_version"]) == ("frames", FrameView.code_version)
    assert header["settings"] == {
        "frames": 4, "size_px": 32, "colour": "rgb", "pairs": "none", "gap": 1,
    }  # fmt: skip
    name = path.relative_to(filled.place.folder).as_posix()
    there = filled.features.filter(pa.compute.field("shard") == name)
    assert set(header["keys"]) == set(there.column("key").to_pylist())


def test_a_store_reaches_another_process(filled: FeatureStore) -> None:
    (here,) = pixels(filled, "c003")
    there = pickle.loads(pickle.dumps(filled))  # noqa: S301 - our own bytes
    assert np.array_equal(pixels(there, "c003")[0], here)


def test_a_clip_without_a_feature_is_named(filled: FeatureStore) -> None:
    with pytest.raises(
        FeatureError, match=r"1 clips have no stored feature in view 'frames'.*c999"
    ):
        filled.read("frames", ["c000", "c999"])
    with pytest.raises(FeatureError, match=r"has no view 'flow', it has .*materialize flow'"):
        filled.read("flow", ["c000", "c001"])
    with pytest.raises(FeatureError, match=r"this store has no snapshot.*open_store\(settings"):
        FeatureStore(filled.place).read("frames", ["c000"])


def test_a_feature_is_what_its_key_says_wherever_the_snapshot_points(
    filled: FeatureStore,
) -> None:
    right = [array.copy() for array in pixels(filled, "c000", "c001")]
    rows = filled.features.filter(pa.compute.field("view") == "frames").to_pylist()
    rows[0]["row"] = (rows[0]["row"] + 1) % 4
    rows[1]["row"] = 4
    rows[2]["key"] = "0" * 32
    filled.features = pa.Table.from_pylist(rows, schema=filled.features.schema)
    for one, two in zip(pixels(filled, "c000", "c001"), right, strict=True):
        assert np.array_equal(one, two)
    with pytest.raises(FeatureError, match=r"feature 00000000.* is not in the store"):
        filled.read("frames", ["c002"])
