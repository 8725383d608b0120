"""Signals that movements are made of: slow wandering, clonic jerks, smooth ramps.

T frames
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Signals:
    """Draws signals of shape (T,) for one stretch of behaviour.

    Parameters
    ----------
    frames
        T, at least 1.
    fps
        Frames a second.
    rng
        What they are drawn from.
    """

    frames: int
    fps: float
    rng: np.random.Generator

    @property
    def time_s(self) -> Signal:
        """Seconds since the stretch began."""
        return np.arange(self.frames) / self.fps

    def slow(self, scale_s: float = 0.9) -> Signal:
        """Wander smoothly: zero mean, unit variance, correlated over about `scale_s`."""
        sigma = max(scale_s * self.fps, 1.0)
        half = int(3 * sigma)
        kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
        noise = self.rng.standard_normal(self.frames + 2 * half)
        smooth: Signal = np.convolve(noise, kernel / np.linalg.norm(kernel), mode="valid")
        return smooth

    def rhythm(self, frequency_hz: float, depth: float = 0.15) -> Signal:
        """Oscillate in [-1, 1] at nearly `frequency_hz`, as grooming does."""
        rate = frequency_hz * (1 + depth * np.clip(self.slow(0.5), -2, 2))
        phase = 2 * np.pi * np.cumsum(rate) / self.fps + self.rng.uniform(0, 2 * np.pi)
        return np.sin(phase)

    def clonus(self, low_hz: float = 3.0, high_hz: float = 7.0) -> Signal:
        """Jerk in [-1, 1]: every cycle has its own length and its own strength.

        A jerk is fast and its return slow, as in clonic seizures.
        """
        cycles = int(self.frames / self.fps * high_hz + high_hz / low_hz) + 2
        lengths = self.fps / self.rng.uniform(low_hz, high_hz, cycles)
        strengths = self.rng.uniform(0.55, 1.0, cycles) * self.rng.choice(
            [-1.0, 1.0], cycles, p=[0.3, 0.7]
        )
        ends = np.cumsum(lengths)
        frame = np.arange(self.frames) + self.rng.uniform(0, lengths[0])
        cycle = np.searchsorted(ends, frame, side="right")
        share = 1 - (ends[cycle] - frame) / lengths[cycle]
        warped = share**0.75
        jerks: Signal = strengths[cycle] * np.sin(2 * np.pi * warped)
        return jerks

    def hold(self, low: float, high: float) -> float:
        """Draw one value in [low, high) for the whole stretch."""
        return float(self.rng.uniform(low, high))

    def side(self) -> float:
        """Draw left (-1) or right (1)."""
        return float(self.rng.choice([-1.0, 1.0]))

    def swell(self, rise_s: float, fall_s: float) -> Signal:
        """Rise smoothly from 0 to 1 and fall back at the end."""
        time_s = self.time_s
        left_s = time_s[-1] - time_s
        return ramp(time_s / rise_s) * ramp(left_s / fall_s)


def ramp(share: Signal) -> Signal:
    """Go smoothly from 0 at share <= 0 to 1 at share >= 1."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3 - 2 * share)
