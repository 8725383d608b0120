"""Rows of the tables that a summary counts, and a dataset of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodepil.data.overview import Dataset
from rodepil.io import tables

SUBJECTS = ("70-2", "70-10", "71-1")
Row = dict[str, Any]


def recording(number: int, **more: object) -> Row:
    date = f"Feb-{1 + number // 2}-2019"
    row: Row = {
        "recording_id": f"{date}_V{number}",
        "path": f"V{number}.mp4",
        "sha256": f"{number:064x}",
        "date": date,
        "video_id": f"V{number}",
        "fps": "30",
        "n_frames": 18_000,
        "duration_s": 600.0 + number,
        "width_px": 640,
        "height_px": 480,
        "codec": "h264",
    }
    return row | more


def cage(row: Row, position: int, subject: str) -> Row:
    return {
        "recording_id": row["recording_id"],
        "position": position,
        "subject_id": subject,
        "x_px": 100 * position,
        "y_px": 0,
        "width_px": 90,
        "height_px": 90,
    }


def seizure(row: Row, position: int, start_s: float, end_s: float, **more: object) -> Row:
    made = {
        "recording_id": row["recording_id"],
        "position": position,
        "start_s": start_s,
        "end_s": end_s,
        "label": "seizure",
        "annotator": "a",
        "agreement": 1.0,
    }
    return made | more


def window(row: Row, place: Row, number: int, **more: object) -> Row:
    made = {
        "clip_id": f"{row['video_id']}-{place['position']}-{number}",
        "recording_id": row["recording_id"],
        "subject_id": place["subject_id"],
        "position": place["position"],
        "date": row["date"],
        "video_id": row["video_id"],
        "start_frame": 300 * number,
        "end_frame": 300 * number + 300,
        "start_s": 10.0 * number,
        "duration_s": 10.0,
        "label": 0,
        "kept": True,
        "path": f"clips/{row['video_id']}-{place['position']}-{number}.avi",
        "fps": "30",
        "n_frames": 300,
        "width_px": 224,
        "height_px": 224,
    }
    return made | more


def drawn(generator: np.random.Generator, row: Row, place: Row, number: int) -> Row:
    """A window as curation leaves it: kept, or dropped with or without its motion."""
    reason = generator.choice(["", "", "", "still", "gap", "overlap_short"])
    return window(
        row,
        place,
        number,
        label=int(generator.random() < 0.3),
        kept=not reason,
        drop_reason=str(reason) or None,
        motion=None if reason == "overlap_short" else float(generator.random()),
    )


def dataset(
    folder: Path,
    recordings: Sequence[Row],
    cages: Sequence[Row] = (),
    annotations: Sequence[Row] = (),
    clips: Sequence[Row] | None = None,
) -> Dataset:
    return Dataset(
        data="recordings in a test",
        folder=folder,
        clips_root=folder,
        recordings=tables.from_rows("recordings", recordings),
        cages=tables.from_rows("cages", cages),
        annotations=tables.from_rows("annotations", annotations),
        clips=None if clips is None else tables.from_rows("clips", clips),
    )
