"""Imports of short published clips, and what they leave."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from rodepil.data.published.clips import ImportedClips, import_clips
from rodepil.io import tables
from tests.published_clips import Made

NAMES = ("recordings", "cages", "annotations")
SHORT = Made(30, 30, (64, 64))
"""Clips of 1 s, where their length is nothing to the rule."""

BRIEF = {"N": SHORT, "S": SHORT}


def run(into: Path, *given: Path) -> ImportedClips:
    return import_clips(given, into, processes=1)


def read(into: Path) -> dict[str, pa.Table]:
    return {name: tables.read(name, into / f"{name}.parquet") for name in NAMES}


def ids(into: Path) -> list[str]:
    found: list[str] = read(into)["recordings"].column("recording_id").to_pylist()
    return found


def renamed(clip: Path, **parts: object) -> Path:
    """Return a path beside a clip whose name says something else."""
    date, video, position, rat, frames, label, _ = clip.stem.split("_")
    said = {"date": date, "video": video, "position": position, "rat": rat, "frames": frames}
    said |= {"label": label} | {key: str(value) for key, value in parts.items()}
    folder = clip.parents[1] / ("1" if said["label"] == "S" else "0")
    return folder / f"{'_'.join(said.values())}_{'1' if said['label'] == 'S' else '0'}.avi"
