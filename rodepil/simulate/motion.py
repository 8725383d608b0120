"""From bouts of behaviour to where an animal is and how it stands in every frame.

T frames
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rodepil.simulate import behaviour, seizure
from rodepil.simulate.pose import JERKS, NEUTRAL, Bout, channel
from rodepil.simulate.signals import Signal, Signals, ramp
from rodepil.simulate.subjects import Subject

_TURN_RAD_S = {
    "hold": 0.0,
    "creep": 0.25,
    "walk": 2.2,
    "home": 2.2,
    "lurch": 6.0,
    "dash": 11.0,
    "hop": 8.0,
}
_WILD = frozenset({"lurch", "dash", "hop"})
NEAR_PX = 22.0
"""A goal this near is reached."""
_THERE_PX = 4.0
"""So near to a goal an animal no longer turns to it."""
LURCH_PX = 45.0
"""How far from where it began a lurching animal is thrown."""
_POSES = {**behaviour.POSES, **seizure.POSES}


@dataclass(frozen=True)
class Motion:
    """An animal's movement.

    Parameters
    ----------
    x, y
        The middle of the trunk on the floor, shape (T,), px in the cage's floor plane.
    heading
        Where it points, shape (T,), rad; 0 is right, pi/2 is towards the viewer.
    tail_heading
        Where the tail's root points away from, shape (T,), rad; it lags behind.
    pose
        Every channel of `rodepil.simulate.pose.NEUTRAL`, each of shape (T,).
    """

    x: Signal
    y: Signal
    heading: Signal
    tail_heading: Signal
    pose: dict[str, Signal]


def move(
    bouts: Sequence[Bout],
    subject: Subject,
    floor_px: tuple[float, float],
    *,
    fps: float,
    rng: np.random.Generator,
) -> Motion:
    """Live through `bouts` on a floor of `floor_px` (width, depth)."""
    pose = _pose(bouts, subject, fps, rng)
    x, y, heading, tail_heading = _travel(bouts, subject, floor_px, fps, rng)
    return Motion(
        x + pose["shift_x"], y + pose["shift_y"], heading + pose["twist"], tail_heading, pose
    )


def frames_of(bout: Bout, fps: float) -> tuple[int, int]:
    """Return the half-open span of frames of a bout."""
    return round(bout.start_s * fps), round(bout.end_s * fps)


def _pose(
    bouts: Sequence[Bout], subject: Subject, fps: float, rng: np.random.Generator
) -> dict[str, Signal]:
    """Every channel over all bouts, each bout blended with how the one before ended."""
    parts: dict[str, list[Signal]] = {name: [] for name in NEUTRAL}
    last: dict[str, float] = {}
    for bout in bouts:
        start, end = frames_of(bout, fps)
        if end <= start:
            continue
        signals = Signals(end - start, fps, rng)
        pose = _POSES[bout.kind](signals)
        share = ramp((signals.time_s + 1 / fps) / bout.blend_s)
        for name, part in parts.items():
            values = channel(pose, name, end - start)
            if bout.units and name in JERKS:
                values = values * subject.vigour
            part.append(last.get(name, values[0]) * (1 - share) + values * share)
            last[name] = float(part[-1][-1])
    return {name: np.concatenate(part) for name, part in parts.items()}


def _travel(
    bouts: Sequence[Bout],
    subject: Subject,
    floor_px: tuple[float, float],
    fps: float,
    rng: np.random.Generator,
) -> tuple[Signal, Signal, Signal, Signal]:
    """Walk, frame after frame, towards one goal after another."""
    width, depth = floor_px
    x, y = width * rng.uniform(0.3, 0.7), depth * rng.uniform(0.3, 0.7)
    heading = tail = rng.uniform(-math.pi, math.pi)
    speed = 0.0
    rows: list[tuple[float, float, float, float]] = []
    for bout in bouts:
        start, end = frames_of(bout, fps)
        turn = _TURN_RAD_S[bout.drive] / fps
        ease = 0.5 if bout.drive in _WILD else 0.12
        anchor = (x, y)
        goal = _goal(bout, subject, floor_px, anchor, rng)
        for _ in range(start, end):
            away = math.hypot(goal[0] - x, goal[1] - y)
            wanted = math.atan2(goal[1] - y, goal[0] - x)
            error = (wanted - heading + math.pi) % (2 * math.pi) - math.pi
            if away > _THERE_PX:
                heading += max(-turn, min(turn, 0.3 * error))
            target = bout.speed_px_s * max(0.12, math.cos(error)) * min(1.0, away / 25)
            speed += ease * (target - speed)
            x += speed / fps * math.cos(heading)
            y += speed / fps * math.sin(heading)
            tail += 0.12 * (heading - tail)
            rows.append((x, y, heading, tail))
            if away < NEAR_PX and bout.drive in {"creep", "walk", *_WILD}:
                here = anchor if bout.drive == "lurch" else (x, y)
                goal = _goal(bout, subject, floor_px, here, rng)
    x_px, y_px, headings, tails = np.asarray(rows).T
    return x_px, y_px, headings, tails


def _goal(
    bout: Bout,
    subject: Subject,
    floor_px: tuple[float, float],
    here: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Choose where to go next: the nest, the far side when running wild, or anywhere."""
    width, depth = floor_px
    if bout.drive == "home":
        return width * subject.nest[0], depth * subject.nest[1]
    if bout.drive == "lurch":
        away = rng.uniform(-LURCH_PX, LURCH_PX, 2)
        return here[0] + float(away[0]), here[1] + float(away[1])
    share_x, share_y = rng.uniform(0.15, 0.85, 2)
    if bout.drive in {"dash", "hop"}:
        share_x = 0.2 if here[0] > width / 2 else 0.8
        share_y = 0.2 if rng.random() < (0.8 if here[1] > depth / 2 else 0.2) else 0.8
    return width * float(share_x), depth * float(share_y)
