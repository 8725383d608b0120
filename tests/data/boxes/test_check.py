"""What is wrong with cages."""

from __future__ import annotations

import pytest

from rodepil.data.boxes.check import check_folder, overlaps, verdict
from rodepil.data.cages import Cage
from rodepil.errors import CageError
from rodepil.io import tables
from tests.data.boxes.conftest import Folder, encode, picture

A = Cage("undated_M1", 1, "a", 0, 0, 200, 200)
B = Cage("undated_M1", 2, "b", 300, 0, 200, 200)


def told(folder: Folder) -> list[str]:
    found = check_folder(folder.path, tags=False)
    return [f"{finding.gravity}: {finding.text}" for finding in found]


@pytest.mark.parametrize(
    ("cage", "reason"),
    [
        (Cage("undated_M1", 2, "b", 500, 0, 200, 200), "outside the frame"),
        (Cage("undated_M1", 2, "b", 500, 0, 10, 200), "under 16 px"),
        (Cage("undated_M1", 1, "b", 300, 0, 200, 200), "position stand twice"),
        (Cage("undated_M1", 2, "a", 300, 0, 200, 200), "subject stand twice"),
        (Cage("undated_M1", 2, "b", 0, 0, 200, 200), "box stand twice"),
        (Cage("undated_M9", 2, "b", 0, 0, 200, 200), "no such recording"),
    ],
)
def test_what_stops_curation_is_a_fault(folder: Folder, cage: Cage, reason: str):
    folder.record({"recording_id": "undated_M1"})
    folder.cage(A, cage)
    faults = [line for line in told(folder) if line.startswith("fault")]
    assert len(faults) == 1
    assert reason in faults[0]
    with pytest.raises(CageError, match="1 faults"):
        verdict(check_folder(folder.path, tags=False))


def test_a_recording_without_cages_is_a_fault_that_names_the_command(folder: Folder):
    folder.record({"recording_id": "undated_M1"}, {"recording_id": "undated_M2"})
    folder.cage(A, B)
    faults = [line for line in told(folder) if line.startswith("fault")]
    assert len(faults) == 1
    assert "undated_M2: it has no cage" in faults[0]
    assert "rodepil cages draw undated_M2" in faults[0]


@pytest.mark.parametrize(
    ("x", "share"), [(100, "50%"), (150, "25%"), (196, "2%"), (197, None), (200, None)]
)
def test_an_overlap_is_told_as_share_of_the_smaller_box(x: int, share: str | None):
    found = overlaps([A, Cage("undated_M1", 2, "b", x, 0, 400, 200)])
    assert [share in line for line in found if share] == ([True] if share else [])
    assert len(found) == (share is not None)


def test_warnings_and_notes_let_the_check_pass(folder: Folder):
    folder.record({"recording_id": "undated_M1"})
    folder.cage(A, Cage("undated_M1", 2, "b", 100, 0, 200, 200))
    found = check_folder(folder.path, tags=False)
    assert [finding.gravity for finding in found] == ["warning", "note"]
    assert verdict(found) == "0 faults, 1 warnings"


def test_a_rat_in_two_recordings_at_once_is_a_fault(folder: Folder):
    folder.record(
        {"recording_id": "undated_M1", "starts_at": "2024-03-01T10:00:00", "duration_s": 600.0},
        {"recording_id": "undated_M2", "starts_at": "2024-03-01T10:09:58", "duration_s": 60.0},
        {"recording_id": "undated_M3", "starts_at": "2024-03-01T10:11:00", "duration_s": 60.0},
        {"recording_id": "undated_M4"},
    )
    folder.cage(*(Cage(f"undated_M{number}", 1, "a", 0, 0, 200, 200) for number in (1, 2, 3, 4)))
    faults = [line for line in told(folder) if line.startswith("fault")]
    assert len(faults) == 1
    assert "'a' is in undated_M1 and in undated_M2 at once" in faults[0]


def test_files_that_a_camera_cut_are_not_at_once_though_their_clocks_have_whole_seconds(
    folder: Folder,
):
    """Each file of 600.6 s starts 600 s after the one before it; two are of a session."""
    folder.record(
        *(
            {
                "recording_id": f"undated_M{number}",
                "starts_at": f"2024-03-01T10:{number}0:00",
                "duration_s": 600.6 if number < 3 else 900.0,
                "session_id": "undated_M3" if number > 2 else None,
            }
            for number in (1, 2, 3, 4)
        )
    )
    folder.cage(*(Cage(f"undated_M{number}", 1, "a", 0, 0, 200, 200) for number in (1, 2, 3, 4)))
    assert not [line for line in told(folder) if line.startswith("fault")]


def test_annotations_without_a_cage_are_faults_and_cages_without_any_a_note(folder: Folder):
    folder.record({"recording_id": "undated_M1"})
    folder.cage(A, B)
    row = {"start_s": 0.0, "end_s": 1.0, "label": "seizure", "annotator": "x", "agreement": 1.0}
    rows = [{"recording_id": "undated_M1", "position": at, **row} for at in (1, 4)]
    made = tables.from_rows("annotations", rows)
    tables.write("annotations", made, folder.path / "annotations.parquet")
    lines = told(folder)
    assert "1 annotations are at position 4, which has no cage" in lines[0]
    assert lines[1] == "note: 1 cages have no annotation, so no seizure: undated_M1 2"


def test_a_video_that_is_gone_is_a_fault_and_the_others_are_looked_at(folder: Folder):
    folder.record({"recording_id": "undated_M1"}, {"recording_id": "undated_M2"})
    folder.cage(A, Cage("undated_M2", 1, "c", 0, 0, 200, 200))
    encode(folder.path / "undated_M2.mp4", [picture(number) for number in range(60)])
    faults = [row.text for row in check_folder(folder.path) if row.gravity == "fault"]
    assert len(faults) == 1
    assert "undated_M1.mp4 is not there" in faults[0]


def test_a_suggested_command_can_be_pasted_where_an_id_holds_spaces(folder: Folder):
    folder.record({"recording_id": "undated_old one"})
    first, last = (row.text for row in check_folder(folder.path) if row.gravity == "fault")
    assert "rodepil cages draw 'undated_old one'" in first
    assert "rodepil import forget 'undated_old one'" in last
