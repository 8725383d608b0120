"""What each action does to a body over the frames of a clip.

T frames of a clip, 7 ways in which a body can change: see `WAYS`.

The frames of a clip lie so far apart (0.6 s in ten seconds by sixteen frames) that a jerk is over
by the next one: jerks are drawn for every frame anew, all else goes on from frame to frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Poses = npt.NDArray[np.float64]

WAYS = ("x", "y", "turn", "length", "width", "bend", "light")
"""What the columns of poses (T, 7) say: place in shares of the frame, angle in radians, the logs
of length and width, how far the ends bend aside in half lengths, and the log of the brightness of
the whole frame; all relative to rest."""
X, Y, TURN, LENGTH, WIDTH, BEND, LIGHT = range(len(WAYS))

_SLOW = np.array([0.04, 0.04, 0.35, 0.10, 0.10, 0.25, 0.0])
"""Deviation of a body that stirs at its place."""
_JERK_LOW = np.array([0.04, 0.04, 0.9, 0.10, 0.12, 0.3, 0.0])
_JERK_HIGH = np.array([0.08, 0.08, 1.3, 0.20, 0.25, 0.6, 0.0])
"""Range of the deviation of a violent jerk; every clip jerks in a way of its own."""


@dataclass(frozen=True)
class Hand:
    """Draws poses of shape (T, 7) for one clip.

    Parameters
    ----------
    frames
        T, at least 2.
    rng
        What they are drawn from.
    """

    frames: int
    rng: np.random.Generator

    def slow(self, low: float, high: float) -> Poses:
        """Stir smoothly at the place, by a strength in [low, high)."""
        return self.rng.uniform(low, high) * _SLOW * self.smooth(1.5)

    def smooth(self, cycles: float) -> Poses:
        """Wave smoothly with unit variance, up to `cycles` times a clip."""
        time = np.linspace(0, 1, self.frames)[:, None, None]
        rate = self.rng.uniform(0.2, cycles, (3, len(WAYS)))
        phase = self.rng.uniform(0, 2 * np.pi, (3, len(WAYS)))
        waves: Poses = np.cos(2 * np.pi * rate * time + phase).sum(axis=1) * (2 / 3) ** 0.5
        return waves

    def jerks(self, low: float, high: float) -> Poses:
        """Jerk anew in every frame, by a strength in [low, high)."""
        deviation = self.rng.uniform(low, high) * self.rng.uniform(_JERK_LOW, _JERK_HIGH)
        edge = 3**0.5  # uniform in [-edge, edge) has unit variance
        return deviation * self.rng.uniform(-edge, edge, (self.frames, len(WAYS)))

    def way(self, low: float, high: float) -> npt.NDArray[np.float64]:
        """Draw a step (2,) in any direction, its length in [low, high) shares of the frame."""
        angle = self.rng.uniform(0, 2 * np.pi)
        step: npt.NDArray[np.float64] = self.rng.uniform(low, high) * np.array(
            [np.cos(angle), np.sin(angle)]
        )
        return step


def _still(hand: Hand) -> Poses:
    """Nothing moves."""
    return np.zeros((hand.frames, len(WAYS)))


def _stir(hand: Hand) -> Poses:
    """Change the posture slowly, at one place."""
    return hand.slow(0.7, 1.8)


def _drift(hand: Hand) -> Poses:
    """Go one way at one speed."""
    poses = hand.slow(0.0, 0.3)
    poses[:, X : Y + 1] += np.linspace(-0.5, 0.5, hand.frames)[:, None] * hand.way(0.25, 0.6)
    return poses


def _wander(hand: Hand) -> Poses:
    """Go about and turn smoothly."""
    poses = hand.slow(0.3, 1.0)
    poses[:, X : Y + 1] += hand.rng.uniform(0.1, 0.2) * hand.smooth(2.0)[:, :2]
    poses[:, TURN] += hand.rng.uniform(0.5, 1.5) * hand.smooth(2.0)[:, TURN]
    return poses


def _stroll(hand: Hand) -> Poses:
    """Be still, go and turn smoothly for a part of the time, be still again."""
    poses = hand.slow(0.1, 0.8)
    start, long = hand.rng.uniform(0, 0.8), hand.rng.uniform(0.15, 0.5)
    share = np.clip((np.linspace(0, 1, hand.frames) - start) / long, 0, 1)
    share = (share * share * (3 - 2 * share))[:, None]
    poses[:, X : Y + 1] += share * hand.way(0.05, 0.35)
    poses[:, TURN:LIGHT] += share * hand.rng.uniform(-1, 1, 4) * np.array([2.5, 0.4, 0.4, 0.4])
    return poses


def _shift(hand: Hand) -> Poses:
    """Be still, but for one to three sudden changes that last."""
    poses = hand.slow(0.0, 0.5)
    count = min(int(hand.rng.integers(1, 4)), hand.frames - 1)
    times = hand.rng.choice(np.arange(1, hand.frames), count, replace=False)
    steps = hand.jerks(1.4, 1.4)
    kept = np.isin(np.arange(hand.frames), times)
    return poses + np.cumsum(steps * kept[:, None], axis=0)


def _tremble(hand: Hand) -> Poses:
    """Jerk a little, all the time."""
    return hand.slow(0.0, 0.7) + hand.jerks(0.2, 0.35)


def _thrash(hand: Hand) -> Poses:
    """Jerk violently, all the time."""
    return hand.jerks(0.6, 1.5)


def _burst(hand: Hand) -> Poses:
    """Stir, and jerk violently for a part of the time."""
    long = hand.rng.uniform(0.2, 0.65) * hand.frames
    start = hand.rng.uniform(0, hand.frames - long)
    time = np.arange(hand.frames)
    during = (time >= start) & (time < start + max(long, 1.0))
    return hand.slow(0.2, 1.5) + during[:, None] * hand.jerks(0.5, 1.4)


def _flicker(hand: Hand) -> Poses:
    """Stir a little, while the light jumps from frame to frame."""
    poses = hand.slow(0.0, 1.0)
    poses[:, LIGHT] = hand.rng.uniform(0.06, 0.2) * hand.rng.uniform(-(3**0.5), 3**0.5, hand.frames)
    return poses


ACTIONS: dict[str, Callable[[Hand], Poses]] = {
    "still": _still, "stir": _stir, "drift": _drift, "wander": _wander, "stroll": _stroll,
    "shift": _shift, "tremble": _tremble, "thrash": _thrash, "burst": _burst,
    "flicker": _flicker,
}  # fmt: skip
"""How each action moves a body; their order is that of the labels."""
