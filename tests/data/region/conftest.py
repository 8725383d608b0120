"""Cages of the simulation without their own walls, to which tests add walls of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from rodepil.config.settings import SimulateSettings
from rodepil.simulate.camera import frames
from rodepil.simulate.film import live
from rodepil.simulate.scene import WALL_BACK, WALL_FRONT, WALL_SIDE
from rodepil.simulate.schedule import make_plan

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Cage:
    """A filmed cage: brightness (T, H, W), the rat's true boxes (T, 4), and its floor alone."""

    view: Image
    boxes: npt.NDArray[np.float32]

    @property
    def floor(self) -> Image:
        return self.view[:, WALL_BACK:-WALL_FRONT, WALL_SIDE:-WALL_SIDE]

    @property
    def rgb(self) -> Image:
        return np.repeat(self.view[..., None], 3, axis=3)


@pytest.fixture(scope="session")
def cages() -> list[Cage]:
    """Film four cages for 30 s at two frames a second."""
    settings = SimulateSettings(
        seed=21, subjects=4, recordings=1, cages_min=4, cages_max=4, duration_s=30.0, fps=2,
        seizures_per_cage_hour=60.0,
    )  # fmt: skip
    (plan,) = make_plan(settings)
    recording = live(settings, plan)
    film = np.stack([frame.copy() for frame in frames(recording, settings.seed)])
    made = []
    for animal in recording.animals:
        box = animal.box
        rows, columns = (
            slice(start, start + length)
            for start, length in ((box.y_px, box.height_px), (box.x_px, box.width_px))
        )
        made.append(Cage(film[:, rows, columns].copy(), animal.rat.boxes.astype(np.float32)))
    return made
