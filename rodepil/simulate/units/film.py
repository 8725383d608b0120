"""Let a rat live through a clip's units, and film it from above in a crop that holds it.

T frames, H = W pixels of the view of its cage, S = size_px pixels of the clip's frames
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.config.localize import UnitSimulationSettings
from rodepil.simulate.body import TILT_Y, Points, skeleton
from rodepil.simulate.drawing import Painter
from rodepil.simulate.motion import Motion, frames_of, move
from rodepil.simulate.pose import JERKS, NEUTRAL, Bout, channel
from rodepil.simulate.scene import WALL_SIDE, CageBox, Scene, cage_boxes, make_scene, reflect
from rodepil.simulate.signals import Signal, Signals, ramp
from rodepil.simulate.sprite import Sprite, make_sprite
from rodepil.simulate.subjects import Subject, make_subject
from rodepil.simulate.units.moves import MOVES
from rodepil.simulate.units.plan import UnitPlan, UnitSegment

_BLEND_S: Final = 0.2
_ROOM_PX: Final = 16
"""Around the middle line of the trunk, in the crop."""
_CROP_PX: Final = 116
"""The least side of a crop, so that an animal that stays fills most of it."""
_GRAINS, _GRAIN_SIGMA, _GRAIN_ROOM = 8, 1.5, 16
"""Frames of sensor noise, its strength, and how far each can be shifted."""
_TRAVELS: Final = "sniff"
"""A behaviour that adds nothing to where the body is: only its drive is taken."""
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class UnitFilm:
    """A clip before its pixels: scene, animal, and the crop (left, top, side) of the cage, px."""

    box: CageBox
    scene: Scene
    rat: Sprite
    crop: tuple[int, int, int]
    rng: np.random.Generator


def live(settings: UnitSimulationSettings, plan: UnitPlan) -> UnitFilm:
    """Let the animal live; what it does hangs on settings and plan alone."""
    rng = np.random.default_rng([settings.seed, 22, plan.index])
    subject = make_subject(settings.seed, plan.subject)
    box = cage_boxes([1], rng)[0]
    left, top, right, bottom = box.floor
    floor_px = (right - left, (bottom - top) / TILT_Y)
    motion = _motion(plan, subject, floor_px, settings.fps, rng)
    size_px = (box.width_px, box.height_px)
    body = skeleton(motion, subject, box.floor)
    crop = crop_around(np.concatenate([body.spine, body.limbs.reshape(-1, 12, 2)], 1), size_px)
    scene = make_scene([box], [plan.subject_id], rng)
    return UnitFilm(box, scene, make_sprite(body, subject.coat, size_px), crop, rng)


def frames(film: UnitFilm, size_px: int) -> Iterator[Image]:
    """Yield every frame of a clip, (S, S) uint8, range [0, 255]."""
    view = (film.box.height_px, film.box.width_px)
    grains = _grains(size_px, film.rng)
    shifts = film.rng.integers(0, _GRAIN_ROOM, (len(film.rat.boxes), 2)).tolist()
    painter = Painter((view[1], view[0]), film.rng)
    bare = film.box.of(film.scene.bare).copy()
    mirrored = bare.copy()
    reflect(mirrored, bare, "lrt")
    light = film.box.of(film.scene.light)
    canvas = np.empty(view, np.uint8)
    x, y, side = film.crop
    for number, (down, across) in enumerate(shifts):
        canvas[:] = mirrored
        left, top, right, bottom = film.rat.boxes[number].tolist()
        painter.draw(
            canvas, film.rat, number, float(light[(top + bottom) // 2, (left + right) // 2])
        )
        if left < 2 * WALL_SIDE:
            reflect(canvas, bare, "l")
        if right > view[1] - 2 * WALL_SIDE:
            reflect(canvas, bare, "r")
        part = canvas[y : y + side, x : x + side]
        small = cv2.resize(part, (size_px, size_px), interpolation=cv2.INTER_AREA)
        grain = grains[number % _GRAINS][down : down + size_px, across : across + size_px]
        yield np.asarray(cv2.add(small, grain), np.uint8)


def crop_around(points: Points, size_px: tuple[int, int]) -> tuple[int, int, int]:
    """Return the one square (left, top, side) that holds an animal but its tail in all frames.

    Parameters
    ----------
    points
        (T, P, 2): places of trunk, head and limbs in a view, px.
    size_px
        Width and height of the view; the square lies inside.
    """
    low, high = points.min((0, 1)), points.max((0, 1))
    side = int(min(max((high - low).max() + 2 * _ROOM_PX, _CROP_PX), *size_px))
    corner = np.clip((low + high - side) / 2, 0, np.array(size_px) - side).astype(int)
    return int(corner[0]), int(corner[1]), side


def _motion(
    plan: UnitPlan,
    subject: Subject,
    floor_px: tuple[float, float],
    fps: int,
    rng: np.random.Generator,
) -> Motion:
    bouts = [_bout(unit, subject, rng) for unit in plan.row]
    travel = move(bouts, subject, floor_px, fps=fps, rng=rng)
    pose = _pose(plan, bouts, subject, fps, rng)
    return Motion(
        travel.x + pose["shift_x"],
        travel.y + pose["shift_y"],
        travel.heading + pose["twist"],
        travel.tail_heading + pose["twist"],
        pose,
    )


def _bout(unit: UnitSegment, subject: Subject, rng: np.random.Generator) -> Bout:
    """Say how the body travels during a unit."""
    how = MOVES[unit.label]
    speed_px_s = float(rng.uniform(*how.speed_px_s)) * subject.speed
    return Bout(_TRAVELS, unit.start_s, unit.end_s, how.drive, speed_px_s, _BLEND_S)


def _pose(
    plan: UnitPlan, bouts: list[Bout], subject: Subject, fps: int, rng: np.random.Generator
) -> dict[str, Signal]:
    """Every channel over the clip: units in a row, each blended with the last, then guests."""
    parts: dict[str, list[Signal]] = {name: [] for name in NEUTRAL}
    for unit, bout in zip(plan.row, bouts, strict=True):
        start, end = frames_of(bout, fps)
        signals = Signals(end - start, fps, rng)
        made = MOVES[unit.label].pose(signals)
        share = ramp((signals.time_s + 1 / fps) / _BLEND_S)
        for name, part in parts.items():
            values = channel(made, name, end - start)
            if name in JERKS:
                values = values * subject.vigour
            before = part[-1][-1] if part else values[0]
            part.append(before * (1 - share) + values * share)
    pose = {name: np.concatenate(part) for name, part in parts.items()}
    for guest in plan.guests:
        _add(guest, pose, fps, rng)
    return pose


def _add(
    guest: UnitSegment, pose: Mapping[str, Signal], fps: int, rng: np.random.Generator
) -> None:
    """Let a unit happen on top of what a pose holds already, in place."""
    start, end = round(guest.start_s * fps), round(guest.end_s * fps)
    signals = Signals(end - start, fps, rng)
    made = MOVES[guest.label].pose(signals)
    share = signals.swell(_BLEND_S, _BLEND_S)
    for name in MOVES[guest.label].lends:
        under = pose[name][start:end]
        under += share * (channel(made, name, end - start) - under)


def _grains(size_px: int, rng: np.random.Generator) -> list[Image]:
    side = size_px + _GRAIN_ROOM
    noise = 8 + _GRAIN_SIGMA * rng.standard_normal((_GRAINS, side, side), np.float32)
    return list(np.clip(np.rint(noise), 0, 16).astype(np.uint8))
