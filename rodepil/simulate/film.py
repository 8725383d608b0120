"""Let the animals of one recording live: where each is and how it stands in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rodepil.config.settings import SimulateSettings
from rodepil.simulate.behaviour import normal_bouts
from rodepil.simulate.body import TILT_Y, skeleton
from rodepil.simulate.motion import move
from rodepil.simulate.pose import Bout
from rodepil.simulate.scene import CageBox, Scene, cage_boxes, make_scene
from rodepil.simulate.schedule import CagePlan, RecordingPlan
from rodepil.simulate.seizure import seizure_bouts
from rodepil.simulate.sprite import Sprite, make_sprite
from rodepil.simulate.subjects import Subject, make_subject


@dataclass(frozen=True)
class Animal:
    """One cage's content: where the cage is, what its animal does, and how it is drawn."""

    box: CageBox
    subject_id: str
    bouts: tuple[Bout, ...]
    seizures: tuple[tuple[float, float], ...]
    rat: Sprite


@dataclass(frozen=True)
class Recording:
    """All of a recording but its pixels."""

    plan: RecordingPlan
    fps: int
    n_frames: int
    scene: Scene
    animals: tuple[Animal, ...]


def live(settings: SimulateSettings, plan: RecordingPlan) -> Recording:
    """Let the animals of one recording live; what they do hangs on seed and plan alone."""
    rng = np.random.default_rng([settings.seed, 2, plan.index])
    boxes = cage_boxes([cage.position for cage in plan.cages], rng)
    n_frames = round(settings.duration_s * settings.fps)
    animals = tuple(
        _animal(settings, cage, box, n_frames / settings.fps, rng)
        for cage, box in zip(plan.cages, boxes, strict=True)
    )
    scene = make_scene(boxes, [animal.subject_id for animal in animals], rng)
    return Recording(plan, settings.fps, n_frames, scene, animals)


def _animal(
    settings: SimulateSettings,
    cage: CagePlan,
    box: CageBox,
    duration_s: float,
    rng: np.random.Generator,
) -> Animal:
    subject = make_subject(settings.seed, cage.subject)
    bouts = _bouts(cage, subject, duration_s, rng)
    left, top, right, bottom = box.floor
    floor_px = (right - left, (bottom - top) / TILT_Y)
    motion = move(bouts, subject, floor_px, fps=settings.fps, rng=rng)
    body = skeleton(motion, subject, box.floor)
    rat = make_sprite(body, subject.coat, (box.width_px, box.height_px))
    return Animal(box, subject.subject_id, tuple(bouts), cage.seizures, rat)


def _bouts(
    cage: CagePlan, subject: Subject, duration_s: float, rng: np.random.Generator
) -> list[Bout]:
    """All that an animal does, without a gap from the first frame to the last."""
    bouts: list[Bout] = []
    now = 0.0
    for start_s, end_s in cage.seizures:
        bouts += normal_bouts(now, start_s, subject, rng, after_seizure=now > 0)
        bouts += seizure_bouts(start_s, end_s, rng)
        now = end_s
    return bouts + normal_bouts(now, duration_s, subject, rng, after_seizure=now > 0)
