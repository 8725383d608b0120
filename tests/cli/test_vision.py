"""The commands of vision, as people type them: what is on a contact sheet, pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.conftest import Rodepil, Shown
from tests.store.conftest import Video, encode, noise
from tests.store.know.conftest import Small, small

PARAMS = """
features: {frames: 4, size_px: 48, pairs: native}
train:
  augment: {flip_probability: 1, translate_share: 0, rotate_deg: 0, brightness: 0, contrast: 0}
"""
SAMPLED = (3, 11, 18, 26)
"""Of 30 frames those at the centres of 4 equal parts."""


@pytest.fixture
def project(tmp_path: Path) -> Small:
    (tmp_path / "params.yaml").write_text(PARAMS)
    return small(tmp_path)


def tile_of(frame: np.ndarray) -> np.ndarray:
    """Return RGB (48, 48, 3) as it stands on a sheet: each pixel a block, BGR."""
    return np.ascontiguousarray(frame[..., ::-1].repeat(2, axis=0).repeat(2, axis=1))


def tops(sheet: np.ndarray, tile: np.ndarray) -> list[int]:
    """Return where a picture lies in another, pixel by pixel: its uppermost row."""
    height, width = tile.shape[:2]
    starts = np.argwhere((sheet == tile[0, 0]).all(axis=2))
    return [
        int(top) for top, left in starts
        if np.array_equal(sheet[top : top + height, left : left + width], tile)
    ]  # fmt: skip


def sheet_of(rodepil: Rodepil, project: Small, clip: str, *more: str) -> tuple[Shown, np.ndarray]:
    shown = rodepil("vision", "show", clip, "-o", "out/sheet.png", *more, folder=project.root)
    assert shown.returncode == 0, shown.stderr
    return shown, cv2.imread(str(project.root / "out" / "sheet.png"))


def test_a_sheet_holds_frames_their_changes_and_what_training_makes_of_them(
    rodepil: Rodepil, project: Small
):
    shown, sheet = sheet_of(rodepil, project, "c003")
    assert shown.stdout.startswith("wrote out/sheet.png: clip c003 of subject")
    clip = noise(3)
    rows = [
        [tops(sheet, tile_of(picture)) for picture in pictures]
        for pictures in (
            [clip[at] for at in SAMPLED],
            [cv2.absdiff(clip[at], clip[at + 1]) for at in SAMPLED],
            [clip[at][:, ::-1] for at in SAMPLED],
        )
    ]
    frames, changes, mirrored = rows
    assert [len(found) for found in frames + changes] == [1] * 8
    assert [len(found) for found in mirrored] == [2] * 4  # two epochs
    assert frames[0] < changes[0] < mirrored[0]
    assert all(len({tuple(found) for found in row}) == 1 for row in rows)  # one row each


def test_frames_and_size_are_as_asked(rodepil: Rodepil, project: Small):
    _, sheet = sheet_of(rodepil, project, "c003", "--frames", "2", "--size-px", "96")
    clip = noise(3)
    wanted = {11, 26}  # the second and fourth of the four
    for at in SAMPLED:
        resized = cv2.resize(clip[at], (96, 96), interpolation=cv2.INTER_AREA)
        found = tops(sheet, np.ascontiguousarray(resized[..., ::-1]))
        assert bool(found) == (at in wanted)


def still_video() -> Video:
    return np.full((30, 48, 48, 3), (200, 90, 30), np.uint8)


def test_what_rests_has_no_change_and_no_flow(rodepil: Rodepil, project: Small):
    encode(project.root / "still.avi", still_video())
    shown, sheet = sheet_of(rodepil, project, "still.avi")
    assert "not in the manifest" in shown.stdout
    black = np.zeros((96, 96, 3), np.uint8)
    rest = np.full((96, 96, 3), (0, 128, 128), np.uint8)  # BGR: neither right nor down, no speed
    assert len(set(tops(sheet, black))) == 2  # AbsDiff, and flow as colour wheel
    assert len(set(tops(sheet, rest))) == 1
    assert len(set(tops(sheet, tile_of(still_video()[0])))) == 3  # RGB, and two epochs of it


def test_a_file_of_the_manifest_is_known_as_its_clip(rodepil: Rodepil, project: Small):
    path = project.clips.root / str(project.clips.rows["c003"]["path"])
    shown, _ = sheet_of(rodepil, project, str(path))
    assert "clip c003 of subject" in shown.stdout
    other = project.root / "other" / path.name
    encode(other, still_video())
    shown, _ = sheet_of(rodepil, project, str(other))
    assert "not in the manifest" in shown.stdout
    assert "sheet.png over the one that was there" in shown.stdout


def test_without_stored_pairs_frames_are_compared_with_the_next_sampled_one(
    rodepil: Rodepil, project: Small
):
    _, sheet = sheet_of(rodepil, project, "c003", "--set", "features.pairs=none")
    clip = noise(3)
    for at, other in zip(SAMPLED, (*SAMPLED[1:], SAMPLED[-2]), strict=True):
        assert tops(sheet, tile_of(cv2.absdiff(clip[at], clip[other])))
        assert not tops(sheet, tile_of(cv2.absdiff(clip[at], clip[at + 1])))


def test_what_cant_be_shown_says_what_to_do(rodepil: Rodepil, project: Small):
    (project.root / "words.avi").write_text("no video")
    (project.root / "file").write_text("no folder")
    encode(project.root / "one.avi", still_video()[:1])
    for clip, out, says in (
        ("nothing", "s.png", "no video file 'nothing', and no kept clip"),
        ("c01", "s.png", "stands for 6 clips"),
        ("words.avi", "s.png", "words.avi"),
        ("one.avi", "s.png", "no two frames 1 apart; set a smaller gap"),
        ("data", "s.png", "'data' is a folder, wanted one video"),
        ("c003", "s.gif", "end it in .png"),
        ("c003", "file/s.png", "can't be written"),
    ):
        shown = rodepil("vision", "show", clip, "-o", out, folder=project.root)
        assert shown.returncode == 1, clip
        assert says in shown.stderr
        assert not (project.root / out).exists()
    shown = rodepil("vision", "show", "c003", "-o", "data", folder=project.root)
    assert "data is a folder; name a file in it, as data/sheet.png" in shown.stderr
    single = ("--set", "features={frames: 1, pairs: none}", "--set", "train.modality=flow")
    shown = rodepil("vision", "show", "c003", "-o", "s.png", *single, folder=project.root)
    assert "'flow' compares frames, and features.frames is 1" in shown.stderr
    project.workspace.clips.unlink()
    shown = rodepil("vision", "show", "c003", "-o", "s.png", folder=project.root)
    assert "make clips with 'rodepil curate'" in shown.stderr
