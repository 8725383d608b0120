"""The benchmark of the store: every row is there, and each side does what it is named for."""

from __future__ import annotations

import mmap
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from rodepil.bench import disk, work
from rodepil.bench.decoding import decode_only
from rodepil.bench.store import Plan, bench_store, machine
from rodepil.bench.store_deciding import TINY, deciding_rows
from rodepil.errors import SourceError, VideoError
from rodepil.io import tables
from rodepil.io.progress import Silent
from rodepil.store import FeatureStore
from rodepil.store.shards import folder_name
from tests.store.conftest import ClipFolder, encode, noise

RANKED = (
    "4 views in one decode, processor time a clip",
    "4 views in one decode, time a clip",
    "materialize 16x224, 16 clips on",
    "peak memory of a worker that makes 4 views",
    "random reads, warm",
    "batches of 16, warm",
    "a clip, warm",
    "random reads, cold",
    "nothing to make of 40 clips",
)


def manifest(folder: Path) -> Path:
    """Encode clips of four subjects and write their manifest."""
    made = ClipFolder(folder)
    for number in range(16):
        made.add(number, noise(number))
    tables.write("clips", made.clips, folder / "clips.parquet")
    return folder / "clips.parquet"


def test_every_number_that_is_asked_for_has_a_row(tmp_path: Path):
    clips = manifest(tmp_path / "data")
    rows = bench_store(Plan(clips, repeats=1, tables=((40, 3.0),)), Silent())
    cold = disk.drops_from_memory(tmp_path)
    wanted = [name for name in RANKED if cold or "cold" not in name]
    assert [row.name for row in rows if not row.name.startswith(tuple(wanted))] == []
    assert len(rows) == len(wanted)
    assert all(row.value > 0 and row.peer_value > 0 for row in rows)
    for row in rows:
        better = row.peer_value / row.value if row.unit in {"ms", "s", "MiB"} else 0
        assert row.ratio == pytest.approx(better or row.value / row.peer_value), row.name
    assert machine(Plan(clips))["clips"] == "clips.parquet"
    assert ("posix_fadvise" in str(machine(Plan(clips))["cold_reads"])) == cold


def test_a_manifest_that_keeps_nothing_is_refused(tmp_path: Path):
    tables.write("clips", tables.from_rows("clips", []), tmp_path / "clips.parquet")
    with pytest.raises(SourceError, match="keeps no clips; give the manifest"):
        bench_store(Plan(tmp_path / "clips.parquet"), Silent())


def test_opencv_gives_the_frames_that_the_store_holds(tmp_path: Path):
    video = noise(3, 30)
    encode(tmp_path / "clip.avi", video)
    found = work.sample_with_opencv(tmp_path / "clip.avi", 4, 30)
    np.testing.assert_array_equal(found, video[[3, 11, 18, 26]][..., ::-1])
    repeated = work.sample_with_opencv(tmp_path / "clip.avi", 60, 30)
    np.testing.assert_array_equal(repeated, video[np.arange(60) // 2][..., ::-1])
    with pytest.raises(VideoError, match=r"OpenCV reads 30 frames of .*clip\.avi, wanted 60"):
        work.sample_with_opencv(tmp_path / "clip.avi", 30, 60)
    assert decode_only([tmp_path / "clip.avi"] * 2) == 60


def test_the_tables_over_which_nothing_is_made_are_those_of_a_materialized_store(tmp_path: Path):
    (row,) = deciding_rows([(40, 3.0)], tmp_path, repeats=1)
    assert row.ratio == pytest.approx(3.0 / row.value)
    place = tmp_path / "40"
    features = pq.read_table(place / "features.parquet")
    clips = pq.read_table(place / "clips.parquet")
    keys = {r["clip_id"]: TINY.key(r["sha256"]) for r in clips.to_pylist()}
    assert {r["clip_id"]: r["key"] for r in features.to_pylist()} == keys
    assert len(list((place / "store" / folder_name(TINY)).glob("*.arrow"))) == 3
    store = FeatureStore(place / "store", features)
    assert [r["frames"].shape for r in store.rows("tiny", list(keys))] == [(1, 1, 1, 1)] * 40


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what lies in memory")
def test_a_dropped_file_is_out_of_memory_and_a_read_one_is_in(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(1 << 20))
    assert disk.in_memory(path) == 1
    disk.drop_from_memory([path])
    assert (disk.in_memory(path) < disk.LEFT) == disk.drops_from_memory(tmp_path)
    with path.open("rb", buffering=0) as stream:
        stream.seek(512 << 10)
        stream.read(mmap.PAGESIZE)
    assert 0 < disk.in_memory(path) <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells peaks")
def test_a_peak_is_that_of_the_process_whatever_it_frees():
    code = (
        "from rodepil.bench.work import peak_mib; import numpy as np; before = peak_mib(); "
        "kept = np.ones(64 << 20, np.uint8); del kept; print(peak_mib() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert re.fullmatch(r"6\d\.\d+", done.stdout.strip())
