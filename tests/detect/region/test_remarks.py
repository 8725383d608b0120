"""What speaks against a box stands in the printed sheet, which can still be read as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rodepil.data.boxes.sheet import read_sheet
from rodepil.data.cages import Cage
from rodepil.data.region import Region
from rodepil.data.region.keep import sheet_of
from rodepil.detect.region.remarks import remark_on, remarked
from rodepil.io.luma import write_luma


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "v.mp4"
    write_luma(path, np.full((4, 96, 128), 100, np.uint8), fps=10, size_px=(128, 96))
    return path


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (Region(10, 12, 64, 48, 9, 9), ""),
        (Region(0, 0, 128, 96, 9, 9), "the box is the whole picture"),
        (Region(0, 0, 64, 96, 9, 9, doubt="2 or more animals; look"), "2 or more animals"),
        (Region(8, 0, 64, 48, 9, 1, fallback="no animal: 1 of 9; all"), "no animal: 1 of 9"),
        (
            Region(0, 0, 128, 96, 9, 1, fallback="no animal; all", doubt="3 animals; look"),
            "the box is the whole picture; no animal; 3 animals",
        ),
    ],
)  # fmt: skip
def test_a_remark_tells_a_whole_picture_no_animal_and_several(
    video: Path, region: Region, said: str
) -> None:
    assert remark_on(video, region) == said


def test_remarks_are_a_column_that_readers_of_boxes_pass_over(tmp_path: Path) -> None:
    cages = [Cage("v", 0, "r1", 1, 2, 30, 40), Cage("w", 0, "r2", 3, 4, 50, 60)]
    (tmp_path / "plain.csv").write_text(sheet_of(cages), encoding="utf-8")
    text = remarked(cages, {"v": "", "w": "2 animals, or a mirror"})
    (tmp_path / "remarked.csv").write_text(text, encoding="utf-8")
    assert text.splitlines()[0].endswith(",height,remark")
    assert text.splitlines()[2] == 'w,0,r2,3,4,50,60,"2 animals, or a mirror"'
    assert read_sheet(tmp_path / "remarked.csv") == read_sheet(tmp_path / "plain.csv")


def test_without_remarks_the_sheet_is_as_ever() -> None:
    cages = [Cage("v", 0, "r1", 1, 2, 30, 40)]
    assert remarked(cages, {"v": ""}) == sheet_of(cages)
