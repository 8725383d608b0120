"""Marks of several annotators matched into events: by temporal IoU, best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from rodepil.data.marks.entry import Mark
from rodepil.io.labels import SEIZURE

Key = tuple[str, int, str]
"""Recording, position and label."""


@dataclass(frozen=True)
class Event:
    """Marks of different annotators that mean one event.

    Parameters
    ----------
    marks
        One an annotator; every two overlap.
    judges
        How many annotators could have marked it: they watched its cage and mark its label.
    """

    marks: tuple[Mark, ...]
    judges: int

    @property
    def agreement(self) -> float:
        """Mean temporal IoU over all pairs of judges, 0 for a pair in which one did not mark it.

        Where only one annotator watched it is 1.
        """
        if self.judges < 2:  # noqa: PLR2004 - a pair
            return 1.0
        pairs = self.judges * (self.judges - 1) / 2
        return sum(tiou(one, other) for one, other in combinations(self.marks, 2)) / pairs


def tiou(one: Mark, other: Mark) -> float:
    """Return the temporal intersection over union of two intervals, in [0, 1]."""
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    if shared <= 0:
        return 0.0
    return shared / (max(one.end_s, other.end_s) - min(one.start_s, other.start_s))


def match(marks: Sequence[Mark]) -> list[tuple[Mark, ...]]:
    """Group marks of one cage and label: the pair of highest tIoU first, one an annotator.

    Two groups become one only when no annotator stands in both and every two marks of the new
    group overlap, so that a group always has a common interval. With two annotators this is a
    greedy one-to-one matching. Of equal pairs the earlier comes first.

    Returns
    -------
    list of tuple of Mark
        Groups in order of time, each in order of annotators; a mark without a partner is alone.
    """
    ordered = sorted(marks, key=lambda mark: (mark.start_s, mark.end_s, mark.annotator))
    group = list(range(len(ordered)))
    members = {number: [number] for number in group}
    for _, one, other in sorted(_overlapping(ordered)):
        left, right = members[group[one]], members[group[other]]
        if group[one] == group[other] or not _fit(ordered, left, right):
            continue
        gone = group[other]
        for number in right:
            group[number] = group[one]
        left += members.pop(gone)
    groups = [[ordered[number] for number in numbers] for numbers in members.values()]
    found = [tuple(sorted(one, key=lambda mark: mark.annotator)) for one in groups]
    return sorted(found, key=lambda one: min(mark.start_s for mark in one))


def events_of(marks: Iterable[Mark], judges: Judges) -> dict[Key, list[Event]]:
    """Return the events of every cage and label.

    Parameters
    ----------
    marks
        Marks of any annotators.
    judges
        Who could have marked what.
    """
    grouped: dict[Key, list[Mark]] = defaultdict(list)
    for mark in marks:
        grouped[mark.recording_id, mark.position, mark.label].append(mark)
    return {
        key: [
            Event(group, len(judges.of(*key) | {mark.annotator for mark in group}))
            for group in match(found)
        ]
        for key, found in sorted(grouped.items())
    }


class Judges:
    """Which annotators could have marked an event.

    An annotator who never watched a cage does not disagree about it, nor one whose marks never
    use a label: who marks only action units says nothing of seizures. Who marks nothing at all is
    taken to look for seizures.

    Parameters
    ----------
    marks
        All marks, by which annotators' labels are known.
    watched
        Annotator, recording and position (None: all of its cages).
    """

    def __init__(
        self, marks: Iterable[Mark], watched: Iterable[tuple[str, str, int | None]]
    ) -> None:
        self._watchers: dict[tuple[str, int | None], set[str]] = defaultdict(set)
        self._labels: dict[str, set[str]] = defaultdict(set)
        for annotator, recording_id, position in watched:
            self._watchers[recording_id, position].add(annotator)
        for mark in marks:
            self._labels[mark.annotator].add(mark.label)

    def of(self, recording_id: str, position: int, label: str) -> set[str]:
        """Return who watched a cage and marks a label."""
        there = self._watchers.get((recording_id, None), set()) | self._watchers.get(
            (recording_id, position), set()
        )
        return {name for name in there if label in self._labels.get(name, {SEIZURE})}


def _overlapping(ordered: Sequence[Mark]) -> list[tuple[float, int, int]]:
    """Return (-tIoU, one, other) of all overlapping marks of different annotators."""
    found = []
    running: list[int] = []
    for number, mark in enumerate(ordered):
        running = [other for other in running if ordered[other].end_s > mark.start_s]
        found += [
            (-tiou(ordered[other], mark), other, number)
            for other in running
            if ordered[other].annotator != mark.annotator
        ]
        running.append(number)
    return found


def _fit(ordered: Sequence[Mark], left: Sequence[int], right: Sequence[int]) -> bool:
    names = [ordered[number].annotator for number in (*left, *right)]
    return len(set(names)) == len(names) and all(
        tiou(ordered[one], ordered[other]) > 0 for one in left for other in right
    )
