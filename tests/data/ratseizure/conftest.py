"""Annotation files of the form of the published ones, with names and segments made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NAMES = (
    "others", "staring", "mouth clonus", "wet dog shakes", "head nodding", "neck jerk",
    "unilateral forelimb clonus", "bilateral forelimb clonus", "alternating forelimb clonus",
    "rearing", "falling", "wild running", "jumping", "tonic extension",
)  # fmt: skip
"""As the data's description lists them by id."""

COUNTS = {
    "training": (241, 34, 40, 46, 53, 46, 47, 50, 51, 47, 45, 46, 50, 40),
    "testing": (124, 18, 20, 25, 29, 27, 27, 29, 28, 23, 26, 27, 25, 23),
}
"""Segments of each label on either side of the published split."""

CLIPS = {"training": 513, "testing": 281}


def segment(start: float, end: float, label: int) -> dict[str, Any]:
    return {"segment": [start, end], "label": NAMES[label], "label_id": label}


def clip(*segments: dict[str, Any], subset: str = "training", duration: float = 10.0):
    return {"subset": subset, "duration": duration, "annotations": list(segments)}


def whole_size() -> dict[str, Any]:
    """As many clips and segments of each label as published, dealt at random in whole seconds."""
    rng = np.random.default_rng(0)
    database: dict[str, Any] = {}
    for subset, counts in COUNTS.items():
        names = [f"{subset[:2]}_{number:04d}" for number in range(CLIPS[subset])]
        database |= {name: clip(subset=subset) for name in names}
        for label, count in enumerate(counts):
            for name in rng.choice(names, count):
                start = int(rng.integers(0, 9))
                database[name]["annotations"].append(
                    segment(start, int(rng.integers(start + 1, 11)), label)
                )
    return database


@pytest.fixture
def write(tmp_path: Path):
    def written(database: object, name: str = "annotations.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"database": database}), encoding="utf-8")
        return path

    return written
