"""Short stretches of one action unit each, in memory, for a network to learn from.

N stretches, T frames, S = size_px pixels
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.cluster import run_many
from rodepil.config.localize import UnitSimulationSettings
from rodepil.errors import SourceError
from rodepil.io.progress import Progress, Silent
from rodepil.simulate.units.film import frames, live
from rodepil.simulate.units.moves import MOVES
from rodepil.simulate.units.plan import UnitPlan, UnitSegment

Stretch = npt.NDArray[np.uint8]


def make_stretch(settings: UnitSimulationSettings, size_px: int, index: int) -> Stretch:
    """Make the stretch of a number, the same for the same arguments whatever else is made.

    Parameters
    ----------
    settings
        As of clips: ``clips`` does not count, and each stretch lasts ``duration_s``.
    size_px
        S: the frames of the settings' size are brought to this, as those of clips are.
    index
        Its number, at least 0; its remainder by the number of units is its label.

    Returns
    -------
    ndarray
        (T, S, S) uint8.
    """
    units = tuple(MOVES)
    round_of, label = divmod(index, len(units))
    segment = UnitSegment(units[label], 0.0, settings.duration_s)
    plan = UnitPlan(index, round_of % settings.subjects, "training", (segment,), ())
    shown = [
        cv2.resize(frame, (size_px, size_px), interpolation=cv2.INTER_AREA)
        for frame in frames(live(settings, plan), settings.size_px)
    ]
    return np.stack(shown).astype(np.uint8, copy=False)


def make_stretches(
    settings: UnitSimulationSettings,
    size_px: int,
    count: int,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> tuple[Stretch, npt.NDArray[np.int64]]:
    """Make stretches side by side; how many at a time changes nothing.

    Returns
    -------
    tuple
        (N, T, S, S) uint8, and labels (N,) int64: places in `MOVES`, the ids of the units.

    Raises
    ------
    SourceError
        One could not be made.
    """
    made: dict[int, Stretch] = {}
    with (progress or Silent()).task("simulate", count, "stretch") as advance:
        work = partial(make_stretch, settings, size_px)
        for outcome in run_many(work, range(count), processes=processes):
            if outcome.result is None:
                raise SourceError(
                    f"stretch {outcome.item} could not be made ({outcome.error}); free some memory "
                    "and run it again"
                )
            made[outcome.item] = outcome.result
            advance(1)
    labels = np.arange(count, dtype=np.int64) % len(MOVES)
    return np.stack([made[number] for number in range(count)]), labels
