"""Who lives in which recording, and when each animal seizes.

Seizures are dealt, not left to chance alone: every subject gets its share, so that folds by
subject hold both classes. Only lengths and places in time are drawn.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from rodepil.config.settings import SimulateSettings
from rodepil.errors import SettingError

SLOTS = 6
"""Places for cages in a frame."""
SHORTEST_S, LONGEST_S = 15.0, 60.0
MARGIN_S = 3.0
"""Normal behaviour before the first seizure and after the last."""
GAP_S = 12.0
"""Normal behaviour between two seizures, at least."""


@dataclass(frozen=True)
class CagePlan:
    """One cage of a recording: its place, its subject, and its seizures in seconds."""

    position: int
    subject: int
    seizures: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class RecordingPlan:
    """One recording: its names and its cages."""

    index: int
    date: str
    video_id: str
    cages: tuple[CagePlan, ...]

    @property
    def recording_id(self) -> str:
        """Date and video id, unique within a simulation."""
        return f"{self.date}_{self.video_id}"


def make_plan(settings: SimulateSettings) -> list[RecordingPlan]:
    """Deal subjects to cages and seizures to subjects.

    Raises
    ------
    SettingError
        There are too few cages for the subjects, or too few subjects for a recording.
    """
    rng = np.random.default_rng([settings.seed, 0])
    counts = _cage_counts(settings, rng)
    subjects = _deal_subjects(settings.subjects, counts, rng)
    slots = [(recording, subject) for recording, row in enumerate(subjects) for subject in row]
    dealt = _deal_seizures(settings, slots, rng)
    plans = []
    day = dt.date(2019, 1, 14)
    number = int(rng.integers(1, 40))
    for recording, row in enumerate(subjects):
        positions = np.sort(rng.permutation(SLOTS)[: len(row)]) + 1
        cages = tuple(
            CagePlan(
                int(position), subject, _place(dealt[recording, subject], settings.duration_s, rng)
            )
            for position, subject in zip(positions, row, strict=True)
        )
        date = f"{day:%b}-{day.day}-{day.year}"
        plans.append(RecordingPlan(recording, date, f"M2U{number:05d}", cages))
        day += dt.timedelta(days=int(rng.integers(0, 3)))
        number += int(rng.integers(1, 5))
    return plans


def _cage_counts(settings: SimulateSettings, rng: np.random.Generator) -> list[int]:
    """Cages of each recording: spread evenly over the range, more where subjects need them."""
    most = min(settings.cages_max, settings.subjects)
    if settings.cages_min > most:
        raise SettingError(
            f"cages_min {settings.cages_min} is above the {settings.subjects} subjects, and no rat "
            "is in two cages at once; lower data.simulate.cages_min or add subjects"
        )
    if settings.recordings * most < settings.subjects:
        raise SettingError(
            f"{settings.subjects} subjects don't fit into {settings.recordings} recordings of at "
            f"most {most} cages; raise data.simulate.recordings or lower data.simulate.subjects"
        )
    counts = np.linspace(settings.cages_min, most, settings.recordings).round().astype(int)
    while counts.sum() < settings.subjects:
        counts[counts.argmin()] += 1
    return [int(count) for count in rng.permutation(counts)]


def _deal_subjects(subjects: int, counts: list[int], rng: np.random.Generator) -> list[list[int]]:
    """Give each recording distinct subjects, those that were seen least first."""
    seen = np.zeros(subjects)
    rows = []
    for count in counts:
        order = np.argsort(seen + rng.uniform(0, 0.5, subjects))[:count]
        seen[order] += 1
        rows.append([int(subject) for subject in rng.permutation(order)])
    return rows


def _deal_seizures(
    settings: SimulateSettings, slots: list[tuple[int, int]], rng: np.random.Generator
) -> dict[tuple[int, int], int]:
    """Seizures of each slot: the set rate over all, at least one for every subject.

    Subjects take turns, and a subject's turn goes to its slot with the fewest.
    """
    dealt = dict.fromkeys(slots, 0)
    hours = settings.duration_s * len(slots) / 3600
    total = round(settings.seizures_per_cage_hour * hours)
    if settings.seizures_per_cage_hour > 0:
        total = max(total, settings.subjects)
    room = int((settings.duration_s - 2 * MARGIN_S + GAP_S) // (SHORTEST_S + GAP_S))
    waiting = [slots[index] for index in rng.permutation(len(slots))]
    of_subject: dict[int, int] = dict.fromkeys(range(settings.subjects), 0)
    lived = {subject: sum(owner == subject for _, owner in slots) for subject in of_subject}
    for _ in range(min(total, room * len(slots))):
        free = [slot for slot in waiting if dealt[slot] < room]
        slot = min(free, key=lambda slot: (of_subject[slot[1]] / lived[slot[1]], dealt[slot]))
        dealt[slot] += 1
        of_subject[slot[1]] += 1
    return dealt


def _place(
    count: int, duration_s: float, rng: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    """Draw `count` seizures within a recording: lengths first, then the time left as gaps."""
    if count == 0:
        return ()
    free_s = duration_s - 2 * MARGIN_S - (count - 1) * GAP_S
    lengths = SHORTEST_S + (LONGEST_S - SHORTEST_S) * rng.beta(1.9, 2.4, count)
    mean_s = min(float(lengths.mean()), max(SHORTEST_S, 0.7 * free_s / count))
    lengths = SHORTEST_S + (lengths - SHORTEST_S) * (mean_s - SHORTEST_S) / (
        lengths.mean() - SHORTEST_S
    )
    slack = rng.dirichlet(np.ones(count + 1)) * (free_s - lengths.sum())
    starts = MARGIN_S + np.cumsum(slack[:-1] + np.concatenate([[0.0], lengths[:-1] + GAP_S]))
    return tuple(
        (round(float(start), 3), round(float(start + length), 3))
        for start, length in zip(starts, lengths, strict=True)
    )
