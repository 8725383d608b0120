"""What localizing gives: every event that was found, those that are told, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from rodepil.data.cages import Cage
from rodepil.errors import SettingError
from rodepil.io import tables
from rodepil.io.wording import choice

TOUCHING_S = 0.001
"""Events this near are one; times are told to the millisecond."""

RULE = (
    "events of one unit and cage that overlap or touch are told as one, from the first start to "
    "the last end, with the highest score"
)
DIGITS = 3
JOINED = "merged"


@dataclass(frozen=True)
class VideoFacts:
    """What was seen of a video.

    Parameters
    ----------
    recording_id
        Its name in the tables: that of its file without ending.
    path, sha256
        Its file.
    fps
        Frames a second, as the container declares them.
    frames
        Frames that decoded.
    duration_s
        From the first frame to the end of the last.
    cages
        Where was looked.
    gaps_s
        Stretches, seconds from start to end, in which frames stand too far apart.
    """

    recording_id: str
    path: str
    sha256: str
    fps: float
    frames: int
    duration_s: float
    cages: tuple[Cage, ...]
    gaps_s: tuple[tuple[float, float], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the facts as JSON holds them."""
        return asdict(self)

    @classmethod
    def of_json(cls, known: Mapping[str, Any]) -> VideoFacts:
        """Return the facts that `as_json` gave, from a file."""
        changed = dict(known)
        changed["cages"] = tuple(Cage(**row) for row in known["cages"])
        changed["gaps_s"] = tuple((start, end) for start, end in known["gaps_s"])
        return cls(**changed)


@dataclass(frozen=True)
class Told:
    """Which events people are told of.

    Parameters
    ----------
    min_score
        The least score, in [0, 1].
    labels
        The units; without, all that the model knows.

    Raises
    ------
    SettingError
        The score is no share.
    """

    min_score: float = 0.3
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise SettingError(f"the least score is {self.min_score}; give one in [0, 1]")

    def check(self, known: Sequence[str]) -> None:
        """Check the labels against those that a model knows.

        Raises
        ------
        SettingError
            It does not know one.
        """
        for label in self.labels:
            if label not in known:
                raise SettingError(f"the model knows no '{label}'; {choice(label, known)}")

    def of(self, events: pa.Table) -> pa.Table:
        """Return the events to tell, in order of video, cage and time; see `RULE`.

        The table is ``events`` with one column more: ``merged``, how many found segments an event
        joins.
        """
        groups: dict[tuple[str, int, str, str], list[dict[str, Any]]] = {}
        for row in events.to_pylist():
            if row["score"] >= self.min_score and (not self.labels or row["label"] in self.labels):
                key = row["recording_id"], row["position"], row["subject_id"], row["label"]
                groups.setdefault(key, []).append(row)
        rows = [row for group in groups.values() for row in merged(group)]
        rows.sort(key=lambda row: tuple(row[name] for name in _ORDER))
        joined = pa.array([row.pop(JOINED) for row in rows], pa.int32())
        return tables.from_rows("events", rows).append_column(JOINED, joined)


_ORDER = ("recording_id", "position", "start_s", "end_s", "label")


def merged(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of one unit and cage as `RULE` says, in order of time, to the millisecond.

    Each says as ``merged`` how many it joins.
    """
    found: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["start_s"], row["end_s"])):
        start_s, end_s = (round(row[name], DIGITS) for name in ("start_s", "end_s"))
        if found and round(start_s - found[-1]["end_s"], DIGITS) <= TOUCHING_S:
            last = found[-1]
            last["end_s"] = max(last["end_s"], end_s)
            last["score"] = max(last["score"], row["score"])
            last[JOINED] += 1
        else:
            end_s = max(end_s, round(start_s + TOUCHING_S, DIGITS))
            found.append({**row, "start_s": start_s, "end_s": end_s, JOINED: 1})
    return found


@dataclass(frozen=True)
class Localized:
    """What came of recordings.

    Parameters
    ----------
    events
        Table ``events``: all that the model found, however unsure, best first in a cage.
    told
        The sure ones, merged, by time, as `Told.of` gives them.
    videos
        The videos that were looked through, in the order given.
    failed
        The others, with the reason.
    about
        The model and what it learned from, for people.
    """

    events: pa.Table
    told: pa.Table
    videos: tuple[VideoFacts, ...]
    failed: tuple[tuple[str, str], ...]
    about: Mapping[str, Any] = field(default_factory=dict)
