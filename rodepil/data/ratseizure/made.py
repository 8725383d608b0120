"""What clips are made of a source of action units: rows of the manifest, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rodepil.data.ratseizure.clips import POSITION, RatSeizureClip
from rodepil.data.ratseizure.source import UnitsSource
from rodepil.io.names import UNDATED

MISSING: Final = "missing"
"""Why a clip is left out: it has no file."""
UNSOUND: Final = "unsound"
"""Its file can't be taken; the failures say why."""
SHORT: Final = "short"
"""It is shorter than one window of features."""
TAIL: Final = "tail"
"""It is the rest of a recording behind its last whole window."""

Row = dict[str, object]


@dataclass
class UnitClips:
    """Clips of action units.

    Parameters
    ----------
    rows
        Of the table "clips", those that are left out included; labels and subjects come later.
    digests
        The sha256 of the file of each annotated clip that has one.
    failures
        Rows of the table "failures".
    unfinished
        What is said of failures that may pass.
    """

    rows: list[Row] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    failures: list[Row] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)


def left_out(clip: RatSeizureClip, fps: float, reason: str) -> Row:
    """Return the row of an annotated clip that is no clip of the dataset."""
    return {
        **named(clip.video_id),
        "clip_id": f"{reason}-{clip.video_id}",
        "start_frame": 0,
        "end_frame": max(1, round(clip.duration_s * fps)),
        "start_s": 0.0,
        "duration_s": clip.duration_s,
        "kept": False,
        "drop_reason": reason,
    }


def named(video_id: str) -> Row:
    """Return the columns that name an annotated clip."""
    return {
        "recording_id": video_id,
        "video_id": video_id,
        "position": POSITION,
        "date": UNDATED,
        "parent_clip_id": None,
    }


def subjects_of(source: UnitsSource, split: str) -> Mapping[str, str]:
    """Return the subject that stands for each clip in folds.

    In the given split that is the clip itself: the files name no animal, and nobody can hold
    that split to any. Else it is the animal where it is known, and what the name tells.
    """
    return {
        clip.video_id: clip.video_id if split == "given" else source.subject_of(clip.video_id)
        for clip in source.annotations.clips
    }
