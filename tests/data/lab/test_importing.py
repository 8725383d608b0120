"""An import gives the same names in any order, keeps what the table holds, and refuses copies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.importing import STATE, import_recordings
from rodepil.data.lock import alone_in
from rodepil.errors import SourceError
from rodepil.io import tables
from tests.data.lab.conftest import Film, take

PLAIN = RecordingImportSettings()
CLOCK = RecordingImportSettings(clock="name", sessions="clock")
Row = dict[str, object]


def rows(into: Path) -> dict[str, Row]:
    """Return the table's rows by recording_id."""
    read = tables.read("recordings", into / "recordings.parquet").to_pylist()
    return {row["recording_id"]: row for row in read}


def test_the_same_import_again_changes_nothing(film: Film, tmp_path: Path):
    film("cam 1/Feb-1-2019_M2U00244.mp4")
    film("cam 2/Feb-1-2019_M2U00244.mp4")
    into = tmp_path / "in to"
    first = take([tmp_path], into, PLAIN)
    table = into / "recordings.parquet"
    before = table.read_bytes(), table.stat().st_mtime_ns
    again = take([tmp_path / "cam 2", tmp_path / "cam 1"], into, PLAIN)
    assert (len(first.new), again.new) == (2, ())
    assert (table.read_bytes(), table.stat().st_mtime_ns) == before
    assert list(rows(into)) == ["Feb-1-2019_M2U00244-cam 1", "Feb-1-2019_M2U00244-cam 2"]
    for row in rows(into).values():
        assert (into / str(row["path"])).is_file()
        assert row["session_id"] == row["recording_id"]
        assert (row["session_start_s"], row["camera"]) == (0.0, row["part"])


def test_ids_do_not_hang_on_the_order(film: Film, tmp_path: Path):
    paths = [film(f"{cam}/rec{n}.avi", 4) for cam in ("a", "b") for n in (1, 2)]
    take(paths, tmp_path / "one", PLAIN)
    take(paths[::-1], tmp_path / "two", PLAIN)
    assert rows(tmp_path / "one") == rows(tmp_path / "two")
    assert set(rows(tmp_path / "one")) == {
        "undated_rec1-a", "undated_rec1-b", "undated_rec2-a", "undated_rec2-b",
    }  # fmt: skip


def test_a_later_namesake_gets_a_part_and_the_first_keeps_its_id(film: Film, tmp_path: Path):
    into = tmp_path / "into"
    take([film("a/rec.mp4")], into, PLAIN)
    take([film("b/rec.mp4")], into, PLAIN)
    take([tmp_path / "b", tmp_path / "a"], into, PLAIN)
    held = rows(into)
    assert {key: row["part"] for key, row in held.items()} == {
        "undated_rec": None,
        "undated_rec-b": "b",
    }


def test_names_that_become_one_are_told_apart_by_content(film: Film, tmp_path: Path):
    film("a b/x_1.mp4")
    film("a b/x-1.mp4")
    take([tmp_path / "a b"], tmp_path / "into", PLAIN)
    for row in rows(tmp_path / "into").values():
        assert row["video_id"] == "x-1"
        assert row["part"] == str(row["sha256"])[:8]


def test_a_copy_is_refused_with_both_names_also_against_the_table(film: Film, tmp_path: Path):
    path = film("a.mp4")
    copy = Path(shutil.copy(path, tmp_path / "b.mp4"))
    made = take([copy, path], tmp_path / "into", PLAIN)
    assert list(rows(tmp_path / "into")) == ["undated_a"]
    (said,) = made.failures.column("message").to_pylist()
    assert said == f"{copy} holds the same video as {path}; give it once"
    with pytest.raises(SourceError, match=r"b\.mp4 holds the same video.*No file can be taken"):
        take([copy], tmp_path / "into", PLAIN)
    assert list(rows(tmp_path / "into")) == ["undated_a"]


def test_a_file_that_moved_or_swapped_names_keeps_its_recording(film: Film, tmp_path: Path):
    one, two = film("cam/1.mp4"), film("cam/2.mp4")
    into = tmp_path / "into"
    take([tmp_path / "cam"], into, PLAIN)
    held = {key: row["sha256"] for key, row in rows(into).items()}
    one.rename(tmp_path / "cam/3.mp4")
    two.rename(one)
    (tmp_path / "cam/3.mp4").rename(two)
    made = take([tmp_path / "cam"], into, PLAIN)
    assert {key: row["sha256"] for key, row in rows(into).items()} == held
    assert (made.new, made.failures.num_rows) == ((), 0)
    assert (into / str(rows(into)["undated_1"]["path"])).samefile(two)


def hang_on(into: Path, recording_id: str) -> None:
    """Write a cage and an annotation of a recording."""
    of: Row = {"recording_id": recording_id, "position": 0}
    box: Row = {"subject_id": "70-3", "x_px": 0, "y_px": 0, "width_px": 64, "height_px": 48}
    mark: Row = {"start_s": 0.1, "end_s": 0.2, "label": "seizure", "annotator": "a"}
    cages = tables.from_rows("cages", [of | box])
    tables.write("cages", cages, into / "cages.parquet")
    annotations = tables.from_rows("annotations", [of | mark | {"agreement": 1.0}])
    tables.write("annotations", annotations, into / "annotations.parquet")


def test_a_file_that_grew_keeps_its_recording(film: Film, tmp_path: Path):
    path, into = film("cam/1.ts", 60, codec="libx264"), tmp_path / "into"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])  # as one that is still being copied
    take([path], into, PLAIN)
    hang_on(into, "undated_1")
    path.write_bytes(whole)
    made = take([path], into, PLAIN)
    assert (made.new, made.notes) == ((), ())
    assert {key: row["n_frames"] for key, row in rows(into).items()} == {"undated_1": 60}


def test_another_video_at_the_path_takes_no_cages_and_annotations_without_a_word(
    film: Film, tmp_path: Path
):
    path, into = film("cam/1.mkv", 10), tmp_path / "into"
    take([path], into, PLAIN)
    hang_on(into, "undated_1")
    held = rows(into)
    film("cam/1.mkv", 25, seed=99)
    other = film("cam/2.mkv", 5)
    made = take([path, other], into, PLAIN)
    (said,) = made.failures.column("message").to_pylist()
    assert "1.mkv holds another video than at the import of 'undated_1'" in said
    assert "hold 1 cage, 1 annotation. Say --repaired" in said
    assert list(rows(into)) == ["undated_1", "undated_2"]
    assert rows(into)["undated_1"] == held["undated_1"]
    settled = import_recordings([path], into, PLAIN, repaired=True, processes=1)
    assert "the tables' 1 cage, 1 annotation of it stay, check them" in settled.notes[0]
    assert rows(into)["undated_1"]["n_frames"] == 25


def test_another_video_at_the_path_of_one_that_has_nothing_is_taken_and_said(
    film: Film, tmp_path: Path
):
    path, into = film("cam/1.mkv", 10), tmp_path / "into"
    take([path], into, PLAIN)
    film("cam/1.mkv", 25, seed=99)
    (note,) = take([path], into, PLAIN).notes
    assert note == f"holds another video than at the last import: {path}"
    assert {key: row["n_frames"] for key, row in rows(into).items()} == {"undated_1": 25}


def test_the_clock_gives_the_date_and_the_part_and_the_id_stays(film: Film, tmp_path: Path):
    film("rig A/20190201_180000.mp4")
    film("rig A/north_20190202_060000.mp4")
    into = tmp_path / "into"
    take([tmp_path / "rig A"], into, CLOCK)
    held = rows(into)
    assert {key: row["starts_at"] for key, row in held.items()} == {
        "Feb-1-2019_rig A-180000": "2019-02-01T18:00:00",
        "Feb-2-2019_north-060000": "2019-02-02T06:00:00",
    }
    late = tmp_path / "late"
    take([tmp_path / "rig A"], late, PLAIN)
    take([tmp_path / "rig A"], late, CLOCK)
    row = rows(late)["undated_20190201-180000"]
    assert (row["date"], row["video_id"], row["part"]) == ("Feb-1-2019", "rig A", "180000")
    take([tmp_path / "rig A"], late, PLAIN)  # what is known of the clock stays
    assert rows(late)["undated_20190201-180000"] == row


def test_the_camera_is_the_folder_unless_named_and_stays(film: Film, tmp_path: Path):
    path, into = film("rig 7/a.mp4"), tmp_path / "into"
    take([path], into, PLAIN)
    assert rows(into)["undated_a"]["camera"] is None
    take([tmp_path / "rig 7"], into, PLAIN)
    assert rows(into)["undated_a"]["camera"] == "rig 7"
    take([path], into, PLAIN)
    assert rows(into)["undated_a"]["camera"] == "rig 7"
    take([path], into, PLAIN, camera="north")
    assert rows(into)["undated_a"]["camera"] == "north"


def test_a_file_without_clock_is_taken_and_said(film: Film, tmp_path: Path):
    film("cam/x.mp4")
    film("cam/20190201_180000.mp4")
    made = take([tmp_path / "cam"], tmp_path / "into", CLOCK)
    assert rows(tmp_path / "into")["undated_x"]["starts_at"] is None
    (note,) = made.notes
    assert note.startswith("no clock: the pattern %Y%m%d_%H%M%S fits nowhere")
    assert note.endswith("cam/x.mp4")


def test_paths_hold_behind_a_link_to_another_disk(film: Film, tmp_path: Path):
    path = film("videos/deep/a.mp4")
    (tmp_path / "disk" / "far" / "off").mkdir(parents=True)
    (tmp_path / "data").symlink_to(tmp_path / "disk" / "far" / "off")
    take([path], tmp_path / "data" / "imported", PLAIN)
    folder = tmp_path / "data" / "imported"
    (row,) = rows(folder).values()
    assert (folder / str(row["path"])).samefile(path)
    (tmp_path / "other").symlink_to(tmp_path / "videos")
    again = take([tmp_path / "other/deep/a.mp4"], folder, PLAIN)
    assert (again.new, again.failures.num_rows, len(rows(folder))) == ((), 0, 1)


def test_a_long_name_is_cut_and_stays_its_own(film: Film, tmp_path: Path):
    film("c/" + "ä" * 100 + "1.mp4")
    film("c/" + "ä" * 100 + "2.mp4")
    take([tmp_path / "c"], tmp_path / "into", PLAIN)
    ids = [str(row["video_id"]) for row in rows(tmp_path / "into").values()]
    assert len(set(ids)) == 2
    assert max(len(text.encode()) for text in ids) <= 100


def test_two_imports_at_once_are_refused(film: Film, tmp_path: Path):
    path, into = film("a.mp4"), tmp_path / "into"
    with alone_in(into / STATE), pytest.raises(SourceError, match="another process is at work"):
        take([path], into, PLAIN)
    take([path], into, PLAIN)


def test_videos_that_are_gone_are_named_with_the_way_out(film: Film, tmp_path: Path):
    gone = film("cam/old one.mp4", 20)
    film("cam/new.mp4", 20)
    film("dam/else.mp4", 20)
    into = tmp_path / "into"
    take([tmp_path / "cam", tmp_path / "dam"], into, RecordingImportSettings())
    gone.unlink()
    made = take([tmp_path / "cam"], into, RecordingImportSettings())
    (refused,) = made.failures.to_pylist()
    assert refused["item"] == str(gone)
    assert "rodepil import forget 'undated_old one'" in refused["message"]
    (named,) = take([gone, tmp_path / "cam"], into, RecordingImportSettings()).failures.to_pylist()
    assert named == refused
    (tmp_path / "cam/new.mp4").rename(tmp_path / "cam/moved.mp4")
    moved = take([tmp_path / "cam"], into, RecordingImportSettings())
    assert moved.failures.num_rows == 1
