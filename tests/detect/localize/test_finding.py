"""A detector gives the box of the one animal; a video without one is told, not guessed at."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from rodepil.config.workspace import Workspace
from rodepil.data.region import Region
from rodepil.detect.localize import Tools, Where, localize_recordings
from rodepil.detect.localize.finding import by_detector
from rodepil.errors import ModelError
from tests.detect.localize.conftest import CURATE


def arena(path: Path, *, animal: bool) -> Path:
    """Encode 3 s of a grey floor; a dark square wanders in its lower right quarter, or nothing."""
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream("libx264", rate=Fraction(30)))
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        for number in range(90):
            made = np.full((128, 192, 3), 170, dtype=np.uint8)
            if animal:
                x, y = 110 + number * 7 % 48, 70 + number * 5 % 32
                made[y : y + 20, x : x + 24] = 30
            container.mux(stream.encode(av.VideoFrame.from_ndarray(made, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_events_are_found_in_the_box_of_what_moves(tmp_path: Path, tools: Tools) -> None:
    videos = [arena(tmp_path / "with.mp4", animal=True), arena(tmp_path / "bare.mp4", animal=False)]
    where = Where(detect=by_detector("motion", None, Workspace(tmp_path))[0])
    found = localize_recordings(videos, tools, tmp_path / "out", where=where, curate=CURATE)
    (video,) = found.videos
    (cage,) = video.cages
    assert cage.x_px <= 130
    assert cage.y_px <= 90
    assert cage.x_px + cage.width_px >= 160
    assert cage.y_px + cage.height_px >= 110
    assert cage.width_px * cage.height_px < 0.75 * 192 * 128
    ((path, reason),) = found.failed
    assert Path(path).name == "bare.mp4"
    assert "no animal" in reason
    assert path not in reason  # it stands before the reason already


def test_a_box_that_may_hold_several_animals_is_told_before_and_noted(
    tmp_path: Path, tools: Tools
) -> None:
    region = Region(100, 60, 64, 64, 9, 9, doubt="2 or more animals")
    told: list[str] = []
    found = localize_recordings(
        [arena(tmp_path / "v.mp4", animal=True)], tools, tmp_path / "out", curate=CURATE,
        where=Where(detect=lambda _: region), warn=told.append,
    )  # fmt: skip
    assert told == ["v: 2 or more animals"]
    assert found.about["notes"][-1] == told[0]
    assert found.videos[0].cages[0].box == region.box


def test_a_network_is_wanted_by_yolo_and_by_nothing_else(tmp_path: Path) -> None:
    project = Workspace(tmp_path)
    with pytest.raises(ModelError, match=r"--weights FILE\.onnx"):
        by_detector("yolo", None, project)
    with pytest.raises(ModelError, match="has no network; leave --weights out"):
        by_detector("motion", tmp_path / "x.onnx", project)
    with pytest.raises(ModelError, match=r"gone\.onnx"):
        by_detector("yolo", tmp_path / "gone.onnx", project)
    with pytest.raises(ModelError, match=r"reads .*x\.onnx; add --detector yolo"):
        by_detector(None, tmp_path / "x.onnx", project)
    assert by_detector(None, None, project) == (None, ())


@pytest.mark.parametrize("boxed", [False, True])
def test_a_picture_that_is_looked_at_whole_is_told_before_and_noted(
    tmp_path: Path, tools: Tools, *, boxed: bool
) -> None:
    told: list[str] = []
    found = localize_recordings(
        [arena(tmp_path / "v.mp4", animal=True)], tools, tmp_path / "out", curate=CURATE,
        where=Where(boxes=((0, 0, 96, 96),) if boxed else ()), warn=told.append,
    )  # fmt: skip
    notes = [note for note in found.about["notes"] if "the whole picture" in note]
    assert told == notes
    assert len(notes) == (not boxed)
    assert all("as one animal" in note for note in notes)
