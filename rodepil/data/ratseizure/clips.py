"""What an annotation file holds: clips with their side of the split, events, and refused rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import pyarrow as pa

from rodepil.io.wording import by_number

Subset = Literal["training", "testing"]
SUBSETS: Final[tuple[Subset, ...]] = ("training", "testing")

POSITION: Final = 0
"""A clip shows one cage: the whole frame."""

NO_SUBJECT: Final = "unknown"
"""The files name no animal; a split by subject needs a list of subjects beside them."""


@dataclass(frozen=True)
class RatSeizureClip:
    """An annotated clip.

    Parameters
    ----------
    video_id
        Its name, which is that of its video and of its features too.
    subset
        The side of the given split.
    duration_s
        Seconds, above 0.
    """

    video_id: str
    subset: Subset
    duration_s: float


@dataclass(frozen=True)
class Refused:
    """A segment that was not taken, and why.

    Parameters
    ----------
    video_id
        Its clip.
    number
        Its place among the clip's segments, from 1.
    reason
        What is wrong with it.
    """

    video_id: str
    number: int
    reason: str

    def __str__(self) -> str:
        """Name it, and say the reason."""
        return f"segment {self.number} of '{self.video_id}': {self.reason}"


@dataclass(frozen=True)
class RatSeizure:
    """Annotated clips and their segments.

    Parameters
    ----------
    clips
        All clips, those without segments too.
    events
        Table ``events``: a clip's video_id is the recording_id, its position `POSITION`; true
        events have score 1. Overlapping segments stand side by side.
    refused
        Segments that are no event.
    """

    clips: tuple[RatSeizureClip, ...]
    events: pa.Table
    refused: tuple[Refused, ...] = ()

    @property
    def subset_of(self) -> dict[str, Subset]:
        """The side of the split of each clip."""
        return {clip.video_id: clip.subset for clip in self.clips}

    def side(self, subset: Subset) -> pa.Table:
        """Return the events of one side of the split."""
        sides = self.subset_of
        names = self.events.column("recording_id").to_pylist()
        return self.events.filter(pa.array([sides[name] == subset for name in names], pa.bool_()))

    def only(self, names: Collection[str]) -> RatSeizure:
        """Return the clips of these names with their segments; refused segments all stay."""
        listed = self.events.column("recording_id").to_pylist()
        held = pa.array([name in names for name in listed], pa.bool_())
        clips = tuple(clip for clip in self.clips if clip.video_id in names)
        return RatSeizure(clips, self.events.filter(held), self.refused)

    @property
    def overlapping(self) -> tuple[int, int]:
        """Pairs of segments of one clip that overlap: all, and those of one label."""
        spans: defaultdict[str, list[tuple[float, float, str]]] = defaultdict(list)
        columns = ("recording_id", "start_s", "end_s", "label")
        for name, *span in zip(
            *(self.events.column(column).to_pylist() for column in columns), strict=True
        ):
            start, end, label = span
            spans[name].append((start, end, label))
        pairs = [pair for found in spans.values() for pair in _overlapping(found)]
        return len(pairs), sum(one[2] == other[2] for one, other in pairs)

    def lines(self) -> list[str]:
        """Say what is there: clips and segments by side, overlaps, clips without, refused rows."""
        named = set(self.events.column("recording_id").to_pylist())
        bare = sum(clip.video_id not in named for clip in self.clips)
        counts = {subset: sum(clip.subset == subset for clip in self.clips) for subset in SUBSETS}
        sides = [
            f"{subset}: {by_number(count, 'clip', 'clips')}, "
            f"{by_number(self.side(subset).num_rows, 'segment', 'segments')}"
            for subset, count in counts.items()
        ]
        pairs, alike = self.overlapping
        return [
            *sides,
            f"overlapping pairs of segments: {pairs}, of one label {alike}",
            f"clips without segments: {bare}",
            f"refused segments: {len(self.refused)}",
            *map(str, self.refused),
        ]


def _overlapping(
    spans: Sequence[tuple[float, float, str]],
) -> list[tuple[tuple[float, float, str], tuple[float, float, str]]]:
    return [
        (one, other)
        for one, other in combinations(spans, 2)
        if one[0] < other[1] and other[0] < one[1]
    ]
