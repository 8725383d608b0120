"""A lab's own videos: versioned in their folder, their tables in Git, found again in a clone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from rodepil.data.sources import recordings_from_files
from rodepil.io import tables
from tests.data.conftest import film, steady
from tests.versions.conftest import Clone, block, contents, start


def fill(project: Clone) -> Path:
    """Film two videos in a folder of the project and write their tables."""
    videos, imported = project.folder / "videos", project.data / "imported"
    videos.mkdir()
    for number in (1, 2):
        film(videos / f"Feb-{number}-2019_Käfig 1.mp4", steady(Fraction(30), 2 + number))
    found = recordings_from_files(sorted(videos.iterdir()), imported).recordings
    tables.write("recordings", found, imported / "recordings.parquet")
    cages = [
        {
            "recording_id": recording_id,
            "position": 1,
            "subject_id": "70-3",
            "x_px": 0,
            "y_px": 0,
            "width_px": 64,
            "height_px": 128,
        }
        for recording_id in found.column("recording_id").to_pylist()
    ]
    tables.write("cages", tables.from_rows("cages", cages), imported / "cages.parquet")
    none = tables.from_rows("annotations", [])
    tables.write("annotations", none, imported / "annotations.parquet")
    return videos


def test_own_videos_and_their_tables_come_back_in_a_clone(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    project = start(tmp_path / "lab", environment)
    project.set("data", source="tables")
    project.run("git add -A")
    project.run(f"dvc remote add -q -d store '{tmp_path / 'store'}'")
    project.run("git commit -q -a -m Begin")
    videos = fill(project)
    project.run("dvc repro source")
    project.run("git add dvc.lock")
    project.follow(block("Own videos"))
    assert project.run("git status --short") == ""

    copy = Clone(tmp_path, environment)
    copy.run("git clone -q lab clone")
    copy.folder = tmp_path / "clone"
    copy.run("dvc pull data/raw videos.dvc")
    assert contents(copy.folder / "videos") == contents(videos)
    assert "Running stage" not in copy.run("dvc repro source")
    assert "Running stage 'source'" in copy.run("dvc repro --force --single-item source")
    assert copy.run("git status --short") == ""
    assert contents(copy.data) == contents(project.data)
    recordings = tables.read("recordings", copy.data / "raw" / "recordings.parquet")
    paths = [copy.data / "raw" / path for path in recordings.column("path").to_pylist()]
    assert [path.is_file() for path in paths] == [True, True]
    assert all(path.resolve().is_relative_to(copy.folder) for path in paths)
