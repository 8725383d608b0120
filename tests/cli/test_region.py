"""`rodepil region`: what is told and with which status."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.io.luma import write_luma
from tests.cli.conftest import Rodepil


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Return a folder with a video of a square that moves, and a damaged one."""
    planes = np.full((24, 96, 128), 100, np.uint8)
    for time, plane in enumerate(planes):
        plane[40:60, 30 + 3 * time : 50 + 3 * time] = 190
    write_luma(tmp_path / "rat.mp4", planes, fps=10, size_px=(128, 96))
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    return tmp_path


def test_boxes_are_printed_as_a_sheet_and_bad_videos_are_told(videos: Path, rodepil: Rodepil):
    shown = rodepil(
        "region", "find", "rat.mp4", "bad.mp4", "--detector", "fixed", "--box", "10,12,64,48",
        "--position", "2", "--subject", "r7", "--out", "boxes.csv", folder=videos,
    )  # fmt: skip
    assert shown.returncode == 1  # one of the two has no box
    sheet = "recording,position,subject,x,y,width,height\nrat,2,r7,10,12,64,48\n"
    assert shown.stdout == sheet
    assert (videos / "boxes.csv").read_text() == sheet
    assert "refused: " in shown.stderr
    assert "bad.mp4" in shown.stderr


def test_a_box_that_is_the_whole_picture_is_told_in_the_line_of_its_video(
    videos: Path, rodepil: Rodepil
):
    shown = rodepil(
        "region", "find", "rat.mp4", "--detector", "fixed", "--box", "0,0,128,96", "--out",
        "boxes.csv", folder=videos,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    line = "rat,0,unknown,0,0,128,96"
    assert shown.stdout.splitlines()[1] == f"{line},the box is the whole picture"
    assert (videos / "boxes.csv").read_text().splitlines()[1] == line


def test_no_video_at_all_is_status_1(videos: Path, rodepil: Rodepil):
    assert rodepil("region", "find", "bad.mp4", folder=videos).returncode == 1


def test_a_tiny_detector_is_trained_and_used(videos: Path, rodepil: Rodepil):
    made = rodepil(
        "region", "train", "--out", "tiny.onnx", "--recordings", "2", "--steps", "2", folder=videos
    )
    assert made.returncode == 0, made.stderr
    shown = rodepil(
        "region", "find", "rat.mp4", "--detector", "yolo", "--weights", "tiny.onnx", "--strict",
        folder=videos,
    )  # fmt: skip
    assert "no animal" in shown.stderr  # two steps teach nothing
    assert shown.returncode == 1
    assert "simulated cages alone" not in shown.stderr


@pytest.mark.parametrize("named", [(), ("--project", "lab")])
def test_yolo_is_the_projects_own_where_no_network_is_named(
    videos: Path, rodepil: Rodepil, named: tuple[str, ...]
):
    folder = videos / "lab" if named else videos
    own = folder / "data" / "ratseizure" / "detector" / "detector.onnx"
    found = ("region", "find", "rat.mp4", "--detector", "yolo", *named)
    lacking = rodepil(*found, folder=videos)
    assert lacking.returncode == 1
    assert "--weights FILE.onnx" in lacking.stderr
    own.parent.mkdir(parents=True)
    rodepil(
        "region", "train", "--out", str(own), "--recordings", "2", "--steps", "2", folder=videos
    )
    shown = rodepil(*found, folder=videos)
    assert shown.returncode == 0, shown.stderr
    assert f"{own.relative_to(videos)}, which learned from simulated cages alone" in shown.stderr
    assert shown.stdout.splitlines()[1].startswith("rat,0,unknown,")


def test_the_picture_holds_box_mask_and_filled_frame(videos: Path, rodepil: Rodepil):
    mask = np.zeros((96, 128), np.uint8)
    mask[:, 64:] = 255
    cv2.imwrite(str(videos / "drawn.png"), mask)
    shown = rodepil(
        "region", "show", "rat.mp4", "--out", "look.png", "--mask", "drawn.png", "--keep-mask",
        "kept.png", folder=videos,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert "masked: 50.0%" in shown.stdout
    picture = cv2.imread(str(videos / "look.png"))
    assert picture.shape == (96, 3 * 128, 3)
    assert (cv2.imread(str(videos / "kept.png"), cv2.IMREAD_GRAYSCALE) == mask).all()
    frame, filled = picture[30:70, 64:128], picture[30:70, 320:384]
    assert frame.max() > 170  # the square is there in the middle of the video
    assert filled.max() < 130


def test_options_that_make_no_detector_are_refused(videos: Path, rodepil: Rodepil):
    assert rodepil("region", "find", "rat.mp4", "--detector", "yolo", folder=videos).returncode
    fixed = rodepil("region", "find", "rat.mp4", "--detector", "fixed", folder=videos)
    assert "--box x,y,width,height" in fixed.stderr
    boxed = rodepil("region", "find", "rat.mp4", "--box", "1,2,30,40", folder=videos)
    assert "leave --box out" in boxed.stderr
    shown = rodepil("region", "find", "rat.mp4", "--within", "1,2,3", folder=videos)
    assert shown.returncode
    assert "'1,2,3' is no box" in shown.stderr


def test_a_name_that_boxes_can_not_have_is_refused_before_videos_are_read(
    videos: Path, rodepil: Rodepil
):
    shown = rodepil("region", "find", "rat.mp4", "--out", "boxes.txt", folder=videos)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "end it in .csv or .parquet" in shown.stderr
