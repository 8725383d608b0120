"""What a person looks at shows every pixel that is stored."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.config.settings import FeatureSettings
from rodepil.errors import FeatureError
from rodepil.store.know.get import get
from rodepil.store.know.picture import Notes, contact_sheet, draw
from rodepil.store.views.base import Row
from tests.store.know.conftest import Small


def holds(sheet: np.ndarray, tile: np.ndarray) -> bool:
    """Say whether a picture lies in another, pixel by pixel."""
    height, width = tile.shape[:2]
    starts = np.argwhere((sheet == tile[0, 0]).all(axis=2))
    return any(
        np.array_equal(sheet[top : top + height, left : left + width], tile) for top, left in starts
    )


def test_a_contact_sheet_holds_every_frame_and_pairs_side_by_side(
    project: Small, tmp_path: Path
) -> None:
    get(project.asked, "c007", "frames", tmp_path / "frames.png")
    sheet = cv2.imread(str(tmp_path / "frames.png"))
    (row,) = project.asked.store.rows("frames", ["c007"])
    for frame in row["frames"]:
        tile = frame.transpose(1, 2, 0)[..., ::-1].repeat(3, axis=0).repeat(3, axis=1)
        assert holds(sheet, np.ascontiguousarray(tile))
    get(project.asked, "c007", "pairs", tmp_path / "pairs.png")
    sheet = cv2.imread(str(tmp_path / "pairs.png"))
    (row,) = project.asked.store.rows("pairs", ["c007"])
    for one, other in row["frames"]:
        both = np.concatenate([one, other], axis=2).transpose(1, 2, 0)[..., ::-1]
        assert holds(sheet, np.ascontiguousarray(both.repeat(6, axis=0).repeat(6, axis=1)))


def test_a_curve_rises_where_its_numbers_do() -> None:
    numbers = {"activity": np.zeros(100, np.float32), "mean": np.float32(1)}
    numbers["activity"][70:80] = 5
    drawn = draw({name: np.asarray(one) for name, one in numbers.items()}, "activity", [])
    picture = drawn.astype(np.int64)
    ink = np.argwhere(picture[..., 0] > picture[..., 2] + 60)  # the line's blue
    top = ink[ink[:, 0] < ink[:, 0].min() + 5]
    left, right = ink[:, 1].min(), ink[:, 1].max()
    shares = (top[:, 1] - left) / (right - left)
    assert 0.69 < shares.min() < shares.max() < 0.81


@pytest.mark.parametrize("shape", [(768,), (9, 96), (1, 3), (2000, 4)])
def test_numbers_are_drawn_as_a_map_that_fits_a_screen(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    picture = draw({"embedding": values}, "embedding", ["clip"])
    assert picture.dtype == np.uint8
    assert max(picture.shape) < 2100
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3


def test_arrays_are_those_of_the_store(project: Small, tmp_path: Path) -> None:
    (row,) = project.asked.store.rows("motion", ["c002"])
    get(project.asked, "c002", "motion", tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz") as data:
        assert set(data) == set(row)
        assert all(np.array_equal(data[name], row[name]) for name in row)
    get(project.asked, "c002", "motion", tmp_path / "one.npy")
    assert np.array_equal(np.load(tmp_path / "one.npy"), row["activity"])


@pytest.mark.parametrize("named", ["c012", "clips/c012.avi", "c012.avi", "data/clips/c012.avi"])
def test_a_clip_is_found_by_id_and_by_path(project: Small, named: str) -> None:
    assert project.asked.clip(named)["clip_id"] == "c012"


def test_what_is_not_there_says_what_to_do(project: Small, tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    for clip, view, says in (
        ("c01", "frames", r"stands for 6 clips: c010, c011.*give more of the id"),
        ("d", "frames", "no kept clip has the id or path 'd'"),
        ("", "frames", "no kept clip"),
        ("c001", "flow", "no view 'flow'; there are"),
    ):
        with pytest.raises(FeatureError, match=says):
            get(project.asked, clip, view, out)
    with pytest.raises(FeatureError, match=r"end it in \.png"):
        get(project.asked, "c001", "frames", tmp_path / "x.gif")
    for path in project.shards("frames"):
        path.unlink()
    with pytest.raises(FeatureError, match="run 'rodepil features materialize'"):
        get(project.asked, "c000", "frames", out)
    assert not out.exists()


@pytest.mark.parametrize("view", ["frames", "pairs"])
def test_below_each_picture_stand_its_frames_and_seconds(
    project: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    said: list[Notes] = []

    def noted(row: Row, main: str, words: list[str], notes: Notes) -> np.ndarray:
        said.append(notes)
        return draw(row, main, words, notes)

    monkeypatch.setattr("rodepil.store.know.get.draw", noted)
    get(project.asked, "c007", view, tmp_path / "x.png")
    row = project.clips.rows["c007"]
    n_frames, fps, count = int(str(row["n_frames"])), 30, {"frames": 4, "pairs": 3}[view]
    assert row["fps"] == "30"
    centres = [int((at + 0.5) * n_frames / count) for at in range(count)]
    wanted = [
        f"{at}: {at / fps:.3f} s" if view == "frames"
        else f"{at}, {at + 1}: {at / fps:.3f}, {(at + 1) / fps:.3f} s"
        for at in centres
    ]  # fmt: skip
    assert list(said[0].tiles) == wanted
    project.change(features=FeatureSettings(frames=9, size_px=16), views={})  # the shard tells
    get(project.asked, "c007", view, tmp_path / "x.png")
    assert list(said[1].tiles) == wanted


def test_a_long_note_widens_its_tile_and_hides_nothing() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, 3, 96, 96), np.uint8)
    sheet = contact_sheet(frames, ["10000, 10001: 333.333, 333.367 s"] * 3)
    assert all(holds(sheet, np.ascontiguousarray(one.transpose(1, 2, 0)[..., ::-1]))
               for one in frames)  # fmt: skip


def test_what_is_said_of_a_file_is_what_is_in_it(project: Small, tmp_path: Path) -> None:
    told = get(project.asked, "c002", "motion", tmp_path / "m.npy")
    assert "  activity: float32 (" in told
    assert "(without mean, peak, frequency_hz, power: .npz takes all)" in told
    assert "  mean: " not in told
    assert all(len(line) < 80 for line in told.splitlines()[1:])


def test_a_dropped_clip_a_likely_one_and_a_locked_folder_are_told(
    project: Small, tmp_path: Path
) -> None:
    project.clips.rows["c003"] |= {"kept": False, "drop_reason": "still"}
    project.write_clips()
    with pytest.raises(FeatureError, match=r"clip c003 was dropped \(still\)"):
        get(project.asked, "c003", "frames", tmp_path / "x.png")
    with pytest.raises(FeatureError, match=r"did you mean c012\?.*ids look like c000, c001"):
        get(project.asked, "c0122", "frames", tmp_path / "x.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(FeatureError, match=r"x\.png can't be written \("):
        get(project.asked, "c001", "frames", tmp_path / "file" / "x.png")
