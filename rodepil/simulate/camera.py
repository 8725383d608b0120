"""Film a recording: background under drifting light, animals, reflections, sensor noise.

H W pixels of the frame
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.simulate.drawing import Painter
from rodepil.simulate.film import Animal, Recording
from rodepil.simulate.scene import HEIGHT_PX, WALL_SIDE, WIDTH_PX, Bottle, Scene, reflect

NOISE_MEAN, NOISE_SIGMA = 8.0, 2.4
"""Noise is added, never subtracted, so that all stays in bytes; the scene is darker by its mean."""
_DRIFT = 0.03
_DRIFT_PERIOD_S = (60.0, 140.0)
_DRIFT_FRAMES = 20
"""Frames between two changes of the background's light."""
_GRAINS, _GRAIN_ROOM = 12, 32
"""Frames of noise, and how far each is larger than a frame, so that it can be shifted."""
Image = npt.NDArray[np.uint8]


def frames(recording: Recording, seed: int) -> Iterator[Image]:
    """Yield every frame of a recording.

    Parameters
    ----------
    recording
        What happens.
    seed
        The simulation's seed; with the recording's index it gives the noise.

    Yields
    ------
    ndarray
        (H, W) uint8, range [16, 235]; one buffer serves all, so copy what shall stay.
    """
    rng = np.random.default_rng([seed, 3, recording.plan.index])
    grains = [_grain(rng) for _ in range(_GRAINS)]
    choice = rng.integers(0, _GRAINS, recording.n_frames).tolist()
    shifts = rng.integers(0, _GRAIN_ROOM, (recording.n_frames, 2)).tolist()
    period_s, phase = rng.uniform(*_DRIFT_PERIOD_S), rng.uniform(0, 2 * np.pi)
    time_s = np.arange(recording.n_frames) / recording.fps
    gains = (1 + _DRIFT * np.sin(2 * np.pi * time_s / period_s + phase)).tolist()
    stage = _Stage(recording.scene, recording.animals, Painter((WIDTH_PX, HEIGHT_PX), rng))
    for frame, gain in enumerate(gains):
        if frame % _DRIFT_FRAMES == 0:
            stage.relight(gain)
        stage.paint(frame, gain)
        x, y = shifts[frame]
        grain = grains[choice[frame]][y : y + HEIGHT_PX, x : x + WIDTH_PX]
        cv2.add(stage.canvas, grain, dst=stage.canvas)
        yield stage.canvas


def _grain(rng: np.random.Generator) -> Image:
    """One frame of sensor noise, larger than a frame."""
    size = (HEIGHT_PX + _GRAIN_ROOM, WIDTH_PX + _GRAIN_ROOM)
    grain = rng.standard_normal(size, np.float32) * NOISE_SIGMA + NOISE_MEAN
    whole: Image = np.clip(np.rint(grain), 0, 2 * NOISE_MEAN).astype(np.uint8)
    return whole


class _Stage:
    """The picture that is painted anew for every frame."""

    def __init__(self, scene: Scene, animals: tuple[Animal, ...], painter: Painter) -> None:
        self.canvas = np.empty_like(scene.bare)
        self._scene, self._animals, self._painter = scene, animals, painter
        self._bare = scene.bare.copy()
        self._mirrored = scene.bare.copy()

    def relight(self, gain: float) -> None:
        """Bring the background to another brightness."""
        cv2.convertScaleAbs(self._scene.bare, dst=self._bare, alpha=gain)
        self._mirrored[:] = self._bare
        for animal in self._animals:
            reflect(animal.box.of(self._mirrored), animal.box.of(self._bare), "lrt")

    def paint(self, frame: int, gain: float) -> None:
        """Paint background and animals."""
        self.canvas[:] = self._mirrored
        for animal, bottle in zip(self._animals, self._scene.bottles, strict=True):
            self._animal(animal, bottle, frame, gain)

    def _animal(self, animal: Animal, bottle: Bottle, frame: int, gain: float) -> None:
        """Paint one animal, the bottle before it, and its reflection in a wall that is near."""
        view, bare = animal.box.of(self.canvas), animal.box.of(self._bare)
        left, top, right, bottom = animal.rat.boxes[frame].tolist()
        light = animal.box.of(self._scene.light)[(top + bottom) // 2, (left + right) // 2]
        self._painter.draw(view, animal.rat, frame, gain * float(light))
        mask, (x0, y0, x1, y1) = bottle
        if left < x1 and right > x0 and top < y1:
            cv2.copyTo(bare[y0:y1, x0:x1], mask, view[y0:y1, x0:x1])
        if left < 2 * WALL_SIDE:
            reflect(view, bare, "l")
        if right > animal.box.width_px - 2 * WALL_SIDE:
            reflect(view, bare, "r")
