"""Files that a camera cut one recording into share one continuous time, at every import."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.taking import ImportedRecordings
from rodepil.io import tables
from tests.data.lab.conftest import Film, take

CLOCK = RecordingImportSettings(clock="name", sessions="clock", session_gap_s=0.5)
FOLDER = RecordingImportSettings(sessions="folder")
Places = dict[str, tuple[str, float]]


def sessions(made: ImportedRecordings) -> Places:
    """Return the session of each file and where it begins in it."""
    return {
        Path(row["path"]).stem: (row["session_id"], pytest.approx(row["session_start_s"]))
        for row in made.recordings.to_pylist()
    }


def test_files_that_follow_by_the_clock_are_one_session(film: Film, tmp_path: Path):
    film("cam/20190201_180000.mp4", 50)  # 2 s
    film("cam/20190201_180002.mp4", 30)  # 1.2 s, then 0.2 s short of the next
    film("cam/20190201_180003.mp4", 25)
    film("cam/20190201_190000.mp4", 25)
    film("dam/20190201_180004.mp4", 25)  # another camera
    made = take([tmp_path], tmp_path / "into", CLOCK)
    first = "Feb-1-2019_cam-180000"
    assert sessions(made) == {
        "20190201_180000": (first, 0.0),
        "20190201_180002": (first, 2.0),
        "20190201_180003": (first, 3.2),
        "20190201_190000": ("Feb-1-2019_cam-190000", 0.0),
        "20190201_180004": ("Feb-1-2019_dam-180004", 0.0),
    }
    assert made.notes == ()


def test_a_session_grows_at_both_ends_at_later_imports(film: Film, tmp_path: Path):
    paths = [film(f"cam/20190201_18000{second}.mp4", 25) for second in range(4)]
    whole = sessions(take([tmp_path / "cam"], tmp_path / "whole", CLOCK))
    into = tmp_path / "into"
    for place in (2, 1, 3, 0):
        made = take([paths[place]], into, CLOCK, camera="cam")
    assert sessions(made) == whole
    assert [start for _, start in whole.values()] == [0.0, 1.0, 2.0, 3.0]


def test_midnight_does_not_cut_a_session(film: Film, tmp_path: Path):
    film("cam/20191231_235959.mp4", 25)
    film("cam/20200101_000000.mp4", 25)
    made = take([tmp_path / "cam"], tmp_path / "into", CLOCK)
    assert {session for session, _ in sessions(made).values()} == {"Dec-31-2019_cam-235959"}


def test_clocks_that_overlap_are_told_apart_and_said(film: Film, tmp_path: Path):
    film("cam/20190201_180000.mp4", 100)  # 4 s
    film("cam/20190201_180002.mp4", 50)  # begins 2 s too early, ends in time
    film("cam/20190201_180004.mp4", 25)
    made = take([tmp_path / "cam"], tmp_path / "into", CLOCK)
    assert sessions(made) == {
        "20190201_180000": ("Feb-1-2019_cam-180000", 0.0),
        "20190201_180002": ("Feb-1-2019_cam-180002", 0.0),
        "20190201_180004": ("Feb-1-2019_cam-180002", 2.0),
    }
    (note,) = made.notes
    assert "20190201_180002.mp4 starts 2 s ahead of the end of" in note
    assert "--camera" in note


def test_files_of_another_size_are_told_apart_and_said(film: Film, tmp_path: Path):
    film("cam/9.mp4", 25)
    film("cam/10.mp4", 25, size_px=(80, 48))
    made = take([tmp_path / "cam"], tmp_path / "into", FOLDER)
    assert sessions(made) == {"9": ("undated_9", 0.0), "10": ("undated_10", 0.0)}
    (note,) = made.notes
    assert "10.mp4 shows 80x48 px" in note
    assert "9.mp4 shows 64x48 px" in note


def test_a_folder_is_a_session_in_natural_order_and_grows(film: Film, tmp_path: Path):
    film("cam/part 2.mp4", 25)
    film("cam/part 10.mp4", 25)
    into = tmp_path / "into"
    take([tmp_path / "cam"], into, FOLDER)
    film("cam/part 1.mp4", 50)
    made = take([tmp_path / "cam/part 1.mp4"], into, FOLDER)
    assert sessions(made) == {
        "part 1": ("undated_part 1", 0.0),
        "part 2": ("undated_part 1", 2.0),
        "part 10": ("undated_part 1", 3.0),
    }


def test_behind_a_file_that_can_not_be_taken_a_new_session_begins(film: Film, tmp_path: Path):
    film("cam/part 1.mp4", 25)
    bad = film("cam/part 2.mp4", 25)
    whole = bad.read_bytes()
    bad.write_bytes(b"")
    last = film("cam/part 3.mp4", 25)
    film("cam/part 4.mp4", 25)
    into = tmp_path / "into"
    cut = {
        "part 1": ("undated_part 1", 0.0),
        "part 3": ("undated_part 3", 0.0),
        "part 4": ("undated_part 3", 1.0),
    }
    made = take([tmp_path / "cam"], into, FOLDER)
    assert sessions(made) == cut
    (note,) = made.notes
    assert "part 3.mp4 comes behind" in note
    assert "part 2.mp4, which can't be taken" in note
    assert sessions(take([last], into, FOLDER)) == cut  # the bad one is not given again
    bad.write_bytes(whole)
    mended = sessions(take([bad], into, FOLDER))
    assert mended == {f"part {n}": ("undated_part 1", n - 1.0) for n in (1, 2, 3, 4)}


def test_time_that_is_lost_between_files_is_kept_where_the_clock_can_tell(
    film: Film, tmp_path: Path
):
    film("cam/20190201_180000.mp4", 25)  # 1 s
    film("cam/20190201_180003.mp4", 20)  # 2 s lost; 0.8 s, then 0.2 s by a clock of whole seconds
    film("cam/20190201_180004.mp4", 25)
    settings = RecordingImportSettings(clock="name", sessions="clock")
    made = take([tmp_path / "cam"], tmp_path / "into", settings)
    first = "Feb-1-2019_cam-180000"
    assert sessions(made) == {
        "20190201_180000": (first, 0.0),
        "20190201_180003": (first, 3.0),
        "20190201_180004": (first, 3.8),
    }
    film("dam/20190201_180000-000.mp4", 25)
    film("dam/20190201_180001-400.mp4", 25)
    fine = settings.model_copy(update={"name_pattern": "%Y%m%d_%H%M%S-%f"})
    fined = take([tmp_path / "dam"], tmp_path / "fine", fine)
    assert [start for _, start in sessions(fined).values()] == [0.0, 1.4]


def test_an_import_that_joins_nothing_leaves_sessions_as_they_are(film: Film, tmp_path: Path):
    film("cam/20190201_180000.mp4", 25)
    film("cam/20190201_180001.mp4", 25)
    into = tmp_path / "into"
    first = take([tmp_path / "cam"], into, CLOCK)
    again = take([tmp_path / "cam"], into, RecordingImportSettings())
    assert again.recordings.equals(first.recordings)
    assert again.notes == ()
    film("cam/20190201_180002.mp4", 25)
    more = take([tmp_path / "cam"], into, RecordingImportSettings())
    held = "Feb-1-2019_cam-180000"
    assert sessions(more) == {
        "20190201_180000": (held, 0.0),
        "20190201_180001": (held, 1.0),
        "20190201_180002": ("undated_20190201-180002", 0.0),
    }
    film("cam/20190201_180000.mp4", 35)  # copied again, and longer
    grown = take([tmp_path / "cam"], into, RecordingImportSettings(session_gap_s=0.5))
    assert sessions(grown)["20190201_180001"] == (held, 1.4)


def test_a_setting_that_cuts_sessions_anew_says_so(film: Film, tmp_path: Path):
    for name in ("20190201_180000", "20190201_180001", "20190201_190000"):
        film(f"cam/{name}.mp4", 25)
    into = tmp_path / "into"
    take([tmp_path / "cam"], into, RecordingImportSettings(clock="name", sessions="none"))
    joined = take([tmp_path / "cam"], into, CLOCK)
    (note,) = joined.notes
    assert "2 recordings of the table were in 2 sessions and are in 1 now" in note
    assert take([tmp_path / "cam"], into, CLOCK).notes == ()


def test_the_table_is_what_was_returned(film: Film, tmp_path: Path):
    film("cam/20190201_180000.mp4", 25)
    made = take([tmp_path / "cam"], tmp_path / "into", CLOCK)
    assert tables.read("recordings", tmp_path / "into" / "recordings.parquet").equals(
        made.recordings
    )
