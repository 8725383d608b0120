"""The window in which cages are drawn, on a real screen with a real mouse and keyboard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rodepil.data.cages import Cage
from tests.data.boxes.conftest import Folder, encode, picture
from tests.data.boxes.screen import Screen, until

A = Cage("undated_M1", 1, "a", 100, 100, 200, 200)


@pytest.fixture
def lab(folder: Folder) -> Folder:
    """Return a folder with a recording of 60 frames, and another one of its camera."""
    folder.record(
        {"recording_id": "undated_M1", "camera": "north"},
        {"recording_id": "undated_M2", "camera": "north"},
    )
    encode(folder.path / "undated_M1.mp4", [picture(number) for number in range(60)])
    return folder


def saved(lab: Folder) -> None:
    until((lab.path / "cages.parquet").is_file, "the saved cages")


def test_boxes_are_drawn_named_undone_and_saved(lab: Folder, screen: Screen, tmp_path: Path):
    screen.start(lab.project, "cages", "draw", "m1")
    screen.drag((20, 30), (219, 229))
    screen.type("70-3")
    screen.keys("Return")
    screen.drag((400, 200), (300, 60))  # from the lower right
    screen.keys("udiaeresis", "s", "2", "Return")
    screen.drag((450, 300), (630, 460))
    screen.keys("x", "Return", "u", "u")  # its name, then the box
    screen.shoot(Path(os.environ.get("RODEPIL_SCREENSHOTS", tmp_path)) / "drawn.png")
    screen.sees("not saved")
    screen.keys("s")
    saved(lab)
    screen.keys("q")
    status, said = screen.end()
    assert (status, "saved 2 cages of undated_M1" in said) == (0, True), said
    assert [(row.position, row.subject_id, row.box) for row in lab.cages()] == [
        (1, "70-3", (20, 30, 200, 200)),
        (2, "üs2", (300, 60, 101, 141)),
    ]


def test_cages_are_loaded_moved_resized_deleted_and_kept_apart(lab: Folder, screen: Screen):
    lab.cage(
        A,
        Cage("undated_M1", 2, "b", 400, 100, 100, 100),
        Cage("undated_M2", 1, "c", 1, 2, 30, 40),
    )
    screen.start(lab.project, "cages", "draw", "undated_M1.mp4")
    screen.drag((150, 150), (160, 170))
    screen.drag((309, 220), (330, 220))  # the right edge
    screen.keys("Right", "Down")
    screen.hand("mousemove", "--window", screen.window, "450", "150", "click", "1")
    screen.keys("d", "q")
    screen.keys("s")  # saves, and quits since it was asked
    status, said = screen.end()
    assert status == 0, said
    assert lab.cages() == [
        Cage("undated_M1", 1, "a", 111, 121, 221, 200),
        Cage("undated_M2", 1, "c", 1, 2, 30, 40),
    ]


def test_keys_lead_to_any_frame(lab: Folder, screen: Screen):
    screen.start(lab.project, "cages", "draw", "m1", "--frame", "7")
    screen.sees("frame 7 ")
    screen.keys("period", "period", "comma")
    screen.sees("frame 8 ")
    screen.keys("End")
    screen.sees("frame 59 ")
    screen.keys("g")
    screen.type("42")
    screen.keys("Return")
    screen.sees("frame 42 ")
    screen.keys("g")
    screen.type("0.5s")
    screen.keys("Return")
    screen.sees("frame 15 ")
    screen.keys("q")
    status, said = screen.end()
    assert (status, said.strip()) == (0, "nothing was saved")


def test_a_closed_window_comes_back_to_ask_and_closes_then(lab: Folder, screen: Screen):
    lab.cage(A)
    screen.start(lab.project, "cages", "draw", "m1")
    screen.keys("Tab", "Right")
    screen.sees("not saved")
    screen.close()
    before = screen.window
    until(lambda: before not in screen.found("frame"), "the closed window's end")
    screen.find_window()
    screen.close()
    status, said = screen.end()
    assert (status, said.strip()) == (0, "nothing was saved")
    assert lab.cages() == [A]


def test_boxes_without_a_name_are_not_saved(lab: Folder, screen: Screen):
    screen.start(lab.project, "cages", "draw", "m1")
    screen.drag((20, 30), (219, 229))
    screen.keys("Escape", "s")
    screen.sees("refused")
    screen.keys("q", "q")
    status, said = screen.end()
    assert (status, said.strip()) == (0, "nothing was saved")
    assert not (lab.path / "cages.parquet").exists()


def test_what_is_drawn_survives_a_table_that_can_not_be_written(lab: Folder, screen: Screen):
    screen.start(lab.project, "cages", "draw", "m1")
    screen.drag((20, 30), (219, 229))
    screen.keys("a", "Return")
    table = lab.path / "cages.parquet"
    table.write_bytes(b"torn")
    screen.keys("s")
    screen.sees("refused")
    assert table.read_bytes() == b"torn"
    table.unlink()
    screen.keys("s")
    saved(lab)
    screen.keys("q")
    status, said = screen.end()
    assert status == 0, said
    assert lab.cages() == [Cage("undated_M1", 1, "a", 20, 30, 200, 200)]


def test_a_camera_shares_what_is_drawn_and_large_frames_are_scaled(folder: Folder, screen: Screen):
    size = {"width_px": 1600, "height_px": 1200, "camera": "south"}
    folder.record(
        {"recording_id": "undated_M1", **size},
        {"recording_id": "undated_M2", **size},
        {"recording_id": "undated_M3", **size, "width_px": 640, "height_px": 480},
    )
    frames = [picture(number, (1600, 1200)) for number in range(3)]
    encode(folder.path / "undated_M1.mp4", frames)
    screen.start(folder.project, "cages", "draw", "m1", "--camera")  # 960x720 px: 0.6 of it
    screen.drag((60, 60), (360, 360))
    screen.keys("a", "Return", "s")
    saved(folder)
    screen.keys("q")
    status, said = screen.end()
    assert status == 0, said
    assert "undated_M3: same camera, but its frame is 640x480 px" in said
    cages = folder.cages()
    assert [(row.recording_id, row.subject_id) for row in cages] == [
        ("undated_M1", "a"),
        ("undated_M2", "a"),
    ]
    for cage in cages:
        assert cage.box == pytest.approx((100, 100, 501, 501), abs=2)
