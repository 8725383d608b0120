"""What a pose is: how an animal's joints stand, beside where it is.

T frames
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rodepil.simulate.signals import Signal

Drive = Literal["hold", "creep", "walk", "home", "lurch", "dash", "hop"]

NEUTRAL: Mapping[str, float] = {
    "pitch": 0.06,  # elevation of the trunk, rad; 1.3 is upright
    "roll": 0.0,  # about the spine, rad; 1.4 lies on a side
    "bend": 0.0,  # sideways curvature of the trunk, rad over its length
    "hunch": 0.3,  # arch of the back; 1 sits hunched
    "stretch": 1.0,  # length of the trunk, relative
    "head_yaw": 0.0,  # head against trunk, rad
    "head_pitch": -0.1,
    "lift": 0.0,  # height above the floor, px
    "fore_left": 0.3,  # limbs: 0 straight down, positive forward, rad
    "fore_right": 0.3,
    "hind_left": 0.5,
    "hind_right": 0.5,
    "spread": 0.55,  # limbs outward, rad
    "tail": 0.0,  # sideways curvature of the tail, rad over its length
    "shift_x": 0.0,  # jerk of the whole body, px
    "shift_y": 0.0,
    "twist": 0.0,  # jerk of the whole body about the vertical, rad
}
"""Every channel of a pose with its value in a quietly standing rat."""

JERKS = frozenset({"shift_x", "shift_y", "twist"})
"""Channels that are added to where the body is."""

Pose = Mapping[str, Signal | float]
"""Channels that differ from neutral, each of shape (T,) or constant."""


@dataclass(frozen=True)
class Bout:
    """A stretch of one behaviour.

    Parameters
    ----------
    kind
        Name of a normal behaviour or of a movement within a seizure.
    start_s, end_s
        Half-open, from the start of the recording.
    drive
        How the body travels meanwhile.
    speed_px_s
        Greatest speed of travel.
    blend_s
        How long the change from the bout before takes.
    units
        Action units that are annotated over this bout; none for normal behaviour.
    """

    kind: str
    start_s: float
    end_s: float
    drive: Drive = "hold"
    speed_px_s: float = 0.0
    blend_s: float = 0.8
    units: tuple[str, ...] = ()


def channel(pose: Pose, name: str, frames: int) -> Signal:
    """Return one channel of a pose as an array of shape (T,)."""
    return np.broadcast_to(np.asarray(pose.get(name, NEUTRAL[name]), np.float64), (frames,))
