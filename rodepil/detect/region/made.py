"""The demo's detector: made of simulated recordings, tested on others, and found by its name.

::

    data/ratseizure/detector/
        detector.onnx    the network; not there where there is nothing to learn from
        learned.json     what it has learned, or why there is none
    results/localize/detector.json    the same, for the report; written last
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rodepil.config.localize import DetectorSettings
from rodepil.config.origin import SIMULATED
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.cages import Cage
from rodepil.data.origin import data_of
from rodepil.data.region import Motion, Yolo
from rodepil.detect.region.judge import HIT, Finding, judge, whole_cage
from rodepil.detect.region.learn import Lessons, train
from rodepil.detect.region.recorded import (
    CageView,
    Sides,
    cages_in_folder,
    divide,
    look,
    pictures_of,
)
from rodepil.detect.region.tiny import save_onnx
from rodepil.detect.region.usual import ONNX_FILE
from rodepil.io.files import sha256_file, write_json
from rodepil.io.progress import Progress
from rodepil.io.seeds import derive_seed
from rodepil.io.wording import by_number

LEARNED_FILE: Final = "learned.json"
RECORD_FILE: Final = "detector.json"
WHAT: Final = "a tiny network of YOLOv8's output layout, trained on simulated cages alone"
_TRUTH: Final = "animal_boxes.parquet"


def make_detector(
    settings: ProjectSettings, workspace: Workspace, progress: Progress | None = None
) -> str:
    """Train the tiny detector on the project's recordings, test it on others, and say how good.

    Where no true box of an animal is known, as in recordings of a lab, nothing is learned, and the
    records say why.

    Raises
    ------
    TableError, VideoError
        A table or video of the simulated recordings is missing or damaged.
    """
    data = data_of(settings, workspace)
    if data != SIMULATED or not (workspace.raw / _TRUTH).is_file():
        return _leave_out(workspace, data, f"nobody drew where the animal is in {data}")
    sides = divide(
        cages_in_folder(workspace.raw), settings.detector.recordings, settings.detector.tested
    )
    if not (sides.learn and sides.test):
        return _leave_out(
            workspace, data, "no animal of the other recordings is outside the held-out ones"
        )
    record = _record(settings.detector, workspace, sides, progress)
    found = {name: one.as_json() for name, one in record[1].items()}
    _write(workspace, {"made": True, "data": data, "what": WHAT, **record[0], "detectors": found})
    return _told(workspace, record[1])


def _record(
    settings: DetectorSettings, workspace: Workspace, sides: Sides, progress: Progress | None
) -> tuple[dict[str, object], dict[str, Finding]]:
    """Train and test; return what is to be known of the network, and how well each finds."""
    rng = np.random.default_rng(derive_seed("parts of cages", settings.seed))
    views = look(workspace.raw, sides.learn, settings.frames, progress)
    pictures = pictures_of(views, settings.crops, rng)
    lessons = Lessons(settings.steps, settings.batch_size, settings.learning_rate, settings.seed)
    network = train(pictures, lessons, progress)
    path = workspace.detector / ONNX_FILE
    save_onnx(path, network)
    found = _found(path, look(workspace.raw, sides.test, settings.frames, progress))
    record = {
        "settings": settings.model_dump(mode="json"),
        "sha256": sha256_file(path),
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "pictures": len(pictures.pixels),
        "learned_from": _named(sides.learn),
        "tested_on": _named(sides.test),
        "least_iou": HIT,
    }
    return record, found


def _found(weights: Path, views: Sequence[CageView]) -> dict[str, Finding]:
    """Judge the network, as OpenCV runs it, beside what needs no network."""
    yolo, motion = Yolo(weights), Motion()
    return {
        "yolo": judge(views, lambda _: yolo),
        "motion": judge(views, lambda _: motion),
        "fixed": judge(views, whole_cage),
    }


def _named(cages: Sequence[Cage]) -> dict[str, list[str] | int]:
    return {
        "recordings": sorted({cage.recording_id for cage in cages}),
        "animals": sorted({cage.subject_id for cage in cages}),
        "cages": len(cages),
    }


def _leave_out(workspace: Workspace, data: str, why: str) -> str:
    """Say, in words and in the records, that there is no detector."""
    (workspace.detector / ONNX_FILE).unlink(missing_ok=True)
    _write(workspace, {"made": False, "data": data, "why": why})
    return f"no detector is made: {why}"


def _write(workspace: Workspace, record: dict[str, object]) -> None:
    write_json(workspace.detector / LEARNED_FILE, record)
    write_json(workspace.localize_results / RECORD_FILE, record)


def _told(workspace: Workspace, found: dict[str, Finding]) -> str:
    said = ", ".join(f"{name} {one.hit_share:.1%}" for name, one in found.items())
    frames = by_number(found["yolo"].frames, "frame", "frames")
    return (
        f"{workspace.detector / ONNX_FILE}; the animal is found (IoU above {HIT:g}) in {frames} of "
        f"held-out recordings: {said}"
    )
