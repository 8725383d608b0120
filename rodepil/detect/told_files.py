"""The files that localizing leaves in its folder, and what they say of videos.

``events.parquet`` holds every event, as mAP wants it; ``events.csv`` and ``boris.tsv`` hold those
that are told, merged; ``about.json`` says what they rest on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rodepil.scoring import video_key

EVENTS: Final = "events.parquet"
SHEET: Final = "events.csv"
BORIS: Final = "boris.tsv"
ABOUT: Final = "about.json"
MERGED: Final = (SHEET, BORIS)


@dataclass(frozen=True)
class About:
    """What ``about.json`` says.

    Parameters
    ----------
    durations_s
        Seconds of each cage of each video, by its name (`rodepil.scoring.video_key`).
    places
        The position of each animal, by recording_id and subject_id.
    min_score
        The least score of events that are told; None where the file is not there.
    """

    durations_s: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[tuple[str, str], int] = field(default_factory=dict)
    min_score: float | None = None


def read_about(folder: Path) -> About:
    """Read ``about.json`` of a folder; one that is not there, or is another's, says nothing."""
    try:
        held = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        cages = [(video, cage) for video in held["videos"] for cage in video["cages"]]
        durations = {
            video_key(video["recording_id"], cage["position"]): float(video["duration_s"])
            for video, cage in cages
        }
        places = {
            (video["recording_id"], cage["subject_id"]): int(cage["position"])
            for video, cage in cages
        }
        return About(durations, places, float(held["min_score"]))
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return About()
