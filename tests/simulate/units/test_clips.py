"""The files of simulated clips: whole, the same again, resumed, and never over imported ones."""

from __future__ import annotations

import csv
from pathlib import Path

import av
import pytest

from rodepil.config.localize import UnitSimulationSettings
from rodepil.errors import SourceError
from rodepil.simulate.units import make_unit_plans, simulate_units

SMALL = UnitSimulationSettings(subjects=3, clips=3, duration_s=2.0, fps=8, size_px=16)


def content(folder: Path) -> dict[str, bytes]:
    paths = [*folder.glob("videos/*"), *folder.glob("*.csv")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    simulate_units(SMALL, tmp_path / "made", processes=1)
    return tmp_path / "made"


def test_each_clip_is_a_video_of_its_size_rate_and_length(made: Path) -> None:
    videos = sorted(made.glob("videos/*"))
    assert [path.name for path in videos] == [f"unit_000{n}.mp4" for n in range(3)]
    for path in videos:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, stream.average_rate) == (16, 16, 8)
            assert sum(1 for _ in container.decode(video=0)) == 16


def test_the_list_of_subjects_names_the_animal_of_each_clip(made: Path) -> None:
    with (made / "subjects.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [
        {"video_id": plan.video_id, "subject_id": plan.subject_id}
        for plan in make_unit_plans(SMALL)
    ]


def test_what_stands_whole_is_kept_and_what_is_torn_is_made_again(made: Path) -> None:
    before = content(made)
    kept, torn = made / "videos" / "unit_0000.mp4", made / "videos" / "unit_0001.mp4"
    stamp = kept.stat().st_mtime_ns
    torn.write_bytes(torn.read_bytes()[:100])
    simulate_units(SMALL, made, processes=1)
    assert content(made) == before
    assert kept.stat().st_mtime_ns == stamp


def test_clips_of_other_settings_are_replaced_and_those_too_many_go(made: Path) -> None:
    fewer = SMALL.model_copy(update={"seed": 1, "clips": 2})
    before = content(made)
    simulate_units(fewer, made, processes=1)
    after = content(made)
    assert sorted(after) == ["subjects.csv", "videos/unit_0000.mp4", "videos/unit_0001.mp4"]
    assert after["videos/unit_0000.mp4"] != before["videos/unit_0000.mp4"]


@pytest.mark.parametrize("place", ["videos/rat_7.mp4", "features/rat_7.npy"])
def test_imported_files_are_refused_and_left_alone(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir()
    (tmp_path / place).write_bytes(b"mine")
    with pytest.raises(SourceError, match=r"ratseizure\.source=imported"):
        simulate_units(SMALL, tmp_path, processes=1)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == [place]
