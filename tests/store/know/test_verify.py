"""Whatever was done to a store's files is found, and `--mend` leaves nothing that is damaged."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store.know.collect import collect
from rodepil.store.know.problems import Verification
from rodepil.store.know.verify import verify
from rodepil.store.places import LocalPlace
from rodepil.store.shards import FORMAT, HEADER, file_name, write_shard
from tests.store.conftest import contents
from tests.store.know.conftest import MISSING, Small, older


def look(project: Small, *names: str, mend: bool = False) -> Verification:
    return verify(project.asked, names, mend=mend, processes=1)


def faults(found: Verification) -> list[str]:
    return [problem.fault for problem in found.problems]


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_store_as_it_was_written_is_sound(project: Small) -> None:
    found = verify(project.asked, processes=2)
    assert (found.shards, found.features, found.problems) == (12, 48, ())
    every = [path for view in ("frames", "motion", "pairs") for path in project.shards(view)]
    assert found.size_bytes == sum(path.stat().st_size for path in every)
    found.raise_if_wrong()


def test_one_flipped_bit_is_found_mended_and_made_again(project: Small) -> None:
    before = contents(project.workspace.store)
    path = project.shards("frames")[1]
    row = next(project.asked.store.rows("frames", ["c004"]))["frames"]
    flip(path, path.read_bytes().find(row.tobytes()) + 10 if row.tobytes() in path.read_bytes()
         else path.stat().st_size // 2)  # fmt: skip
    found = look(project)
    assert faults(found) == ["changed", "missing"]
    assert path.name in found.problems[0].where
    assert "1 feature of the snapshot is missing or damaged" in found.problems[1].message
    with pytest.raises(FeatureError, match=r"2 things are wrong.*verify --mend"):
        found.raise_if_wrong()
    mended = look(project, mend=True)
    assert not path.exists()
    with pytest.raises(FeatureError, match="run 'rodepil features materialize'"):
        mended.raise_if_wrong()
    project.materialize()
    assert look(project).problems == ()
    assert contents(project.workspace.store) == before


def test_a_torn_shard_is_found_behind_its_index(project: Small) -> None:
    path = project.shards("motion")[0]
    path.write_bytes(bytes(path.stat().st_size))
    assert faults(look(project, "motion")) == ["torn", "missing"]
    assert faults(look(project, "frames")) == []


def test_a_shard_that_is_gone_is_told_by_the_clips_that_lack_it(project: Small) -> None:
    project.shards("motion")[0].unlink()
    found = look(project)
    assert faults(found) == ["index", "missing"]
    assert "4 features of the snapshot" in found.problems[1].message
    shutil.rmtree(project.workspace.store)
    assert faults(look(project)) == ["missing"] * 3


def test_foreign_files_are_told_and_left_alone(project: Small) -> None:
    store = project.workspace.store
    (store / "notes.txt").write_text("mine")
    folder = project.shards("pairs")[0].parent
    (folder / "mine.arrow").write_text("mine")
    stray = folder / project.shards("frames")[0].name
    shutil.copy(project.shards("frames")[0], stray)
    found = look(project, mend=True)
    places = {problem.where for problem in found.problems if problem.fault == "foreign"}
    assert places == {
        "notes.txt", f"{folder.name}/mine.arrow", f"{folder.name}/{stray.name}"
    }  # fmt: skip
    assert stray.exists()
    assert (folder / "mine.arrow").read_text() == "mine"
    with pytest.raises(FeatureError, match="by hand"):
        found.raise_if_wrong()


def test_an_index_that_says_other_keys_is_found_and_written_anew(project: Small) -> None:
    folder = project.shards("frames")[0].parent
    before = (folder / "index.parquet").read_bytes()
    table = pq.read_table(folder / "index.parquet")
    keys = table.column("key").to_pylist()
    position = table.schema.get_field_index("key")
    swapped = [keys[1], keys[0], *keys[2:]]
    pq.write_table(table.set_column(position, table.field(position), [swapped]),
                   folder / "index.parquet")  # fmt: skip
    with pytest.raises(FeatureError, match=r"1 thing is wrong.*verify --mend"):
        look(project).raise_if_wrong()
    mended = look(project, mend=True)
    assert faults(mended) == ["index"]
    assert str(mended).endswith("[written anew]")
    mended.raise_if_wrong()  # nothing is, any more
    assert (folder / "index.parquet").read_bytes() == before
    assert look(project).problems == ()


def test_an_index_is_missed_only_where_nobody_may_be_at_work(project: Small) -> None:
    (project.shards("frames")[0].parent / "index.parquet").unlink()
    assert look(project).problems == ()
    long_ago = time.time() - 7200
    os.utime(project.shards("frames")[0], (long_ago, long_ago))
    assert faults(look(project)) == ["index"]


def test_what_a_newer_version_wrote_stays_beside_what_is_removed(project: Small) -> None:
    newer, torn, *_ = project.shards("frames")
    header = json.dumps({"format": FORMAT + 1})
    with pa.ipc.new_file(newer, pa.schema([("x", pa.uint8())], metadata={HEADER: header})):
        pass
    data = newer.read_bytes()
    torn.write_bytes(torn.read_bytes()[:300])
    assert faults(look(project)) == ["newer", "torn", "missing"]
    mended = look(project, mend=True)
    assert [problem.mended for problem in mended.problems] == [False, True, False]
    assert (newer.read_bytes(), torn.exists()) == (data, False)
    with pytest.raises(FeatureError, match=r"install the version that wrote.*materialize'"):
        mended.raise_if_wrong()


def test_folders_are_listed_no_more_often_for_more_shards(
    project: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    files = LocalPlace.files

    def noted(self: LocalPlace, folder: str) -> dict[str, int]:
        listed.append(folder)
        return files(self, folder)

    monkeypatch.setattr(LocalPlace, "files", noted)
    look(project, "frames")
    few = len(listed)
    for number in range(20):
        key = f"{number:032x}"
        row = {"frames": np.zeros((4, 3, 32, 32), np.uint8)}
        path = project.shards("frames")[0].with_name(file_name([key]))
        write_shard(path, project.asked.view("frames"), [key], [row])
    listed.clear()
    assert look(project, "frames").shards == 24
    assert len(listed) <= few + 1  # once more, for the index lacks the new ones


def test_a_view_that_is_not_there_is_named(project: Small) -> None:
    with pytest.raises(FeatureError, match=r"no view 'flow'; there are frames, motion, pairs$"):
        look(project, "flow")


def test_a_view_whose_model_is_gone_is_in_nobodys_way(project: Small) -> None:
    project.change(views={**project.settings.views, **MISSING})
    assert look(project).problems == ()
    assert look(project, "motion").features == 16
    assert look(project, "emb").features == 0


def test_older_shards_are_told_once_a_folder_and_are_no_fault(project: Small) -> None:
    folder = project.shards("pairs")[0].parent.name
    older(project.shards("pairs"))
    project.change(views={"motion": {"kind": "motion", "size_px": 24}})
    rows = [row for row in project.asked.features.to_pylist() if row["view"] != "pairs"]
    tables.write("features", tables.from_rows("features", rows), project.workspace.features)
    found = look(project)
    assert [(one.fault, one.where) for one in found.problems] == [("older", folder)]
    assert "4 shards of an older format, read no more" in str(found)
    assert "gc' removes" in str(found)
    found.raise_if_wrong()
    gone = collect(project.asked, clock=lambda: time.time() + 7200)
    assert [one.removed for one in gone if one.folder == folder] == [4]
    assert look(project).problems == ()


def test_after_mending_what_is_missing_is_counted_with_what_went(project: Small) -> None:
    data = next(project.asked.store.rows("motion", ["c004"]))["activity"].tobytes()
    path = next(one for one in project.shards("motion") if data in one.read_bytes())
    flip(path, path.read_bytes().find(data) + 8)
    (_, missing) = look(project).problems
    assert "1 feature of" in missing.message
    mended = look(project, mend=True)
    assert "4 features of" in mended.problems[1].message
    with pytest.raises(
        FeatureError, match=r"^1 damaged shard is removed; run 'rodepil features ma"
    ):
        mended.raise_if_wrong()


def test_without_a_snapshot_it_is_said_that_nothing_can_be_missed(bare: Small) -> None:
    found = look(bare)
    assert "no snapshot" in str(found)
    found.raise_if_wrong()


def test_sequences_of_action_units_that_are_gone_are_missed(project: Small) -> None:
    shards = project.materialize_units()
    assert faults(look(project, "sequence")) == []
    shards[0].unlink()
    (found,) = (one for one in look(project).problems if one.fault == "missing")
    assert found.where == "sequence"
    assert "4 features" in found.message
    assert "dvc repro -s -f sequences" in found.message
