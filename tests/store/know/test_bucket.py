"""A store on a server that speaks S3 is listed, verified, cleaned up, exported and described."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from rodepil.config.settings import StoreSettings
from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store import FeatureStore
from rodepil.store.filesystem import BrokenOff, RemoteFolder
from rodepil.store.index import Index
from rodepil.store.know.collect import collect
from rodepil.store.know.describe import describe
from rodepil.store.know.export import Format, export
from rodepil.store.know.listing import holdings
from rodepil.store.know.project import StoreProject
from rodepil.store.know.verify import verify
from rodepil.store.lease import lease
from tests.store.conftest import contents
from tests.store.know.conftest import Small, small

LATER_S = 7200.0
PREFIX = "lab/a store"


def later() -> float:
    """Two hours from now: what a server holds can't be made older."""
    return time.time() + LATER_S


class Bucket:
    """What another client sees of a store."""

    def __init__(self, name: str, s3: Any) -> None:
        self.name, self.s3 = name, s3

    def __getitem__(self, file: str) -> bytes:
        got = self.s3.get_object(Bucket=self.name, Key=f"{PREFIX}/{file}")
        return cast("bytes", got["Body"].read())

    def __setitem__(self, file: str, data: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=f"{PREFIX}/{file}", Body=data)

    def __delitem__(self, file: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=f"{PREFIX}/{file}")

    def files(self) -> dict[str, bytes]:
        """Every file with its bytes, without Arrow's marks of folders."""
        listed = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        names = [one["Key"].removeprefix(f"{PREFIX}/") for one in listed]
        return {name: self[name] for name in names if not name.endswith("/")}


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A project with three views in a folder."""
    made = small(tmp_path_factory.mktemp("near"))
    made.materialize()
    return made


@pytest.fixture
def kept(bucket: str, s3: Any, near: Small) -> Bucket:
    """The same store in a bucket."""
    there = Bucket(bucket, s3)
    for name, data in contents(near.workspace.store).items():
        there[name] = data
    return there


@pytest.fixture
def far(near: Small, kept: Bucket, tmp_path: Path) -> Small:
    """The project with tables of its own and its store in the bucket."""
    ours = Small(tmp_path / "far", near.clips, near.settings)
    ours.change(store=StoreSettings(url=f"s3://{kept.name}/{PREFIX}"))
    for name in ("clips", "folds", "features"):
        tables.write(
            name, tables.read(name, getattr(near.workspace, name)), getattr(ours.workspace, name)
        )
    shutil.copytree(near.workspace.raw, ours.workspace.raw)
    return ours


def shard(project: Small, view: str) -> str:
    """The first shard of a view, by its name in the store."""
    rows = project.asked.features.to_pylist()
    return min(row["shard"] for row in rows if row["view"] == view)


def told(project: StoreProject) -> Iterator[dict[str, object]]:
    for one in holdings(project, later):
        yield {**vars(one), "age_s": None}
        assert one.age_s == pytest.approx(LATER_S, abs=120)


def test_a_bucket_is_listed_as_a_folder_is(far: Small, near: Small) -> None:
    listed = list(told(far.asked))
    assert listed == list(told(near.asked))
    assert [one["name"] for one in listed] == ["frames", "motion", "pairs"]
    assert {(one["features"], one["shards"], one["state"]) for one in listed} == {
        (16, 4, "current")
    }


def test_what_became_of_a_bucket_is_told_whatever_the_cache_holds(far: Small, kept: Bucket) -> None:
    far.asked.store.read("pairs", far.clips.rows)
    short = shard(far, "pairs")
    del kept[shard(far, "motion")]
    kept[short] = kept[short][:500]
    states = {one.name: one.state for one in holdings(far.asked)}
    assert states == {
        "frames": "current",
        "motion": "4 features are gone from the store",
        "pairs": "1 damaged shard; 4 features are gone from the store",
    }
    index = Index(far.asked.store.place, short.rpartition("/")[0])
    assert index.damaged == [short.rpartition("/")[2]]


def test_what_is_wrong_in_a_bucket_is_found_behind_the_cache_and_removed(
    far: Small, kept: Bucket
) -> None:
    whole = kept.files()
    for view in ("frames", "motion", "pairs"):
        far.asked.store.read(view, far.clips.rows)
    flipped, short, gone = (shard(far, view) for view in ("frames", "motion", "pairs"))
    data = bytearray(kept[flipped])
    data[len(data) // 8] ^= 1
    kept[flipped], kept[short], kept["notes.txt"] = bytes(data), kept[short][:500], b"mine"
    del kept[gone]
    before = kept.files()
    found = verify(far.asked, processes=1)
    assert [(one.fault, one.where) for one in found.problems] == [
        ("foreign", "notes.txt"),
        ("changed", flipped),
        ("torn", short),
        *sorted(("index", f"{name.rpartition('/')[0]}/index.parquet") for name in (short, gone)),
        *(("missing", view) for view in ("frames", "motion", "pairs")),
    ]
    assert kept.files() == before
    verify(far.asked, mend=True, processes=1)
    assert before.keys() - kept.files().keys() == {flipped, short}
    store = FeatureStore(far.asked.store.place, shard_clips=4)
    store.materialize(list(far.asked.views.values()), far.clips.manifest, processes=1)
    assert kept.files() == whole | {"notes.txt": b"mine"}
    assert [one.fault for one in verify(far.asked, processes=1).problems] == ["foreign"]


def test_several_processes_verify_a_bucket(far: Small, near: Small) -> None:
    found = verify(far.asked, processes=2)
    assert found == verify(near.asked, processes=1)
    assert (found.shards, found.features, found.problems) == (12, 48, ())


def test_a_bucket_that_breaks_off_is_not_taken_for_damaged(
    far: Small, kept: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_: RemoteFolder, name: str) -> Iterator[bytes]:
        raise BrokenOff(f"{name} came in part")

    before = kept.files()
    with monkeypatch.context() as patched:
        patched.setattr(RemoteFolder, "read", cut)
        patched.setattr("rodepil.store.remote.PAUSE_S", 0)
        with pytest.raises(FeatureError, match=r"arrow could not be looked at: .* came in part"):
            verify(far.asked, ["motion"], mend=True, processes=1)
    assert kept.files() == before


def test_a_bucket_is_cleaned_up_of_what_nothing_refers_to(far: Small, kept: Bucket) -> None:
    folder = shard(far, "pairs").rpartition("/")[0]
    rows = [row for row in far.asked.features.to_pylist() if row["view"] != "pairs"]
    tables.write("features", tables.from_rows("features", rows), far.workspace.features)
    far.change(views={"motion": far.settings.views["motion"]})
    kept[f"{folder}/.one.0123456789ab.tmp.arrow"] = bytes(700)
    whole = kept.files()
    with pytest.raises(FeatureError, match=r"s3://.* may hold .* confirm with --not-shared"):
        collect(far.asked, clock=later)
    assert {one.folder: one.young for one in collect(far.asked, not_shared=True)}[folder] == 4
    with lease(far.asked.store.place, [folder]):
        (busy,) = (one for one in collect(far.asked, not_shared=True) if one.refused)
        assert busy.folder == folder
    would = collect(far.asked, dry_run=True, clock=later)
    assert kept.files() == whole
    told = {one.folder: (one.removed, one.kept, one.unfinished_bytes) for one in would}
    assert told.pop(folder) == (4, 0, 700)
    assert list(told.values()) == [(0, 4, 0)] * 2
    assert collect(far.asked, not_shared=True, clock=later) == would
    assert kept.files() == {
        name: data for name, data in whole.items() if not name.startswith(folder)
    }
    left = collect(far.asked, dry_run=True, clock=later)
    assert left == [one for one in would if one.folder != folder]


@pytest.mark.parametrize("form", ["webdataset", "npz", "parquet"])
def test_a_bucket_is_exported_as_a_folder_is(
    far: Small, near: Small, tmp_path: Path, form: Format
) -> None:
    for view in ("frames", "motion"):
        ours = export(far.asked, view, form, tmp_path / f"far {view}")
        theirs = export(near.asked, view, form, tmp_path / f"near {view}")
        assert (ours.files, ours.clips) == (theirs.files, 16)
        if form == "npz":  # a ZIP archive holds the time
            for name in ours.files:
                with np.load(ours.folder / name) as one, np.load(theirs.folder / name) as other:
                    assert list(one) == list(other)
                    assert all(np.array_equal(one[key], other[key]) for key in one)
        else:
            assert contents(ours.folder) == contents(theirs.folder)


def test_a_bucket_is_described_as_a_folder_is(far: Small, near: Small) -> None:
    for view in ("frames", "motion"):
        ours, theirs = describe(far.asked, view), describe(near.asked, view)
        assert json.dumps(ours.as_dict()) == json.dumps(theirs.as_dict())
        assert ours.statistics is not None
        assert ours.statistics.clips == 8
