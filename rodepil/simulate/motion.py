"""From bouts of behaviour to where an animal is and how it stands in every frame.

T frames
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rodepil.simulate import behaviour, seizure
from rodepil.simulate.pose import JERKS, NEUTRAL, Bout, Drive, channel
from rodepil.simulate.signals import Signal, Signals, ramp
from rodepil.simulate.subjects import Subject

_TURN_RAD_S = {
    "hold": 0.0,
    "creep": 0.25,
    "walk": 2.2,
    "home": 2.2,
    "lurch": 9.0,
    "dash": 11.0,
    "hop": 8.0,
}
_WILD = frozenset({"lurch", "dash", "hop"})
_ON_AND_ON = _WILD | {"creep", "walk"}
"""Drives that take a new goal when the last is reached."""
_TAIL_FOLLOWS = 0.3
"""Share of the way that a tail's root turns after the body in a frame."""
_TAIL_JERKS = 0.7
"""Share of the body's twist that the tail's root takes part in."""
NEAR_PX = 22.0
"""A goal this near is reached."""
_THERE_PX = 4.0
"""So near to a goal an animal no longer turns to it."""
LURCH_PX = 48.0
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
        x + pose["shift_x"],
        y + pose["shift_y"],
        heading + pose["twist"],
        tail_heading + _TAIL_JERKS * pose["twist"],
        pose,
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
    """Go, frame after frame, towards one goal after another."""
    walker = _Walker(
        floor_px[0] * rng.uniform(0.3, 0.7),
        floor_px[1] * rng.uniform(0.3, 0.7),
        rng.uniform(-math.pi, math.pi),
        fps,
    )
    rows: list[tuple[float, float, float, float]] = []
    for bout in bouts:
        start, end = frames_of(bout, fps)
        anchor = walker.place
        goal = _goal(bout, subject, floor_px, anchor, rng)
        for _ in range(start, end):
            away = walker.step(goal, bout.drive, bout.speed_px_s)
            rows.append((*walker.place, walker.heading, walker.tail))
            if away < NEAR_PX and bout.drive in _ON_AND_ON:
                here = anchor if bout.drive == "lurch" else walker.place
                goal = _goal(bout, subject, floor_px, here, rng)
    x_px, y_px, headings, tails = np.asarray(rows).T
    return x_px, y_px, headings, tails


class _Walker:
    """Where a body is, and how it gets nearer to a goal from frame to frame."""

    def __init__(self, x: float, y: float, heading: float, fps: float) -> None:
        self.place = (x, y)
        self.heading = self.tail = heading
        self._fps = fps
        self._speed = 0.0

    def step(self, goal: tuple[float, float], drive: Drive, speed_px_s: float) -> float:
        """Go on for one frame and return how far the goal was, px.

        A lurching body is thrown towards the goal as it lies; any other turns to it first.
        """
        x, y = self.place
        away = math.hypot(goal[0] - x, goal[1] - y)
        course = math.atan2(goal[1] - y, goal[0] - x)
        error = (course - self.heading + math.pi) % (2 * math.pi) - math.pi
        turn = _TURN_RAD_S[drive] / self._fps
        if away > _THERE_PX:
            self.heading += max(-turn, min(turn, 0.3 * error))
        target = speed_px_s * min(1.0, away / 25)
        if drive != "lurch":
            course = self.heading
            target *= max(0.12, math.cos(error))
        self._speed += (0.5 if drive in _WILD else 0.12) * (target - self._speed)
        advance = self._speed / self._fps
        self.place = (x + advance * math.cos(course), y + advance * math.sin(course))
        self.tail += _TAIL_FOLLOWS * (self.heading - self.tail)
        return away


def _goal(
    bout: Bout,
    subject: Subject,
    floor_px: tuple[float, float],
    here: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Choose where to go next: the nest, the far side when running wild, or anywhere."""
    share_x, share_y = rng.uniform(0.15, 0.85, 2).tolist()
    if bout.drive == "home":
        share_x, share_y = subject.nest
    elif bout.drive == "lurch":
        share_x, share_y = (
            min(0.8, max(0.2, (place + LURCH_PX * rng.uniform(-1, 1)) / size))
            for place, size in zip(here, floor_px, strict=True)
        )
    elif bout.drive in _WILD:
        over, below = here[0] > floor_px[0] / 2, here[1] > floor_px[1] / 2
        share_x = 0.2 if over else 0.8
        share_y = 0.2 if rng.random() < (0.8 if below else 0.2) else 0.8
    return floor_px[0] * share_x, floor_px[1] * share_y
