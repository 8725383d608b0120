"""Make one recording's files: its video, its true animal boxes, and what its tables say."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from rodepil.config.settings import SimulateSettings
from rodepil.io import tables
from rodepil.io.files import sha256_file, short_hash, write_json
from rodepil.io.labels import SEIZURE
from rodepil.io.luma import write_luma
from rodepil.simulate.camera import frames
from rodepil.simulate.film import Recording, live
from rodepil.simulate.scene import HEIGHT_PX, WIDTH_PX
from rodepil.simulate.schedule import RecordingPlan

LOOK = 5
"""Raised with every change of what is drawn, so that older recordings are made again."""
CRF = 24
TINT = (130, 129)
Row = dict[str, object]


@dataclass(frozen=True)
class Made:
    """A recording that stands whole.

    Parameters
    ----------
    key
        Hash of all that it was made from.
    recording
        Its row of the recordings table.
    cages, annotations
        Its rows of these tables.
    boxes
        Path of its animal_boxes table, relative to the folder.
    """

    key: str
    recording: Row
    cages: list[Row]
    annotations: list[Row]
    boxes: str


def make(settings: SimulateSettings, folder: Path, plan: RecordingPlan) -> Made:
    """Make a recording's files, or take those that stand whole.

    What describes a recording is written last, so that its existence means that the rest is
    whole.
    """
    key = short_hash(
        settings.model_dump(), plan.index, LOOK, av.__version__, cv2.__version__, np.__version__
    )
    part = folder / "parts" / f"{plan.recording_id}.json"
    video = folder / "videos" / f"{plan.recording_id}.mp4"
    boxes = folder / "parts" / f"{plan.recording_id}.parquet"
    standing = _standing(part, key)
    if (
        standing
        and boxes.is_file()
        and video.is_file()
        and sha256_file(video) == standing.recording["sha256"]
    ):
        return standing
    part.unlink(missing_ok=True)
    recording = live(settings, plan)
    size = (WIDTH_PX, HEIGHT_PX)
    count = write_luma(
        video, frames(recording, settings.seed), fps=settings.fps, size_px=size, crf=CRF, tint=TINT
    )
    tables.write("animal_boxes", tables.from_rows("animal_boxes", box_rows(recording)), boxes)
    row: Row = {
        "recording_id": plan.recording_id, "path": video.relative_to(folder).as_posix(),
        "sha256": sha256_file(video), "date": plan.date, "video_id": plan.video_id,
        "fps": f"{settings.fps}/1", "n_frames": count, "duration_s": count / settings.fps,
        "width_px": size[0], "height_px": size[1], "codec": "h264",
    }  # fmt: skip
    made = Made(
        key,
        row,
        cage_rows(recording),
        annotation_rows(recording),
        boxes.relative_to(folder).as_posix(),
    )
    write_json(part, asdict(made))
    return made


def _standing(part: Path, key: str) -> Made | None:
    """Read what an earlier call made, if it was made from the same."""
    if not part.is_file():
        return None
    made = Made(**json.loads(part.read_text(encoding="utf-8")))
    return made if made.key == key else None


def annotation_rows(recording: Recording) -> list[Row]:
    """Rows of the annotations table: each seizure, then its action units."""
    rows: list[Row] = []
    for animal in recording.animals:
        spans = [(start, end, SEIZURE) for start, end in animal.seizures]
        spans += [(bout.start_s, bout.end_s, unit) for bout in animal.bouts for unit in bout.units]
        rows += [
            {
                "recording_id": recording.plan.recording_id, "position": animal.box.position,
                "start_s": start, "end_s": end, "label": label, "annotator": "simulation",
                "agreement": 1.0,
            }
            for start, end, label in spans
        ]  # fmt: skip
    return rows


def cage_rows(recording: Recording) -> list[Row]:
    """Rows of the cages table."""
    return [
        {
            "recording_id": recording.plan.recording_id, "position": animal.box.position,
            "subject_id": animal.subject_id, "x_px": animal.box.x_px, "y_px": animal.box.y_px,
            "width_px": animal.box.width_px, "height_px": animal.box.height_px,
        }
        for animal in recording.animals
    ]  # fmt: skip


def box_rows(recording: Recording) -> list[Row]:
    """Rows of the animal_boxes table: the true box of each animal in every frame."""
    rows: list[Row] = []
    for animal in recording.animals:
        x_px, y_px = animal.box.x_px, animal.box.y_px
        rows += [
            {
                "recording_id": recording.plan.recording_id, "position": animal.box.position,
                "frame": frame, "x_px": x_px + left, "y_px": y_px + top,
                "width_px": right - left, "height_px": bottom - top,
            }
            for frame, (left, top, right, bottom) in enumerate(animal.rat.boxes.tolist())
        ]  # fmt: skip
    return rows
