"""Rats: each subject's coat, size and habits, the same in all of its recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Coat = Literal["hooded", "albino", "dark"]
COATS: tuple[Coat, ...] = ("hooded", "albino", "dark")
ACTIVITIES: tuple[str, ...] = ("walk", "sniff", "rear", "groom", "scratch", "stretch", "recline")
_USUAL = (0.10, 0.20, 0.20, 0.18, 0.10, 0.08, 0.14)


@dataclass(frozen=True)
class Subject:
    """One rat.

    Parameters
    ----------
    subject_id
        Litter and number, as in ``70-3``.
    coat
        Hooded (dark head and shoulders on white), albino or dark.
    length_px
        From nose to rump.
    girth
        Radii relative to a usual rat's.
    speed
        Speed of locomotion relative to a usual rat's.
    vigour
        Amplitude of seizure movements relative to the usual.
    habits
        Share of each of `ACTIVITIES` in active time; sums to 1.
    nest
        Where it likes to rest, as a share of the cage's floor.
    """

    subject_id: str
    coat: Coat
    length_px: float
    girth: float
    speed: float
    vigour: float
    habits: tuple[float, ...]
    nest: tuple[float, float]


def make_subject(seed: int, index: int) -> Subject:
    """Draw the rat `index` of the simulation `seed`."""
    rng = np.random.default_rng([seed, 1, index])
    habits = rng.dirichlet(np.asarray(_USUAL) * 40)
    nest = rng.choice([0.2, 0.8], 2)
    return Subject(
        subject_id=f"{61 + index // 4}-{index % 4 + 1}",
        coat=COATS[index % len(COATS)],
        length_px=float(rng.uniform(80, 98)),
        girth=float(rng.uniform(0.92, 1.12)),
        speed=float(rng.uniform(0.8, 1.2)),
        vigour=float(rng.uniform(0.9, 1.15)),
        habits=tuple(float(share) for share in habits),
        nest=(float(nest[0]), float(nest[1])),
    )
