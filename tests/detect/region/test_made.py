"""The stage 'detector': what it learns from, what it is tested on, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rodepil import stages
from rodepil.config.localize import DetectorSettings
from rodepil.config.settings import DataSettings, ProjectSettings, SimulateSettings
from rodepil.config.workspace import Workspace
from rodepil.data.cages import Cage
from rodepil.data.region.found import NOTHING, Found
from rodepil.detect.region.judge import ious_of, judge, whole_cage
from rodepil.detect.region.recorded import CageView, cages_in_folder, divide, look, pictures_of
from rodepil.detect.region.usual import usual_weights
from rodepil.io.progress import Silent

SMALL = ProjectSettings(
    data=DataSettings(
        simulate=SimulateSettings(
            subjects=8, recordings=4, cages_min=2, cages_max=3, duration_s=30, fps=5
        )
    ),
    detector=DetectorSettings(recordings=3, tested=1, frames=12, crops=2, steps=3, batch_size=4),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("detector"))
    stages.source(SMALL, made, Silent())
    return made


@pytest.fixture(scope="module")
def record(workspace: Workspace) -> dict[str, Any]:
    said = stages.detector(SMALL, workspace, Silent())
    assert "held-out recordings: yolo" in said
    read: dict[str, Any] = json.loads((workspace.localize_results / "detector.json").read_bytes())
    return read


def cage(recording: str, subject: str) -> Cage:
    return Cage(recording, 1, subject, 0, 0, 100, 80)


def test_the_detector_is_tested_on_recordings_and_animals_that_it_never_saw(
    record: dict[str, Any], workspace: Workspace
) -> None:
    learned, tested = record["learned_from"], record["tested_on"]
    assert not set(learned["recordings"]) & set(tested["recordings"])
    assert not set(learned["animals"]) & set(tested["animals"])
    assert learned["cages"] * 12 * 2 == record["pictures"]
    rows = cages_in_folder(workspace.raw)
    held = {row.subject_id for row in rows if row.recording_id in tested["recordings"]}
    assert set(tested["animals"]) == held


def test_the_record_compares_three_detectors_on_the_same_frames(record: dict[str, Any]) -> None:
    assert record["made"] is True
    assert record["data"] == "simulated recordings"
    assert set(record["detectors"]) == {"yolo", "motion", "fixed"}
    frames = {one["frames"] for one in record["detectors"].values()}
    assert frames == {record["tested_on"]["cages"] * 12}
    for one in record["detectors"].values():
        assert 0 <= one["hit_share"] <= 1
        assert 0 <= one["mean_iou"] <= 1


def test_the_network_is_found_where_it_is_made(
    record: dict[str, Any], workspace: Workspace, tmp_path: Path
) -> None:
    path = usual_weights(workspace)
    assert path is not None
    assert path == workspace.root / "data" / "ratseizure" / "detector" / "detector.onnx"
    assert json.loads((path.parent / "learned.json").read_bytes()) == record
    assert usual_weights(Workspace(tmp_path)) is None


def test_recordings_of_a_lab_give_no_detector_and_a_record_that_says_why(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.detector.mkdir(parents=True)
    (workspace.detector / "detector.onnx").write_bytes(b"of earlier recordings")
    lab = ProjectSettings(data=DataSettings(source="tables"))
    assert "no detector is made" in stages.detector(lab, workspace, Silent())
    told = json.loads((workspace.localize_results / "detector.json").read_bytes())
    assert told["made"] is False
    assert "recordings in imported" in told["why"]
    assert usual_weights(workspace) is None
    assert (workspace.detector / "learned.json").is_file()


def test_animals_of_held_out_recordings_are_in_no_cage_to_learn_from() -> None:
    cages = [cage("a", "1"), cage("a", "2"), cage("b", "2"), cage("b", "3"), cage("c", "1")]
    sides = divide(cages, 9, 1)
    assert [one.recording_id for one in sides.test] == ["c"]
    assert [(one.recording_id, one.subject_id) for one in sides.learn] == [
        ("a", "2"), ("b", "2"), ("b", "3"),
    ]  # fmt: skip
    assert {one.recording_id for one in divide(cages, 1, 1).learn} == {"a"}


def test_where_all_animals_are_held_out_nothing_is_left_to_learn_from() -> None:
    assert divide([cage("a", "1"), cage("b", "1")], 9, 1).learn == ()
    assert divide([cage("a", "1")], 9, 1).test == ()


def test_views_show_the_animal_in_its_true_box(workspace: Workspace) -> None:
    (view,) = look(workspace.raw, cages_in_folder(workspace.raw)[:1], 12)
    assert view.frames.shape[:3] == (12, view.cage.height_px, view.cage.width_px)
    still = np.median(view.frames, axis=0).mean(axis=2)
    inside, outside = [], []
    for frame, box in zip(view.frames, view.boxes.round().astype(int).clip(0), strict=True):
        covered = np.zeros(still.shape, bool)
        covered[box[1] : box[3], box[0] : box[2]] = True
        moved = np.abs(frame.mean(axis=2) - still)
        inside.append(moved[covered].mean())
        outside.append(moved[~covered].mean())
    assert np.mean(inside) > 3 * np.mean(outside)


def test_every_twentieth_picture_is_of_the_cage_alone() -> None:
    frames = np.full((20, 60, 80, 3), 160, np.uint8)
    boxes = np.zeros((20, 4), np.float32)
    for number in range(20):
        left = 2 * number
        frames[number, 10:30, left : left + 20] = 30
        boxes[number] = left, 10, left + 20, 30
    made = pictures_of([CageView(cage("a", "1"), frames, boxes)], 2, np.random.default_rng(0))
    empty = np.isnan(made.boxes[:, 0])
    assert np.flatnonzero(empty).tolist() == [0, 20]
    assert made.pixels[empty].min() > 90
    assert (made.pixels[~empty].reshape(38, -1).min(axis=1) < 60).all()


def test_the_best_box_of_each_frame_is_judged() -> None:
    true = np.array([[0, 0, 10, 10]] * 3, np.float32)
    two = Found(
        np.array([[50, 50, 60, 60], [0, 0, 10, 5]], np.float32), np.array([0.2, 0.9], np.float32)
    )
    exact = Found(np.array([[0, 0, 10, 10]], np.float32), np.ones(1, np.float32))
    assert ious_of([two, exact, NOTHING], true).tolist() == pytest.approx([0.5, 1.0, 0.0])
    view = CageView(cage("a", "1"), np.zeros((3, 20, 20, 3), np.uint8), true)
    detector = SimpleNamespace(find=lambda frames: [two, exact, NOTHING][: len(frames)])
    found = judge([view], lambda _: detector)
    assert (found.frames, found.found) == (3, 2)
    assert found.hit_share == pytest.approx(1 / 3)  # half is not above half
    assert found.mean_iou == pytest.approx(0.5)
    assert judge([view], whole_cage).mean_iou == pytest.approx(100 / 400)
