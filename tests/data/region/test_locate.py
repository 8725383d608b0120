from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rodepil.data.boxes.keep import read_cages
from rodepil.data.cages import Cage, cages_of
from rodepil.data.region import FixedBox, Motion, Region, keep, locate
from rodepil.data.region.look import show
from rodepil.data.region.sample import sample
from rodepil.data.sources import recordings_from_files
from rodepil.errors import CageError, ReportError, VideoError
from rodepil.io import tables
from rodepil.io.luma import write_luma

SIZE = 160, 120


def film(path: Path, lefts: list[int], *, shade: int = 190) -> Path:
    """Film a square of 20 px, 40 px from the top, that stands at `lefts`."""

    def planes() -> list[np.ndarray]:
        made = []
        for left in lefts:
            plane = np.full((SIZE[1], SIZE[0]), 100, np.uint8)
            plane[40:60, left : left + 20] = shade
            made.append(plane)
        return made

    write_luma(path, planes(), fps=10, size_px=SIZE, crf=12)
    return path


@pytest.fixture
def roaming(tmp_path: Path) -> Path:
    return film(tmp_path / "roaming.mp4", [40 + 2 * step for step in range(20)])


def test_a_roaming_animal_is_whole_in_one_box(roaming: Path):
    region = locate(roaming, Motion())
    assert region.fallback is None
    assert region.x_px <= 40
    assert region.x_px + region.width_px >= 98
    assert region.y_px <= 40
    assert region.y_px + region.height_px >= 60
    assert region.width_px == region.height_px <= 110
    assert region.box == (region.x_px, region.y_px, region.width_px, region.height_px)


def test_a_part_is_searched_and_the_box_is_the_frames(roaming: Path):
    whole, part = locate(roaming, Motion()), locate(roaming, Motion(), within=(20, 10, 130, 100))
    assert np.abs(np.array(whole.box) - np.array(part.box)).max() <= 4
    fixed = locate(roaming, FixedBox((1, 2, 30, 40)), within=(20, 10, 130, 100))
    assert fixed.box == (21, 12, 30, 40)


def test_a_video_without_an_animal_is_taken_whole_and_says_so(tmp_path: Path):
    empty = film(tmp_path / "empty.mp4", [0] * 12, shade=100)
    region = locate(empty, Motion())
    assert region.box == (0, 0, *SIZE)
    assert region.found == 0
    assert "no animal: found in 0 of 12 frames" in str(region)
    with pytest.raises(CageError, match=r"empty\.mp4: no animal.*leave the video out"):
        locate(empty, Motion(), missing="error")


def test_a_long_video_gives_few_frames_from_all_over_it(tmp_path: Path):
    path = film(tmp_path / "long.mp4", [step % 140 for step in range(100)])
    seen = sample(path, count=16, longest_px=80)
    assert 8 <= len(seen.frames) <= 16
    assert seen.frames.shape[1:] == (60, 80, 3)
    assert seen.scale == 0.5
    lefts = [int(frame[25, :, 0].argmax()) for frame in seen.frames]
    assert lefts == pytest.approx([step * 8 / 2 for step in range(len(lefts))], abs=1.5)


def test_videos_that_cannot_be_looked_at_are_refused(tmp_path: Path, roaming: Path):
    with pytest.raises(VideoError, match="a single frame"):
        sample(film(tmp_path / "one.mp4", [10]))
    with pytest.raises(VideoError):
        sample(tmp_path / "missing.mp4")
    with pytest.raises(CageError, match="lies not whole in the frame of 160x120 px"):
        sample(roaming, within=(100, 0, 100, 50))


def test_one_bad_video_does_not_stop_the_others(tmp_path: Path, roaming: Path):
    found, refused = keep.find_all(
        [tmp_path / "missing.mp4", roaming], lambda video: locate(video, Motion())
    )
    assert [*found] == [roaming]
    assert len(refused) == 1
    assert "missing.mp4" in refused[0]


REGION = Region(1, 2, 30, 40, 9, 9)


def test_a_table_keeps_its_other_rows(tmp_path: Path):
    out = tmp_path / "cages.parquet"
    keep.write_cages(out, keep.cages_from({Path("a.mp4"): REGION, Path("b.mp4"): REGION}, 1, "r1"))
    keep.write_cages(out, keep.cages_from({Path("b.mp4"): Region(5, 6, 20, 20, 9, 9)}, 1, "r2"))
    assert cages_of(tables.read("cages", out)) == [
        Cage("a", 1, "r1", 1, 2, 30, 40), Cage("b", 1, "r2", 5, 6, 20, 20),
    ]  # fmt: skip


def test_impossible_names_are_refused(tmp_path: Path):
    with pytest.raises(CageError, match=r"several videos are named \['a'\]"):
        keep.cages_from({Path("x/a.mp4"): REGION, Path("y/a.mp4"): REGION})
    with pytest.raises(CageError, match="no subject can be 'a_b'"):
        keep.cages_from({Path("a.mp4"): REGION}, 0, "a_b")
    with pytest.raises(CageError, match=r"end it in \.csv or \.parquet"):
        keep.write_cages(tmp_path / "cages.txt", [])


def test_a_source_takes_the_box_and_keeps_the_rats_name(tmp_path: Path, roaming: Path):
    tables.write(
        "recordings",
        recordings_from_files([roaming], tmp_path).recordings,
        tmp_path / "recordings.parquet",
    )
    (name,) = tables.read("recordings", tmp_path / "recordings.parquet")["recording_id"].to_pylist()
    first = keep.cages_from({roaming: REGION}, 0, "r1")
    assert keep.put_regions(tmp_path, first) == []
    again = keep.cages_from({roaming: Region(5, 6, 20, 20, 9, 9)})
    assert keep.put_regions(tmp_path, again) == []
    assert read_cages(tmp_path) == [Cage(name, 0, "r1", 5, 6, 20, 20)]
    outside = keep.cages_from({roaming: Region(150, 6, 20, 20, 9, 9)})
    (line,) = keep.put_regions(tmp_path, outside)
    assert "outside the frame" in line
    assert read_cages(tmp_path) == [Cage(name, 0, "r1", 5, 6, 20, 20)]


def test_no_picture_is_made_under_a_name_that_is_none(tmp_path: Path, roaming: Path):
    with pytest.raises(ReportError, match="names no picture"):
        show(roaming, tmp_path / "out.txt", Motion())
