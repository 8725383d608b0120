"""Videos of action units become clips of their own length, or windows; nothing is lost unsaid."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from rodepil.config.settings import CurateSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.ratseizure.tables import UnitsTables, make_units_tables
from rodepil.errors import SettingError
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.io.progress import Silent
from tests.data.conftest import film, numbered, steady
from tests.data.ratseizure.conftest import clip, segment

CLIP_S = 2.0


def settings(**sequence: Any) -> ProjectSettings:
    plain = ProjectSettings()
    grid = {"fps": 10.0, "size_px": 64, "window_frames": 8, "stride_frames": 4}
    return plain.model_copy(
        update={
            "sequence": plain.sequence.model_copy(update=grid | sequence),
            "curate": CurateSettings(clip_duration_s=CLIP_S, min_overlap_s=1.0, codec="ffv1"),
        }
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    (made.units_source / "videos").mkdir(parents=True)
    return made


def write(workspace: Workspace, database: dict[str, Any]) -> None:
    path = workspace.units_source / "annotations.json"
    path.write_text(json.dumps({"database": database}), encoding="utf-8")


def shoot(
    workspace: Workspace, name: str, lasts_s: float, draw: Callable[[int], Any] = numbered
) -> None:
    path = workspace.units_source / "videos" / f"{name}.mp4"
    film(path, steady(Fraction(20), lasts_s), rate=Fraction(20), draw=draw)


def make(workspace: Workspace, wanted: ProjectSettings | None = None) -> UnitsTables:
    return make_units_tables(wanted or settings(), workspace, Silent(), processes=1)


def test_long_recordings_are_cut_and_short_ones_keep_their_length(workspace: Workspace) -> None:
    shoot(workspace, "long_one", 5.0)
    shoot(workspace, "own", 3.0)
    shoot(workspace, "nearly", 1.95)
    shoot(workspace, "brief", 0.6)
    write(
        workspace,
        {
            "long_one": clip(segment(1, 5, 3), segment(2, 4, 0), duration=5.0),
            "own": clip(segment(0, 3, 0), subset="testing", duration=3.0),
            "nearly": clip(segment(1, 2, 9), duration=2.0),
            "brief": clip(duration=0.6),
            "none": clip(segment(0, 1, 9)),
        },
    )
    made = make(workspace)
    rows = [
        (row["recording_id"], row["start_s"], row["duration_s"], row["drop_reason"], row["label"])
        for row in made.clips.to_pylist()
    ]
    assert rows == [
        ("brief", 0.0, 0.6, "short", 0),
        ("long_one", 0.0, 2.0, None, 1),
        ("long_one", 2.0, 2.0, None, 1),
        ("long_one", 4.0, 1.0, "tail", 0),
        ("nearly", 0.0, 2.0, None, 1),
        ("none", 0.0, 10.0, "missing", 0),
        ("own", 0.0, 3.0, None, 0),
    ]
    events = sorted(
        (row["recording_id"], row["start_s"], row["end_s"], row["label"])
        for row in made.marked.events.to_pylist()
    )
    assert events == [
        ("long_one", 1.0, 2.0, "wet dog shakes"),  # 1 to 5 s, at the borders of windows and cut
        ("long_one", 2.0, 4.0, "others"),
        ("long_one", 2.0, 4.0, "wet dog shakes"),
        ("nearly", 1.0, 2.0, "rearing"),
        ("own", 0.0, 3.0, "others"),
    ]
    assert (made.marked.cut, made.marked.lost) == (1, 1)
    assert made.folds.num_rows == 4


def test_clips_show_the_frames_of_their_time_at_the_rate_of_features(workspace: Workspace) -> None:
    """Each frame of the videos is a little lighter than the one before."""
    shoot(workspace, "rat_7 (copy)", 4.0, lambda number: np.full_like(numbered(0), 10 + 2 * number))
    shoot(workspace, "other", 2.0)
    database = {"rat_7 (copy)": clip(duration=4.0), "other": clip(subset="testing", duration=2.0)}
    write(workspace, database)
    root, shown = workspace.units_clips.parent, {}
    for row in make(workspace).clips.to_pylist():
        path = root / row["path"]
        assert row["sha256"] == sha256_file(path)
        assert (row["fps"], row["n_frames"], row["width_px"]) == ("10", 20, 64)
        with av.open(str(path)) as container:
            pictures = [one.to_ndarray(format="gray") for one in container.decode(video=0)]
        shown[row["recording_id"], row["start_s"]] = [int(one[32, 32]) for one in pictures]
    for start_s in (0.0, 2.0):
        source_frames = [round((start_s + frame / 10) * 20) for frame in range(20)]
        levels = shown["rat_7 (copy)", start_s]
        np.testing.assert_allclose(levels, [10 + 2 * frame for frame in source_frames], atol=1.5)


def test_a_box_of_the_cages_table_is_all_that_a_clip_shows(workspace: Workspace) -> None:
    def halves(_: int) -> np.ndarray:
        frame = np.full_like(numbered(0), 40)
        frame[:, 96:] = 200
        return frame

    boxes = {"left": (0, 0, 64, 64), "right": (128, 0, 64, 64), "out": (150, 0, 64, 64)}
    for name in boxes:
        shoot(workspace, name, 2.0, halves)
    rows = [
        dict(zip(tables.schema("cages").names, (name, 0, name, *box), strict=True))
        for name, box in boxes.items()
    ]
    tables.write("cages", tables.from_rows("cages", rows), workspace.units_source / "cages.parquet")
    sides = {"left": "training", "right": "testing", "out": "training"}
    write(workspace, {name: clip(subset=side, duration=2.0) for name, side in sides.items()})
    levels = {}
    for row in make(workspace).clips.to_pylist():
        if row["kept"]:
            with av.open(str(workspace.units_clips.parent / row["path"])) as container:
                picture = next(container.decode(video=0)).to_ndarray(format="gray")
            levels[row["video_id"]] = (int(picture.min()), int(picture.max()))
    assert set(levels) == {"left", "right"}
    np.testing.assert_allclose(levels["left"], (40, 40), atol=4)
    np.testing.assert_allclose(levels["right"], (200, 200), atol=4)


def test_copies_of_one_video_and_still_ones_are_clips_of_their_own(workspace: Workspace) -> None:
    shoot(workspace, "still", 2.0, lambda _: np.full_like(numbered(0), 90))
    shoot(workspace, "a", 2.0)
    videos = workspace.units_source / "videos"
    shutil.copy(videos / "a.mp4", videos / "b.mp4")
    names = {"still": "training", "a": "training", "b": "testing"}
    write(workspace, {name: clip(subset=side, duration=2.0) for name, side in names.items()})
    made = make(workspace)
    assert made.clips.column("kept").to_pylist() == [True] * 3
    assert len(set(made.clips.column("clip_id").to_pylist())) == 3
    (same,) = made.leaks.content
    assert same.sides == {"training": ("a",), "testing": ("b",)}
    assert same.what == sha256_file(videos / "a.mp4")
    assert not made.leaks.alike


def test_a_second_run_makes_no_clip_anew_and_clears_what_is_stale(workspace: Workspace) -> None:
    for name in "abc":
        shoot(workspace, name, 2.0)
    sides = {"a": "training", "b": "testing", "c": "training"}
    write(workspace, {name: clip(subset=side, duration=2.0) for name, side in sides.items()})
    first = make(workspace)
    times = {path: path.stat().st_mtime_ns for path in workspace.units_clips_folder.glob("*.avi")}
    write(workspace, {name: clip(subset=sides[name], duration=2.0) for name in "ab"})
    second = make(workspace)
    left = {path: path.stat().st_mtime_ns for path in workspace.units_clips_folder.glob("*.avi")}
    assert len(times) == 3
    assert len(left) == 2
    assert left.items() <= times.items()
    assert second.clips.to_pylist() == [
        row for row in first.clips.to_pylist() if row["video_id"] != "c"
    ]


def test_a_video_that_is_none_is_a_row_and_the_others_go_on(workspace: Workspace) -> None:
    shoot(workspace, "a", 2.0)
    shoot(workspace, "b", 2.0)
    (workspace.units_source / "videos" / "c.mp4").write_bytes(b"no video at all")
    sides = {"a": "training", "b": "testing", "c": "training"}
    write(
        workspace,
        {name: clip(segment(0, 1, 4), subset=side, duration=2.0) for name, side in sides.items()},
    )
    made = make(workspace)
    reasons = {row["video_id"]: row["drop_reason"] for row in made.clips.to_pylist()}
    assert reasons == {"a": None, "b": None, "c": "unsound"}
    (failed,) = tables.read(
        "failures", workspace.units_clips_folder / "failures.parquet"
    ).to_pylist()
    assert failed["item"].endswith("c.mp4")
    assert made.marked.lost == 1


def test_a_rate_that_no_video_can_have_is_refused(workspace: Workspace) -> None:
    shoot(workspace, "a", 2.0)
    write(workspace, {"a": clip(duration=2.0)})
    with pytest.raises(SettingError, match=r"sequence\.fps is 12\.5; .* set it to 12"):
        make(workspace, settings(fps=12.5))
    with pytest.raises(SettingError, match=r"sequence\.size_px 65"):
        make(workspace, settings(size_px=65))


def test_a_clip_that_is_annotated_shorter_than_a_window_is_left_out(workspace: Workspace) -> None:
    """Its video has the eight frames of a window, its annotated length has seven."""
    shoot(workspace, "brief", 0.8)
    shoot(workspace, "sound", 2.0)
    shoot(workspace, "tested", 2.0)
    write(
        workspace,
        {
            "brief": clip(segment(0, 0.7, 3), duration=0.72),
            "sound": clip(duration=2.0),
            "tested": clip(subset="testing", duration=2.0),
        },
    )
    made = make(workspace)
    reasons = {row["video_id"]: row["drop_reason"] for row in made.clips.to_pylist()}
    assert reasons == {"brief": "short", "sound": None, "tested": None}
    assert made.marked.lost == 1
