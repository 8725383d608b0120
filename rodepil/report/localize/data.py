"""The clips in which action units are localized: what they hold, and on which side they stand.

S sides: training and testing of the given split, else the folds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from rodepil.data.ratseizure.copies import original_of
from rodepil.io.labels import ACTION_UNITS
from rodepil.scoring import video_key
from rodepil.statistics.matched import Unit

TESTING_FOLD: Final = 0
GIVEN: Final[Mapping[str, int]] = {"Training": 1, "Testing": TESTING_FOLD}
"""The sides of the given split, by the folds that they are kept as."""


@dataclass(frozen=True)
class Side:
    """One side of the split.

    Parameters
    ----------
    name
        As tables print it.
    clips
        How many there are.
    segments, held, seconds
        By label: segments, clips that hold one, and their seconds; overlaps count twice.
    """

    name: str
    clips: int
    segments: Mapping[str, int]
    held: Mapping[str, int]
    seconds: Mapping[str, float]

    @property
    def total(self) -> int:
        """Segments of all labels."""
        return sum(self.segments.values())

    def share(self, label: str) -> float:
        """Return the share of a label in the side's segments, in [0, 1]."""
        return self.segments.get(label, 0) / self.total if self.total else 0.0


@dataclass(frozen=True)
class UnitData:
    """The clips, their action units and their folds.

    Parameters
    ----------
    clips, events, folds
        Tables of these names; clips that were kept alone.
    given
        Whether the folds are the two sides of the given split.
    """

    clips: pa.Table
    events: pa.Table
    folds: pa.Table
    given: bool

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The units that occur, in order of their ids; others after them."""
        held = set(self.events.column("label").to_pylist())
        beyond = sorted(held - set(ACTION_UNITS))
        return (*ACTION_UNITS, *beyond)

    @cached_property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The clips that stand in a fold, with it, in order of their ids."""
        fold = _column(self.folds, "clip_id", "fold")
        wanted = ("clip_id", "recording_id", "position", "subject_id", "video_id", "start_s",
                  "duration_s")  # fmt: skip
        rows = self.clips.select(wanted).to_pylist()
        kept = [row | {"fold": fold[row["clip_id"]]} for row in rows if row["clip_id"] in fold]
        return tuple(sorted(kept, key=lambda row: str(row["clip_id"])))

    @cached_property
    def clip_of(self) -> tuple[tuple[dict[str, Any], dict[str, Any]], ...]:
        """Every event that begins within a clip, with that clip."""
        return tuple(self.within(self.events))

    def within(self, events: pa.Table) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield each event that overlaps a clip, with that clip; its times stay the recording's."""
        clips: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows:
            clips.setdefault(video_key(row["recording_id"], row["position"]), []).append(row)
        for event in events.to_pylist():
            for clip in clips.get(video_key(event["recording_id"], event["position"]), []):
                ends = clip["start_s"] + clip["duration_s"]
                if event["start_s"] < ends and event["end_s"] > clip["start_s"]:
                    yield event, clip

    def tested(self, folds: Iterable[int]) -> dict[str, Unit]:
        """Return the videos of some folds, each with who is drawn again with it.

        That is the subject; where every clip is its own, as where files name no animal, the
        original that its name tells, for copies of one are alike.
        """
        wanted = set(folds)
        named = self.names_subjects
        return {
            video_key(row["recording_id"], row["position"]): Unit(
                row["subject_id"] if named else original_of(row["video_id"]), row["fold"]
            )
            for row in self.rows
            if row["fold"] in wanted
        }

    @cached_property
    def names_subjects(self) -> bool:
        """Whether clips share subjects, so that these are animals and no names of clips."""
        return len({row["subject_id"] for row in self.rows}) < len(
            {video_key(row["recording_id"], row["position"]) for row in self.rows}
        )

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """Training and testing of the given split, else every fold."""
        if self.given:
            return tuple(self._side(name, fold) for name, fold in GIVEN.items())
        folds = sorted({row["fold"] for row in self.rows})
        return tuple(self._side(f"Fold {fold}", fold) for fold in folds)

    @cached_property
    def originals(self) -> Mapping[str, int]:
        """Segments by label in one clip of each original, as names tell which are copies."""
        first: dict[str, str] = {}
        for row in self.rows:
            first.setdefault(original_of(row["video_id"]), row["clip_id"])
        kept = set(first.values())
        return Counter(event["label"] for event, clip in self.clip_of if clip["clip_id"] in kept)

    def _side(self, name: str, fold: int) -> Side:
        found = [(event, clip) for event, clip in self.clip_of if clip["fold"] == fold]
        seconds: Counter[str] = Counter()
        for event, _ in found:
            seconds[event["label"]] += event["end_s"] - event["start_s"]
        pairs = {(event["label"], clip["clip_id"]) for event, clip in found}
        return Side(
            name,
            sum(row["fold"] == fold for row in self.rows),
            Counter(event["label"] for event, _ in found),
            Counter(label for label, _ in pairs),
            seconds,
        )


def _column(table: pa.Table, key: str, value: str) -> dict[str, Any]:
    return dict(zip(table.column(key).to_pylist(), table.column(value).to_pylist(), strict=True))
