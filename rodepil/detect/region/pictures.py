"""Pictures of simulated cages with the true box of the rat, at the tiny detector's size.

P pictures
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.config.settings import SimulateSettings
from rodepil.data.region.letterbox import fit
from rodepil.detect.region.tiny import SIZE_PX
from rodepil.io.progress import Progress, Silent
from rodepil.io.seeds import derive_seed
from rodepil.simulate.camera import frames
from rodepil.simulate.film import Recording, live
from rodepil.simulate.schedule import make_plan

_CROPPED = 0.3
"""Share of a cage that a picture may leave out, never of the rat."""
_EMPTY_EVERY = 20


class Pictures(NamedTuple):
    """Pictures of cages.

    Parameters
    ----------
    pixels
        (P, 96, 96) uint8 brightness, range [0, 255].
    boxes
        (P, 4) float32: left, top, right, bottom of the rat in pixels; not a number where the
        cage is empty.
    """

    pixels: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]


def make_pictures(
    seed: int, recordings: int, *, every_s: float = 0.5, progress: Progress | None = None
) -> Pictures:
    """Simulate recordings of six cages, and cut pictures of the cages out.

    Parameters
    ----------
    seed
        The same gives the same pictures.
    recordings
        How many, each of 30 s and with other rats in its cages.
    every_s
        Seconds between two pictures of a cage.
    progress
        Shown the recordings.
    """
    settings = SimulateSettings(
        seed=seed, subjects=min(12, 6 * recordings), recordings=recordings, cages_min=6,
        cages_max=6, duration_s=30.0, fps=max(1, round(1 / every_s)), seizures_per_cage_hour=60.0,
    )  # fmt: skip
    rng = np.random.default_rng(derive_seed("pictures of cages", seed))
    made: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]] = []
    with (progress or Silent()).task("simulate cages", recordings, "recordings") as advance:
        for plan in make_plan(settings):
            made += _of(live(settings, plan), seed, rng)
            advance(1)
    pixels, boxes = zip(*made, strict=True)
    return Pictures(np.stack(pixels), np.stack(boxes))


def _of(
    recording: Recording, seed: int, rng: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]]:
    """Yield a picture of each cage in each frame, some of them of the cage without its rat."""
    for index, frame in enumerate(frames(recording, seed)):
        for number, animal in enumerate(recording.animals):
            empty = (index + number) % _EMPTY_EVERY == 0
            shown = recording.scene.bare if empty else frame
            box = animal.rat.boxes[index].astype(np.float32)
            picture, moved = crop(animal.box.of(shown), box, rng)
            yield picture, moved * np.float32(np.nan) if empty else moved


def crop(
    view: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Cut a part of a cage out that holds the rat, in other light, perhaps mirrored.

    Parameters
    ----------
    view
        (H, W) uint8 brightness of the cage.
    box
        (4,) left, top, right, bottom of the rat in its pixels.
    rng
        Draws the part and the light.

    Returns
    -------
    tuple
        The picture (96, 96) uint8, and the box in its pixels.
    """
    height, width = view.shape
    room = np.array([*box[:2], width - box[2], height - box[3]])
    cut = rng.uniform(0, np.minimum(_CROPPED * np.array([width, height] * 2), room)).astype(int)
    left, top, right, bottom = (cut * [1, 1, -1, -1] + [0, 0, width, height]).tolist()
    part = np.repeat(view[top:bottom, left:right, None], 3, axis=2)
    given, how = fit(part, (SIZE_PX, SIZE_PX))
    moved = (box - np.array([left, top] * 2, np.float32)) * np.float32(how.scale)
    moved += np.array([how.left, how.top] * 2, np.float32)
    picture = cv2.convertScaleAbs(
        given[..., 0], alpha=rng.uniform(0.8, 1.2), beta=rng.uniform(-15, 15)
    )
    if rng.random() < 0.5:  # noqa: PLR2004 - half of them
        picture, moved = picture[:, ::-1], _mirrored(moved)
    return np.ascontiguousarray(picture), moved.astype(np.float32)


def _mirrored(box: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    left, top, right, bottom = box.tolist()
    return np.array([SIZE_PX - right, top, SIZE_PX - left, bottom], np.float32)
