from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rodepil.data.region import FixedBox, Motion
from rodepil.data.region.cut import cut_region
from rodepil.data.region.masks import draw_mask, write_mask
from rodepil.errors import CageError
from rodepil.io.luma import write_luma
from rodepil.io.video import frames


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Film for 2 s a square on the floor, and its reflection in a wall at the left."""
    planes = np.full((20, 96, 128), 100, np.uint8)
    for time, plane in enumerate(planes):
        plane[4 * time : 4 * time + 12, 50:62] = 190
        plane[4 * time : 4 * time + 12, 18:30] = 160
    write_luma(tmp_path / "rat.mp4", planes, fps=10, size_px=(128, 96), crf=10)
    return tmp_path / "rat.mp4"


def test_the_cut_shows_the_box_at_the_asked_for_rate_without_the_reflection(
    video: Path, tmp_path: Path
):
    write_mask(tmp_path / "mask.png", draw_mask([[(0, 0), (39, 0), (39, 95), (0, 95)]], (128, 96)))
    out = tmp_path / "cut.avi"
    region = cut_region(video, out, FixedBox((10, 0, 71, 95)), mask=tmp_path / "mask.png", fps=20)
    assert region.box == (10, 0, 70, 94)
    made = list(frames(out, pixel_format="gray"))
    assert [time for time, _ in made][:3] == [0, pytest.approx(1 / 20), pytest.approx(1 / 10)]
    assert len(made) == 40
    source = [frame[:94, 10:80] for _, frame in frames(video, pixel_format="gray")]
    for number, (_, frame) in enumerate(made):
        assert frame.shape == (94, 70)
        assert frame[:, :28].max() < 115
        nearest = source[number // 2]  # of two equally near the earlier one
        assert np.abs(frame[:, 32:].astype(int) - nearest[:, 32:]).mean() < 3


def test_the_box_is_that_of_the_animal_and_not_of_its_reflection(video: Path, tmp_path: Path):
    mask = tmp_path / "mask.png"
    write_mask(mask, draw_mask([[(0, 0), (39, 0), (39, 95), (0, 95)]], (128, 96)))
    planes = np.full((20, 96, 128), 100, np.uint8)
    for time, plane in enumerate(planes):  # the reflection is larger and brighter
        plane[30 + time : 38 + time, 90:98] = 190
        plane[20 + time : 50 + time, 5:35] = 230
    write_luma(video, planes, fps=10, size_px=(128, 96), crf=10)
    assert cut_region(video, tmp_path / "both.avi", Motion()).x_px < 35
    region = cut_region(video, tmp_path / "cut.avi", Motion(), mask=mask)
    assert region.x_px >= 40
    assert region.x_px <= 90
    assert region.x_px + region.width_px >= 98


def test_a_name_that_is_no_new_avi_is_refused(video: Path):
    for name in ("cut.mp4", "rat.avi"):
        source = video if name == "cut.mp4" else video.rename(video.with_suffix(".avi"))
        with pytest.raises(CageError, match=r"is no new \.avi file"):
            cut_region(source, source.with_name(name), FixedBox((0, 0, 20, 20)))


def test_a_box_that_no_encoder_takes_is_refused_before_a_video_is_begun(video: Path):
    out = video.with_name("cut.avi")
    with pytest.raises(CageError, match=r"1x20 px makes no video; give one of 2 px"):
        cut_region(video, out, FixedBox((0, 0, 1, 20)))
    assert not out.exists()
