"""Data are named by what lies in data/raw, whatever the settings say now."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.settings import DataSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.origin import data_of
from rodepil.data.overview import read_dataset
from rodepil.data.sources import take_tables
from rodepil.io import tables

SIMULATED = ProjectSettings()
IMPORTED = ProjectSettings(data=DataSettings(source="tables"))
CLIP = "Feb-1-2019_V1"


def fill(folder: Path, path: str) -> None:
    """Write the tables of a source with one recording."""
    row = {
        "recording_id": CLIP, "path": path, "sha256": "0" * 64, "date": "Feb-1-2019",
        "video_id": "V1", "fps": "30", "n_frames": 300, "duration_s": 10.0,
        "width_px": 640, "height_px": 480, "codec": "h264",
    }  # fmt: skip
    box = {"x_px": 0, "y_px": 0, "width_px": 90, "height_px": 90}
    cage = {"recording_id": CLIP, "position": 0, "subject_id": "70-3", **box}
    for name, rows in {"recordings": [row], "cages": [cage], "annotations": []}.items():
        tables.write(name, tables.from_rows(name, rows), folder / f"{name}.parquet")


@pytest.mark.parametrize("settings", [SIMULATED, IMPORTED])
def test_recordings_that_were_taken_keep_the_name_of_their_source(
    tmp_path: Path, settings: ProjectSettings
) -> None:
    workspace = Workspace(tmp_path)
    fill(tmp_path / "lab 4", "V1.mp4")
    take_tables(tmp_path / "lab 4", workspace.raw)
    assert data_of(settings, workspace) == "recordings in lab 4"
    assert read_dataset(settings, workspace).data == "recordings in lab 4"


@pytest.mark.parametrize("settings", [SIMULATED, IMPORTED])
def test_simulated_recordings_are_named_so(tmp_path: Path, settings: ProjectSettings) -> None:
    workspace = Workspace(tmp_path)
    fill(workspace.raw, f"{CLIP}.mp4")
    boxes = tables.from_rows("animal_boxes", [])
    tables.write("animal_boxes", boxes, workspace.raw / "animal_boxes.parquet")
    assert data_of(settings, workspace) == "simulated recordings"


def test_recordings_that_were_taken_before_names_were_kept_are_known_by_where_they_lie(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    fill(workspace.raw, "../../videos/V1.mp4")
    assert data_of(SIMULATED, workspace) == "recordings in imported"


@pytest.mark.parametrize(
    ("settings", "name"),
    [(SIMULATED, "simulated recordings"), (IMPORTED, "recordings in imported")],
)
def test_before_there_are_any_the_settings_say(
    tmp_path: Path, settings: ProjectSettings, name: str
) -> None:
    assert data_of(settings, Workspace(tmp_path)) == name
