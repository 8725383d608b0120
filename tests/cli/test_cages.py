"""`rodepil cages`: what is told and with which status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.cli.main import app
from rodepil.cli.run import guarded
from rodepil.data.cages import Cage
from tests.data.boxes.conftest import Folder, encode, picture

HEAD = "recording,position,subject,x,y,width,height\n"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Return a project with two recordings, whose folder is the current one."""
    made = Folder(tmp_path)
    made.path.mkdir(parents=True)
    made.record({"recording_id": "undated_M1"}, {"recording_id": "undated_M2"})
    encode(made.path / "undated_M1.mp4", [picture(number) for number in range(60)])
    monkeypatch.chdir(tmp_path)
    return made


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = guarded(lambda: app(["cages", *arguments], standalone_mode=False))
    return (status, *capsys.readouterr())


def test_a_sheet_is_taken_in_part_with_status_0_and_what_is_refused(
    lab: Folder, capsys: pytest.CaptureFixture[str]
):
    Path("boxes.csv").write_text(f"{HEAD}M1,1,a,10,20,100,90\nM2,1,b,10,20,9999,90\n")
    status, out, _ = run(capsys, "import", "boxes.csv")
    assert status == 0
    assert "undated_M1: 1 cages" in out
    assert "refused: line 3: " in out
    assert lab.cages() == [Cage("undated_M1", 1, "a", 10, 20, 100, 90)]


def test_into_names_another_folder(lab: Folder, capsys: pytest.CaptureFixture[str]):
    lab.path.rename("other")
    Path("boxes.csv").write_text(f"{HEAD}M1,1,a,10,20,100,90\n")
    status, _, err = run(capsys, "import", "boxes.csv")
    assert status == 1
    assert "--into" in err
    assert run(capsys, "import", "boxes.csv", "--into", "other")[0] == 0
    assert Path("other/cages.parquet").is_file()


def test_show_writes_the_frame_that_was_asked_for(lab: Folder, capsys: pytest.CaptureFixture[str]):
    lab.cage(Cage("undated_M1", 1, "a", 100, 100, 200, 200))
    for number, option in ((0, []), (37, ["--frame", "37"]), (45, ["--at", "1.51"])):
        assert run(capsys, "show", "M1", "-o", "out ü.png", *option)[0] == 0
        shown = cv2.imdecode(np.fromfile("out ü.png", np.uint8), cv2.IMREAD_GRAYSCALE)
        assert shown.shape == (960, 1280)
        rows = [(2 * bit + 1) * 60 for bit in range(8)]
        assert [shown[row, :10].mean() > 180 for row in rows] == [
            bool(number >> bit & 1) for bit in range(8)
        ]


def test_show_without_a_recording_shows_all_that_can_be_read(
    lab: Folder, capsys: pytest.CaptureFixture[str]
):
    status, out, _ = run(capsys, "show", "-o", "pictures")
    assert status == 0
    assert "refused: undated_M2" in out
    assert [path.name for path in Path("pictures").iterdir()] == ["undated_M1.png"]
    del lab


def test_check_has_status_1_on_faults_alone(lab: Folder, capsys: pytest.CaptureFixture[str]):
    lab.cage(Cage("undated_M1", 1, "a", 100, 100, 200, 200))
    status, out, err = run(capsys, "check", "--no-tags")
    assert status == 1
    assert "fault: undated_M2: it has no cage" in out
    assert "1 faults" in err
    lab.record({"recording_id": "undated_M1"})
    assert run(capsys, "check")[0] == 0


@pytest.mark.parametrize("display", ["", ":987"])
def test_without_a_display_drawing_says_what_to_do(lab: Folder, display: str):
    done = subprocess.run(
        [sys.executable, "-m", "rodepil", "cages", "draw", "M1"],
        env=os.environ | {"DISPLAY": display},
        cwd=lab.project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no window can be opened here" in done.stderr
    assert "rodepil cages import" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recording_is_found_by_a_part_that_no_other_has(
    lab: Folder, capsys: pytest.CaptureFixture[str]
):
    for name, reason in (("M", "names 2 recordings"), ("M7", "no recording is named 'M7'")):
        status, _, err = run(capsys, "show", name, "-o", "out.png")
        assert status == 1
        assert reason in err
    assert run(capsys, "show", str(lab.path / "undated_M1.mp4"), "-o", "out.png")[0] == 0
