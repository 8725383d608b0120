"""Boxes from sheets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from rodepil.data.boxes.take import import_cages
from rodepil.data.cages import Cage
from rodepil.errors import CageError
from tests.data.boxes.conftest import Folder

HEAD = "recording,position,subject,x,y,width,height"


@pytest.fixture
def lab(folder: Folder) -> Folder:
    """Return a folder with three recordings, two of them of one camera and size."""
    folder.record(
        {"recording_id": "undated_M1", "camera": "north"},
        {"recording_id": "undated_M2", "camera": "north", "path": "../Größe/Tag 2.mp4"},
        {"recording_id": "undated_M3", "camera": "north", "width_px": 320, "height_px": 240},
    )
    return folder


def sheet(folder: Folder, text: str, encoding: str = "utf-8", name: str = "boxes.csv") -> Path:
    path = folder.project / name
    path.write_bytes(text.encode(encoding))
    return path


def keys(folder: Folder) -> list[tuple[str, int, str, tuple[int, int, int, int]]]:
    return [(row.recording_id, row.position, row.subject_id, row.box) for row in folder.cages()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_any_common_csv_is_read(lab: Folder, encoding: str, separator: str, newline: str):
    lines = [
        separator.join(["Rat", "X_px", "y", "Width", "height", "note", "Position", "Recording"]),
        separator.join(["räte 1", "10", "20", "100.0", "90", "", "1", "undated_M1"]),
        "",
        separator.join(["70-3", "200", "20", "99.6", "90", "x", "2", "Tag 2.mp4"]),
    ]
    taken = import_cages(sheet(lab, newline.join(lines), encoding), lab.path)
    assert taken.refused == ()
    assert keys(lab) == [
        ("undated_M1", 1, "räte 1", (10, 20, 100, 90)),
        ("undated_M2", 2, "70-3", (200, 20, 100, 90)),
    ]


def test_excel_is_read_and_a_name_made_a_date_is_refused(lab: Folder):
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(HEAD.split(","))
    page.append(["undated_M1", 1, "70-3", 10, 20, 100, 90])
    page.append(["undated_M2", 1, 71, 10, 20, 100, 90])
    page.append(["undated_M3", 1, dt.datetime(2024, 3, 1), 10, 20, 100, 90])  # noqa: DTZ001 - Excel's own
    book.save(lab.project / "boxes.xlsx")
    taken = import_cages(lab.project / "boxes.xlsx", lab.path)
    assert [(row[0], row[2]) for row in keys(lab)] == [("undated_M1", "70-3"), ("undated_M2", "71")]
    assert any(line.startswith("line 4") and "date" in line for line in taken.refused)


BAD = [
    ("undated_M1,2,b,x,20,100,90", "x is 'x'"),
    ("undated_M1,2,b,600,20,100,90", "outside the frame of 640x480"),
    ("undated_M1,2,b,-5,20,100,90", "outside the frame"),
    ("undated_M1,2,b,10,20,15,90", "under 16 px"),
    ("undated_M1,2,b_c,10,20,100,90", "underscore"),
    ("undated_M1,2,,10,20,100,90", "names no rat"),
    ("undated_M1,1.5,b,10,20,100,90", "position is '1.5'"),
    ("undated_M1,-1,b,10,20,100,90", "0 or more"),
    ("undated_M1,1,b,300,20,100,90", "position 1 of 'undated_M1' stands twice"),
    ("undated_M1,2,a,300,20,100,90", "subject stand twice"),
    ("undated_M1,2,b,10,20,100,90", "box stand twice"),
    ("undated_M1,2,b,nan,20,100,90", "x is 'nan'"),
    ("undated_M1,2,b,300,20", "width is ''"),
]


@pytest.mark.parametrize(("row", "reason"), BAD)
def test_a_recording_with_a_bad_row_is_refused_whole_and_the_others_are_taken(
    lab: Folder, row: str, reason: str
):
    text = f"{HEAD}\nundated_M1,1,a,10,20,100,90\n{row}\nundated_M2,1,c,10,20,100,90"
    taken = import_cages(sheet(lab, text), lab.path)
    assert [name for name, *_ in keys(lab)] == ["undated_M2"]
    assert any("line" in line and "3" in line and reason in line for line in taken.refused)
    assert "undated_M1: none of its 2 boxes was taken" in taken.refused


def test_unknown_and_ambiguous_recordings_are_named_by_line(lab: Folder):
    rows = ["M9,1,a,10,20,100,90", "undated,1,a,10,20,100,90", "m2,1,a,10,20,100,90"]
    taken = import_cages(sheet(lab, "\n".join([HEAD, *rows])), lab.path)
    assert [name for name, *_ in keys(lab)] == ["undated_M2"]
    assert taken.refused[0].startswith("line 2: no recording is named 'M9'")
    assert taken.refused[1].startswith("line 3: 'undated' names 3 recordings")


def test_a_cage_is_replaced_by_recording_and_position_and_others_stay(lab: Folder):
    lab.cage(
        Cage("undated_M1", 1, "a", 10, 20, 100, 90),
        Cage("undated_M1", 2, "b", 200, 20, 100, 90),
        Cage("undated_M3", 1, "z", 10, 20, 100, 90),
    )
    text = f"{HEAD}\nundated_M1,2,c,300,20,100,90"
    import_cages(sheet(lab, text), lab.path)
    wanted = [
        ("undated_M1", 1, "a", (10, 20, 100, 90)),
        ("undated_M1", 2, "c", (300, 20, 100, 90)),
        ("undated_M3", 1, "z", (10, 20, 100, 90)),
    ]
    assert keys(lab) == wanted
    before = (lab.path / "cages.parquet").stat().st_mtime_ns
    import_cages(sheet(lab, text), lab.path)
    assert keys(lab) == wanted
    assert (lab.path / "cages.parquet").stat().st_mtime_ns == before


def test_a_camera_shares_boxes_among_recordings_of_one_size_and_names_stay(lab: Folder):
    lab.cage(Cage("undated_M2", 1, "old", 5, 5, 50, 50))
    text = f"{HEAD}\nundated_M1,1,a,10,20,100,90\nundated_M1,2,b,200,20,100,90"
    taken = import_cages(sheet(lab, text), lab.path, camera=True)
    assert [row[:3] for row in keys(lab) if row[0] == "undated_M2"] == [
        ("undated_M2", 1, "old"),
        ("undated_M2", 2, "b"),
    ]
    assert keys(lab)[2][3] == (10, 20, 100, 90)
    notes = " / ".join(taken.notes)
    assert "undated_M2: keeps its names (1 old)" in notes
    assert "undated_M3: same camera, but its frame is 320x240" in notes
    import_cages(sheet(lab, text), lab.path, camera=True, rename=True)
    assert keys(lab)[2][2] == "a"


def test_a_name_that_stays_is_never_at_two_positions(lab: Folder):
    lab.cage(Cage("undated_M2", 1, "b", 5, 5, 50, 50))
    text = f"{HEAD}\nundated_M1,1,a,10,20,100,90\nundated_M1,2,b,200,20,100,90"
    taken = import_cages(sheet(lab, text), lab.path, camera=True)
    assert [row for row in keys(lab) if row[0] == "undated_M2"] == [
        ("undated_M2", 1, "b", (5, 5, 50, 50))
    ]
    assert any(line.startswith("undated_M2: left as it is") for line in taken.notes)


def test_a_recording_without_a_camera_can_share_nothing(folder: Folder):
    folder.record({"recording_id": "undated_M1"})
    path = sheet(folder, f"{HEAD}\nundated_M1,1,a,10,20,100,90")
    with pytest.raises(CageError, match="does not say its camera"):
        import_cages(path, folder.path, camera=True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"recording,position,subject,x,y,width\n", "lacks the columns height"),
        (b"recording,position,rat,animal,x,y,width,height\n", "'rat', 'animal'"),
        (b"recording,position,rat,x,y,width,height\nr\xe4t,1,a,1,1,20,20\n", "no text in UTF-8"),
        (b"recording,position,rat,x,y,width,height\n", "no row"),
        (b"recording,position,rat,x,y,width,height\nM9,1,a,1,1,20,20\n", "no recording is named"),
    ],
)
def test_a_sheet_of_which_nothing_can_be_taken_says_why(lab: Folder, data: bytes, reason: str):
    path = lab.project / "boxes.csv"
    path.write_bytes(data)
    with pytest.raises(CageError, match=reason):
        import_cages(path, lab.path)
    assert not (lab.path / "cages.parquet").exists()


def test_a_missing_or_false_excel_file_says_so(lab: Folder):
    with pytest.raises(CageError, match="is not there"):
        import_cages(lab.project / "none.csv", lab.path)
    (lab.project / "false.xlsx").write_bytes(b"no zip")
    with pytest.raises(CageError, match="can't be read as Excel"):
        import_cages(lab.project / "false.xlsx", lab.path)
