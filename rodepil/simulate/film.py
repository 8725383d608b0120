"""Film one recording: its animals live, and every frame is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import cv2
import numpy as np
import numpy.typing as npt

from rodepil.config.settings import SimulateSettings
from rodepil.simulate import scene as scenes
from rodepil.simulate.behaviour import normal_bouts
from rodepil.simulate.body import TILT_Y, skeleton
from rodepil.simulate.drawing import Painter, Sprite, sprite
from rodepil.simulate.motion import move
from rodepil.simulate.pose import Bout
from rodepil.simulate.schedule import CagePlan, RecordingPlan
from rodepil.simulate.seizure import seizure_bouts
from rodepil.simulate.subjects import make_subject

_DRIFT_FRAMES = 20
_NOISE_FRAMES = 12
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Animal:
    """One cage's content: where the cage is, what its animal does, and how it is drawn."""

    box: scenes.CageBox
    subject_id: str
    bouts: tuple[Bout, ...]
    seizures: tuple[tuple[float, float], ...]
    rat: Sprite


@dataclass(frozen=True)
class Recording:
    """All of a recording but its frames."""

    plan: RecordingPlan
    n_frames: int
    scene: scenes.Scene
    animals: tuple[Animal, ...]


def live(settings: SimulateSettings, plan: RecordingPlan) -> Recording:
    """Let the animals of one recording live; draws everything but the noise of the sensor."""
    rng = np.random.default_rng([settings.seed, 2, plan.index])
    boxes = scenes.cage_boxes([cage.position for cage in plan.cages], rng)
    n_frames = round(settings.duration_s * settings.fps)
    animals = tuple(
        _animal(settings, cage, box, n_frames / settings.fps, rng)
        for cage, box in zip(plan.cages, boxes, strict=True)
    )
    scene = scenes.make_scene(boxes, [animal.subject_id for animal in animals], rng)
    return Recording(plan, n_frames, scene, animals)


def _animal(
    settings: SimulateSettings,
    cage: CagePlan,
    box: scenes.CageBox,
    duration_s: float,
    rng: np.random.Generator,
) -> Animal:
    subject = make_subject(settings.seed, cage.subject)
    bouts: list[Bout] = []
    now = 0.0
    for start_s, end_s in cage.seizures:
        bouts += normal_bouts(now, start_s, subject, rng, after_seizure=now > 0)
        bouts += seizure_bouts(start_s, end_s, rng)
        now = end_s
    bouts += normal_bouts(now, duration_s, subject, rng, after_seizure=now > 0)
    left, top, right, bottom = box.floor
    motion = move(
        bouts, subject, (right - left, (bottom - top) / TILT_Y), fps=settings.fps, rng=rng
    )
    rat = sprite(skeleton(motion, subject, box.floor), subject.coat, (box.width_px, box.height_px))
    return Animal(box, subject.subject_id, tuple(bouts), cage.seizures, rat)


def frames(recording: Recording, settings: SimulateSettings) -> Iterator[Image]:
    """Yield every frame, (H, W) uint8; one buffer serves all, so copy what shall stay."""
    rng = np.random.default_rng([settings.seed, 3, recording.plan.index])
    scene = recording.scene
    noise = [_noise(rng) for _ in range(_NOISE_FRAMES)]
    painter = Painter((256, 256), rng)
    drift = 0.03 * np.sin(
        np.arange(recording.n_frames) * 2 * np.pi / settings.fps / rng.uniform(60, 140)
    )
    offsets = rng.integers(0, 32, (recording.n_frames, 2))
    canvas = np.empty_like(scene.bare)
    bare, mirrored = scene.bare, scene.bare
    for frame in range(recording.n_frames):
        gain = 1.0 + float(drift[frame])
        if frame % _DRIFT_FRAMES == 0:
            bare = cv2.convertScaleAbs(scene.bare, alpha=gain)
            mirrored = bare.copy()
            for animal in recording.animals:
                scenes.reflect(animal.box.of(mirrored), animal.box.of(bare))
        canvas[:] = mirrored
        for animal, bottle in zip(recording.animals, scene.bottles, strict=True):
            _paint(animal, bottle, frame, gain, painter, canvas, bare, scene.light)
        x, y = offsets[frame]
        grain = noise[int(rng.integers(0, _NOISE_FRAMES))]
        yield cv2.add(canvas, grain[y : y + scenes.HEIGHT_PX, x : x + scenes.WIDTH_PX])


def _noise(rng: np.random.Generator) -> Image:
    """One frame of sensor noise around `NOISE_MEAN`, larger than a frame."""
    grain = rng.normal(
        scenes.NOISE_MEAN, scenes.NOISE_SIGMA, (scenes.HEIGHT_PX + 32, scenes.WIDTH_PX + 32)
    )
    return np.clip(np.rint(grain), 0, 40).astype(np.uint8)


def _paint(
    animal: Animal,
    bottle: tuple[Image, tuple[int, int, int, int]],
    frame: int,
    gain: float,
    painter: Painter,
    canvas: Image,
    bare: Image,
    light: npt.NDArray[np.float32],
) -> None:
    """Draw one animal, its reflection, and the bottle before it."""
    view = animal.box.of(canvas)
    left, top, right, bottom = (int(edge) for edge in animal.rat.boxes[frame])
    place = light[animal.box.y_px + (top + bottom) // 2, animal.box.x_px + (left + right) // 2]
    painter.draw(view, animal.rat, frame, gain * float(place))
    mask, (x0, y0, x1, y1) = bottle
    if left < x1 and right > x0 and top < y1:
        cv2.copyTo(animal.box.of(bare)[y0:y1, x0:x1], mask, view[y0:y1, x0:x1])
    sides = ("l" if left < 2 * scenes.WALL_SIDE else "") + (
        "r" if right > animal.box.width_px - 2 * scenes.WALL_SIDE else ""
    )
    if sides or top < 2 * scenes.WALL_BACK:
        scenes.reflect(view, animal.box.of(bare), sides)
