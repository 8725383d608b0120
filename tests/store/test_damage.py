"""A shard that is not what was written is found before anything of it is read, and made again."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rodepil.errors import DamagedFeature, FeatureError
from rodepil.store import FeatureStore, MotionView
from rodepil.store.shards import FORMAT, HEADER, Shard, file_name, folder_name, write_shard
from rodepil.store.views.base import Row, View
from rodepil.store.views.frames import FrameView
from tests.store import flip
from tests.store.conftest import ClipFolder, contents
from tests.store.test_read import VIEW, shard_of


@pytest.fixture
def filled(folder: ClipFolder, store: FeatureStore) -> FeatureStore:
    store.materialize([VIEW], folder.manifest, processes=1)
    return store


def small(folder: Path, kind: str) -> tuple[Path, list[Row]]:
    """Write a shard of two rows and a few kB."""
    chance = np.random.default_rng(0)
    view: View = FrameView(frames=2, size_px=3) if kind == "frames" else MotionView()
    names = [name for name in view.columns if name not in {"frames", "activity"}]
    rows: list[Row] = [
        {"frames": chance.integers(0, 256, (2, 3, 3, 3), dtype=np.uint8)}
        if kind == "frames"
        else {"activity": chance.random(length).astype(np.float32)}
        | {name: np.array(chance.random(), np.float32) for name in names}
        for length in (5, 0)
    ]
    keys = [view.key(digit * 64) for digit in "01"]
    path = folder / file_name(keys)
    write_shard(path, view, keys, rows)
    return path, rows


@pytest.mark.parametrize("kind", ["frames", "motion"])
def test_what_is_written_is_read(tmp_path: Path, kind: str) -> None:
    path, rows = small(tmp_path, kind)
    shard = Shard(path)
    for number, row in enumerate(rows):
        shard.check(number)
        read = shard.arrays(number)
        assert list(read) == list(row)
        assert all(np.array_equal(read[name], row[name]) for name in row)
        assert all(read[name].dtype == row[name].dtype for name in row)


@pytest.mark.parametrize("kind", ["frames", "motion"])
def test_every_flipped_bit_is_found_or_changes_nothing_that_is_read(
    tmp_path: Path, kind: str
) -> None:
    path, _ = small(tmp_path, kind)
    bits = 8 if kind == "frames" else 2
    command = [sys.executable, flip.__file__, str(path), str(bits)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr  # it did not crash either
    size, found, harmless, wrong = map(int, run.stdout.split()[:4])
    assert wrong == 0, run.stdout
    assert size == path.stat().st_size
    assert found + harmless == bits * size
    assert found > bits * size // 3


@pytest.mark.parametrize("kind", ["frames", "motion"])
def test_a_shard_cut_short_anywhere_is_found(tmp_path: Path, kind: str) -> None:
    path, _ = small(tmp_path, kind)
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 5), *range(len(whole) - 100, len(whole))}:
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFeature, match=r"is torn or no shard.*run 'rodepil features mat"):
            Shard(path)
    path.write_bytes(whole)
    assert len(Shard(path).keys) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda _: b"",
        lambda _: b"garbage" * 100,
        lambda data: data[:-1],
        lambda data: bytes(len(data)),
        lambda data: data + b"more",
    ],
    ids=["half", "empty", "garbage", "one byte", "zeros", "longer"],
)
def test_a_torn_shard_is_refused_and_made_again(
    folder: ClipFolder, filled: FeatureStore, damage: Callable[[bytes], bytes]
) -> None:
    before = contents(filled.place.folder)
    torn = shard_of(filled, "c000")
    torn.write_bytes(damage(torn.read_bytes()))
    fresh = FeatureStore(filled.place, filled.features, shard_clips=4)
    with pytest.raises(DamagedFeature, match=r"is torn or no shard.*run 'rodepil features mat"):
        fresh.read("frames", ["c000"])
    summary = fresh.materialize([VIEW], folder.manifest, processes=1)
    assert (summary.computed, summary.reused) == ({"frames": 4}, {"frames": 12})
    assert contents(filled.place.folder) == before
    assert fresh.read("frames", ["c000"]).num_rows == 1


@pytest.mark.parametrize("how", ["read", "rows"])
def test_a_changed_byte_is_found_at_the_first_read_and_made_again(
    folder: ClipFolder, filled: FeatureStore, how: str
) -> None:
    before = contents(filled.place.folder)
    path = shard_of(filled, "c003")
    data = bytearray(path.read_bytes())
    (row,) = filled.rows("frames", ["c003"])
    data[data.find(row["frames"].tobytes()) + 100] ^= 1
    path.write_bytes(bytes(data))
    fresh = FeatureStore(filled.place, filled.features, shard_clips=4)
    with pytest.raises(DamagedFeature, match=r"has changed bytes in row \d.*run 'rodepil features"):
        list(getattr(fresh, how)("frames", ["c003"]))
    summary = fresh.materialize([VIEW], folder.manifest, processes=1)
    assert summary.computed == {"frames": 4}
    assert contents(filled.place.folder) == before
    assert fresh.read("frames", ["c003"]).num_rows == 1


def test_a_row_is_checked_once(filled: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []
    check = Shard.check

    def noted(self: Shard, row: int) -> None:
        checked.append(row)
        check(self, row)

    monkeypatch.setattr(Shard, "check", noted)
    for _ in range(3):
        filled.read("frames", ["c003", "c003", "c006"])
    assert len(checked) == 2


def newer(path: Path) -> bytes:
    """Write a shard as a later version may, and return its bytes."""
    header = json.dumps({"format": FORMAT + 1, "what": "is not known yet"})
    schema = pa.schema([("feature", pa.uint8())], metadata={HEADER: header})
    with pa.ipc.new_file(path, schema):
        pass
    return path.read_bytes()


def test_a_store_written_by_a_newer_version_is_refused_and_left_as_it_is(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    path = shard_of(filled, "c000")
    data = newer(path)
    says = rf"has format {FORMAT + 1}, this version of rodepil reads {FORMAT}; install the version"
    fresh = FeatureStore(filled.place, filled.features, shard_clips=4)
    with pytest.raises(FeatureError, match=says) as refused:
        fresh.materialize([VIEW], folder.manifest, processes=1)
    assert not isinstance(refused.value, DamagedFeature)
    with pytest.raises(FeatureError, match=says):
        fresh.read("frames", ["c000"])
    assert path.read_bytes() == data


def test_what_is_no_shard_of_ours_is_refused(tmp_path: Path) -> None:
    with pa.ipc.new_file(tmp_path / "foreign.arrow", pa.schema([("x", pa.int64())])):
        pass
    with pytest.raises(DamagedFeature, match="is torn or no shard"):
        Shard(tmp_path / "foreign.arrow")
    path, _ = small(tmp_path, "frames")
    moved = path.rename(tmp_path / "other.arrow")
    with pytest.raises(DamagedFeature, match="under other keys than it is named for"):
        Shard(moved)
    with pytest.raises(FeatureError, match="is not in the store"):
        Shard(path)


def test_a_shard_that_can_not_be_opened_is_not_taken_for_damaged(filled: FeatureStore) -> None:
    path = shard_of(filled, "c000")
    filled.forget()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        with pytest.raises(FeatureError, match="can't be opened: Too many open files") as refused:
            Shard(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not isinstance(refused.value, DamagedFeature)
    assert filled.read("frames", ["c000"]).num_rows == 1


def test_a_damaged_shard_of_another_view_is_in_nobodys_way(
    folder: ClipFolder, filled: FeatureStore
) -> None:
    shard_of(filled, "c000").write_bytes(b"")
    other = FrameView(frames=2, size_px=16, name="small")
    summary = filled.materialize([other], folder.manifest, processes=1)
    assert summary.computed == {"small": 16}
    assert folder_name(other) != folder_name(VIEW)
