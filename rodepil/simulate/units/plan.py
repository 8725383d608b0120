"""Which subject shows which action units when, in every clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rodepil.config.localize import UnitSimulationSettings
from rodepil.simulate.units.moves import GUESTS, HOSTS, MOVES

_TESTED = 3
"""Of so many subjects, the last is tested on."""
_OTHERS = 4
"""How much more often ``others`` stands than any unit of a seizure, as in the published files."""
_COUNTS = ((1, 2, 3), (0.35, 0.4, 0.25))
"""Units in a row in a clip, and how often."""
_SHORTEST_S = 2
_HOSTED = 0.5
"""How often another unit happens on top of one that can bear it."""

_DECK = tuple(MOVES) + ("others",) * (_OTHERS - 1)


@dataclass(frozen=True)
class UnitSegment:
    """An action unit with start and end, in seconds from the clip's start."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class UnitPlan:
    """One clip.

    Parameters
    ----------
    index
        Its number, which with the seed gives all that chance decides.
    subject
        Number of the subject.
    subset
        Side of the split; all clips of a subject are on one.
    row
        Units one after the other, which fill the clip.
    guests
        Units on top of them.
    """

    index: int
    subject: int
    subset: Literal["training", "testing"]
    row: tuple[UnitSegment, ...]
    guests: tuple[UnitSegment, ...]

    @property
    def video_id(self) -> str:
        """Name of the clip, which tells nothing of what it shows."""
        return f"unit_{self.index:04d}"

    @property
    def subject_id(self) -> str:
        """Name of the subject."""
        return f"S{self.subject + 1:02d}"

    @property
    def segments(self) -> tuple[UnitSegment, ...]:
        """All units, in order of time."""
        return tuple(sorted((*self.row, *self.guests), key=lambda unit: (unit.start_s, unit.end_s)))


def make_unit_plans(settings: UnitSimulationSettings) -> list[UnitPlan]:
    """Plan all clips; labels are dealt on each side of the split apart, so that both hold all.

    Parameters
    ----------
    settings
        ``seed``, ``subjects``, ``clips`` and ``duration_s``.
    """
    decks = {side: _deal(np.random.default_rng([settings.seed, 20, side])) for side in (0, 1)}
    plans = []
    for index in range(settings.clips):
        subject = index % settings.subjects
        tested = subject % _TESTED == _TESTED - 1
        rng = np.random.default_rng([settings.seed, 21, index])
        row = _row(decks[int(tested)], settings.duration_s, rng)
        guests = tuple(guest for unit in row for guest in _guest(unit, rng))
        plans.append(UnitPlan(index, subject, "testing" if tested else "training", row, guests))
    return plans


def _deal(rng: np.random.Generator) -> Iterator[str]:
    """Deal labels without end, each as often as it stands in the deck."""
    while True:
        yield from map(str, rng.permutation(_DECK))


def _row(
    deck: Iterator[str], duration_s: float, rng: np.random.Generator
) -> tuple[UnitSegment, ...]:
    """Fill a clip with units; where one ends and the next begins is a whole second."""
    whole = int(duration_s)
    counts, odds = _COUNTS
    count = min(int(rng.choice(counts, p=odds)), max(whole // _SHORTEST_S, 1))
    spare = whole - count * _SHORTEST_S
    shared = np.sort(rng.integers(0, spare + 1, count - 1)) if count > 1 else np.zeros(0, int)
    cuts = [float(add + _SHORTEST_S * (n + 1)) for n, add in enumerate(shared.tolist())]
    edges = [0.0, *cuts, duration_s]
    labels: list[str] = []
    while len(labels) < count:
        label = next(deck)
        if label not in labels[-1:]:
            labels.append(label)
    return tuple(
        UnitSegment(label, start, end)
        for label, start, end in zip(labels, edges[:-1], edges[1:], strict=True)
    )


def _guest(host: UnitSegment, rng: np.random.Generator) -> list[UnitSegment]:
    """Perhaps let another unit happen on top of `host`, for at least two seconds of it."""
    room = int(host.end_s) - int(host.start_s)
    if host.label not in HOSTS or room < _SHORTEST_S or rng.random() >= _HOSTED:
        return []
    lasting = int(rng.integers(_SHORTEST_S, room + 1))
    start = int(host.start_s) + int(rng.integers(0, room - lasting + 1))
    return [UnitSegment(str(rng.choice(GUESTS)), float(start), float(start + lasting))]
