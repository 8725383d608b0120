"""Exports that other libraries read, whole, and go on where they were."""

from __future__ import annotations

import gc
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset

from rodepil.errors import FeatureError
from rodepil.store.know.export import Exported, Format, export
from rodepil.store.know.get import get
from rodepil.store.know.lineage import refuse_format
from tests.store.conftest import contents
from tests.store.know.conftest import Small

Features = dict[str, npt.NDArray[np.float32]]


def write(project: Small, view: str, form: Format, file_bytes: int = 10**9) -> Exported:
    return export(project.asked, view, form, project.root / "out", file_bytes=file_bytes)


def stored(project: Small, view: str, column: str) -> Features:
    """What the store holds, by clip."""
    ids = list(project.clips.rows)
    rows = project.asked.store.rows(view, ids)
    return {name: np.array(row[column]) for name, row in zip(ids, rows, strict=True)}


def flip(shard: Path) -> None:
    """Change a byte in the midst of a shard."""
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 255
    shard.write_bytes(data)


def fold_of(project: Small, clip_id: str) -> int:
    return int(str(project.clips.rows[clip_id]["subject_id"])[-1]) % 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the library leaves files to be collected
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_every_array_and_what_it_belongs_to(project: Small) -> None:
    done = write(project, "motion", "webdataset", file_bytes=20_000)
    assert len(done.files) > 1
    urls = [str(done.folder / name) for name in done.files]
    found = list(webdataset.WebDataset(urls, shardshuffle=False).decode())
    gc.collect()
    curves = stored(project, "motion", "activity")
    peaks = stored(project, "motion", "peak")
    assert sorted(sample["__key__"] for sample in found) == sorted(curves)
    for sample in found:
        name, said = sample["__key__"], sample["json"]
        assert np.array_equal(sample["activity.npy"], curves[name])
        assert (sample["peak.npy"].shape, sample["peak.npy"]) == ((), peaks[name])
        row = project.clips.rows[name]
        key = project.asked.view("motion").key(str(row["sha256"]))
        assert said == {
            "clip_id": name, "subject_id": row["subject_id"], "label": row["label"],
            "fold": fold_of(project, name), "key": key,
        }  # fmt: skip


def test_a_tar_holds_what_tarfile_and_numpy_read(project: Small) -> None:
    (name,) = write(project, "pairs", "webdataset").files
    frames = stored(project, "pairs", "frames")
    with tarfile.open(project.root / "out" / name) as tar:
        names = tar.getnames()
        member = tar.extractfile("c005.frames.npy")
        assert member is not None
        assert np.array_equal(np.load(io.BytesIO(member.read())), frames["c005"])
    assert len(names) == 32
    assert names[::2] == [f"{one.partition('.')[0]}.frames.npy" for one in names[1::2]]


def test_npz_stacks_what_is_alike_and_tells_where_what_is_not_begins(project: Small) -> None:
    files = write(project, "motion", "npz", file_bytes=20_000).files
    curves, found = stored(project, "motion", "activity"), {}
    for name in files:
        with np.load(project.root / "out" / name) as data:
            offsets = data["activity_offsets"]
            for at, clip_id in enumerate(data["clip_id"]):
                found[str(clip_id)] = data["activity"][offsets[at] : offsets[at + 1]]
            assert data["fold"].tolist() == [fold_of(project, one) for one in data["clip_id"]]
            assert data["peak"].shape == (len(data["label"]),)
    assert sorted(found) == sorted(curves)
    assert all(np.array_equal(found[name], curves[name]) for name in curves)


def test_parquet_says_the_shape_of_its_lists(project: Small) -> None:
    (name,) = write(project, "frames", "parquet").files
    table = pq.read_table(project.root / "out" / name)
    field = table.schema.field("frames")
    assert json.loads(field.metadata[b"shape"]) == [4, 3, 32, 32]
    frames = stored(project, "frames", "frames")
    for clip_id, values in zip(table["clip_id"].to_pylist(), table["frames"], strict=True):
        flat = np.array(values.as_py(), dtype=field.metadata[b"dtype"].decode())
        assert np.array_equal(flat.reshape(4, 3, 32, 32), frames[clip_id])


@pytest.mark.parametrize("read", [pd.read_parquet, pq.read_table])
def test_a_folder_of_parquet_is_read_as_one_table(
    project: Small, read: Callable[[Path], pd.DataFrame | pa.Table]
) -> None:
    done = write(project, "frames", "parquet", file_bytes=50_000)
    assert len(done.files) > 1
    table = read(done.folder)
    frames = stored(project, "frames", "frames")
    assert sorted(map(str, table["clip_id"])) == sorted(frames)
    for clip_id, values in zip(table["clip_id"], table["frames"], strict=True):
        flat = np.array(values.as_py() if isinstance(values, pa.Scalar) else values)
        assert np.array_equal(flat.reshape(4, 3, 32, 32), frames[str(clip_id)])
    said = json.loads((done.folder / "_export.json").read_text())
    assert said["columns"] == {"frames": ["uint8", [4, 3, 32, 32]]}


@pytest.mark.parametrize("form", ["webdataset", "npz", "parquet"])
def test_what_is_finished_is_not_written_again(project: Small, form: Format) -> None:
    first = write(project, "frames", form, file_bytes=50_000)
    assert first.written == len(first.files) > 2
    whole = contents(first.folder)
    (first.folder / first.files[1]).unlink()
    (first.folder / "_export.json").unlink()
    (first.folder / ".left.abc.tmp.tar").write_bytes(b"killed")
    kept = (first.folder / first.files[0]).stat().st_mtime_ns
    again = write(project, "frames", form, file_bytes=50_000)
    assert (again.written, again.files) == (1, first.files)
    assert (first.folder / first.files[0]).stat().st_mtime_ns == kept
    if form != "npz":  # a ZIP archive holds the time
        assert contents(first.folder) == whole


def test_a_folder_of_another_export_is_refused(project: Small) -> None:
    write(project, "frames", "npz")
    with pytest.raises(FeatureError, match="no part of this export"):
        write(project, "motion", "npz")
    project.clips.rows["c003"]["kept"] = False
    project.write_clips()
    project.workspace.folds.unlink()
    project.materialize()
    with pytest.raises(FeatureError, match="name an empty folder"):
        write(project, "frames", "npz")


def test_a_damaged_feature_is_made_again(project: Small) -> None:
    before = stored(project, "frames", "frames")
    flip(project.shards("frames")[3])
    (name,) = write(project, "frames", "parquet").files
    table = pq.read_table(project.root / "out" / name)
    for clip_id, values in zip(table["clip_id"].to_pylist(), table["frames"], strict=True):
        assert np.array_equal(values.as_py(), before[clip_id].reshape(-1))


def test_nothing_half_written_is_left_when_a_damaged_feature_can_not_be_made_again(
    project: Small,
) -> None:
    flip(project.shards("frames")[3])
    for clip_id in project.clips.rows:
        project.clips.remove(clip_id)
    with pytest.raises(FeatureError, match=r"not every feature of the snapshot can be made again"):
        write(project, "frames", "parquet")
    out = Path(project.root / "out")
    assert not out.exists() or not list(out.iterdir())


def test_without_folds_an_export_says_so(project: Small) -> None:
    project.workspace.folds.unlink()
    (name,) = write(project, "motion", "parquet").files
    assert pq.read_table(project.root / "out" / name)["fold"].to_pylist() == [None] * 16


@pytest.mark.parametrize("out", ["s3://lab/exp", "gs:/lab/exp", "memory://x"])
def test_an_address_is_refused_before_anything_is_written(
    project: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for write in (
        lambda: export(project.asked, "motion", "npz", Path(out)),
        lambda: get(project.asked, "c001", "motion", Path(out) / "x.png"),
        lambda: refuse_format(Path(out) / "x.csv"),
    ):
        with pytest.raises(
            FeatureError, match=r"is an address, and only files and folders of this machine"
        ):
            write()
    assert list((tmp_path / "here").iterdir()) == []
