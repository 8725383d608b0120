"""A camera is the nearest folder that says more than a time, within what was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.cameras import camera_of
from rodepil.data.lab.find import find_videos
from rodepil.data.recordings import recordings_of
from tests.data.lab.conftest import Film, take


@pytest.mark.parametrize(
    ("folders", "camera"),
    [
        ("cam 1", "cam 1"),
        ("2024-05-01/cam1", "cam1"),
        ("cam1/2024-05-01", "cam1"),
        ("cam1/20240501", "cam1"),
        ("cam1/1.5.2024", "cam1"),
        ("cam1/05-13-2024", "cam1"),
        ("cam1/May-1-2024", "cam1"),
        ("cam1/1 March 2024", "cam1"),
        ("cam1/2024_05_01", "cam1"),
        ("cam1/20240501_180000", "cam1"),
        ("cam1/2024-05-01T18-00-00", "cam1"),
        ("cam1/2024-05", "cam1"),
        ("cam1/2024/05/01", "cam1"),
        ("cam1/2024/05 May/1", "cam1"),
        ("cam1/2024-05-01/18-00", "cam1"),
        ("cam1/2024-05-01/180000", "cam1"),
        ("2024-05-01/2", "2"),  # no month or day stands below a day
        ("2024/05/01/7", "7"),
        ("7/2024-05-01", "7"),
        ("day 1", "day 1"),
        ("2024-05-01 left", "2024-05-01 left"),
        ("12345678", "12345678"),
        ("20241301", "20241301"),  # no month 13
        ("180000", "180000"),  # a number, where no day is above it
        ("may", "may"),
        ("2024-05-01", None),
        ("2024/05/01", None),
    ],
)
def test_folders_that_say_a_time_alone_are_passed_over(folders: str, camera: str | None):
    top = Path("/nas")
    assert camera_of(top / folders / "a.mp4", top / folders.split("/", maxsplit=1)[0]) == camera
    assert camera_of(top / folders / "a.mp4") == (camera or "nas")


def test_a_camera_lies_within_the_folder_that_was_given(tmp_path: Path):
    video = tmp_path / "cam1" / "2024" / "05" / "a.mp4"
    video.parent.mkdir(parents=True)
    video.touch()
    for given, camera in (
        ("", "cam1"),
        ("cam1", "cam1"),
        ("cam1/2024", None),
        (video.parent, None),
    ):
        (found,) = find_videos([tmp_path / given]).videos
        assert found.camera == camera
    assert camera_of(Path("/a.mp4"), Path("/")) is None


def test_files_of_two_days_and_two_cameras_keep_their_cameras_and_names(film: Film, tmp_path: Path):
    for camera in ("cam1", "cam2"):
        for day in (1, 2):
            film(f"v/{camera}/2024-05-0{day}/2024050{day}_180000.mp4")
    named = RecordingImportSettings(clock="name")
    made = take([tmp_path / "v"], tmp_path / "named", named)
    assert [(row.recording_id, row.camera) for row in recordings_of(made.recordings)] == [
        ("May-1-2024_cam1-180000", "cam1"),
        ("May-1-2024_cam2-180000", "cam2"),
        ("May-2-2024_cam1-180000", "cam1"),
        ("May-2-2024_cam2-180000", "cam2"),
    ]


def test_the_camera_tells_files_of_one_name_and_day_apart(film: Film, tmp_path: Path):
    for camera in ("cam1", "cam2"):
        film(f"v/{camera}/2024-05-01/a.mp4")
    made = take([tmp_path / "v"], tmp_path / "s", RecordingImportSettings())
    ids = [row.recording_id for row in recordings_of(made.recordings)]
    assert ids == ["undated_a-cam1", "undated_a-cam2"]
