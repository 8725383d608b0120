"""What clips are made of a source of action units: rows of the manifest, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from rodepil.data.audit.likeness import grouped
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
Split = Literal["given", "subject"]


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


def subjects_of(source: UnitsSource, digests: Mapping[str, str], split: Split) -> Mapping[str, str]:
    """Return the subject that stands for each clip in folds.

    In the given split that is the clip itself: the files name no animal, and nobody can hold
    that split to any. Else it is the animal where it is known, and what the name tells; subjects
    that share a file, byte by byte, are one, under the name that comes first.

    Parameters
    ----------
    source
        The annotated clips.
    digests
        The sha256 of each one's file.
    split
        Which split is wanted.
    """
    names = [clip.video_id for clip in source.annotations.clips]
    if split == "given":
        return {name: name for name in names}
    told = source.told_subjects()
    listed = sorted(set(told.values()))
    place = {subject: number for number, subject in enumerate(listed)}
    first: dict[str, str] = {}
    pairs = []
    for name in names:
        if name in digests:
            twin = first.setdefault(digests[name], name)
            pairs.append((place[told[twin]], place[told[name]]))
    one = {at: group[0] for group in grouped(pairs) for at in group}
    return {name: listed[one.get(place[subject], place[subject])] for name, subject in told.items()}
