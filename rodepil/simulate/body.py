"""A rat's body: from joints to points in the picture.

The camera looks down at a slant without perspective: x goes right, y towards the viewer on
the floor, z up; a point lies in the picture at (x, TILT_Y * y - TILT_Z * z).

T frames, N points along the spine, M points along the tail
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rodepil.simulate.motion import Motion
from rodepil.simulate.signals import Signal
from rodepil.simulate.subjects import Subject

TILT_Y, TILT_Z = 0.88, 0.47
CAMERA = np.array([0.0, TILT_Z, TILT_Y])
"""From the floor to the camera."""
SPINE = np.linspace(0, 1, 15)
_RADII = np.interp(
    SPINE,
    [0.0, 0.08, 0.2, 0.35, 0.5, 0.62, 0.7, 0.76, 0.84, 0.92, 1.0],
    [0.075, 0.13, 0.172, 0.175, 0.155, 0.128, 0.105, 0.098, 0.094, 0.066, 0.03],
)
NECK = 0.7
"""Share of the spine where the head begins."""
_HIP, _SHOULDER, _EARS, _EYES = 3, 8, 11, 13
"""Points of the spine that carry limbs, ears and eyes."""
_SEEN = 0.1
"""Cosine between an eye's direction and the camera's above which it is seen."""
TAIL_POINTS = 9
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Skeleton:
    """Where a rat's parts lie in the picture of its cage, px.

    Parameters
    ----------
    spine
        From rump to nose, shape (T, N, 2).
    radii
        Shape (N,), px.
    ground
        The spine's shadow points on the floor, shape (T, N, 2).
    limbs
        Fore left, fore right, hind left, hind right; each joint, elbow, paw: (T, 4, 3, 2).
    ears, eyes
        Left and right, shape (T, 2, 2).
    eyes_seen
        Whether the camera sees the eye, shape (T, 2).
    limbs_near
        Whether a limb lies before the trunk, shape (T, 4).
    tail
        From root to tip, shape (T, M, 2).
    """

    spine: Points
    radii: Signal
    ground: Points
    limbs: Points
    ears: Points
    eyes: Points
    eyes_seen: npt.NDArray[np.bool_]
    limbs_near: npt.NDArray[np.bool_]
    tail: Points

    def boxes(self) -> npt.NDArray[np.int64]:
        """Return the smallest box around all parts, (T, 4): left, top, right, bottom, half-open."""
        thick = 3.0
        lows = [(self.spine - self.radii[:, None]).min(1)]
        highs = [(self.spine + self.radii[:, None]).max(1)]
        for part in (self.limbs.reshape(len(self.spine), -1, 2), self.tail, self.ears):
            lows.append(part.min(1) - thick)
            highs.append(part.max(1) + thick)
        low, high = np.min(lows, axis=0), np.max(highs, axis=0)
        return np.concatenate([np.floor(low), np.ceil(high) + 1], axis=1).astype(np.int64)


def picture(points: Points) -> Points:
    """Project points (..., 3) to the picture, (..., 2)."""
    return np.stack([points[..., 0], TILT_Y * points[..., 1] - TILT_Z * points[..., 2]], axis=-1)


class _Trunk(NamedTuple):
    """A body without limbs in the world, px.

    Parameters
    ----------
    spine
        (T, N, 3).
    forward
        Direction of the spine at each point, (T, N, 3).
    axes
        Forward, left and up of the trunk, (T, 3, 3).
    radii
        (N,).
    length
        From rump to nose.
    """

    spine: Points
    forward: Points
    axes: Points
    radii: Signal
    length: float


def skeleton(
    motion: Motion, subject: Subject, floor: tuple[float, float, float, float]
) -> Skeleton:
    """Lay out a rat's parts in every frame.

    Parameters
    ----------
    motion
        Where it is and how it stands.
    subject
        Its size.
    floor
        Left, top, right, bottom of the floor in the picture, px; trunk, head and tail stay
        inside. The floor's plane has its origin at the left and top.
    """
    trunk = _trunk(motion, subject, floor)
    limbs = _limbs(motion, trunk)
    ears, eyes, seen = _head(trunk)
    ground = trunk.spine.copy()
    ground[..., 2] = 0.0
    joints = trunk.spine[:, [_SHOULDER, _SHOULDER, _HIP, _HIP]]
    return Skeleton(
        spine=picture(trunk.spine),
        radii=trunk.radii,
        ground=picture(ground),
        limbs=picture(limbs),
        ears=picture(ears),
        eyes=picture(eyes),
        eyes_seen=seen,
        limbs_near=(limbs[:, :, 2] - joints) @ CAMERA > 0,
        tail=picture(_tail(motion, trunk.spine[:, 0], trunk.length, floor)),
    )


def _trunk(motion: Motion, subject: Subject, floor: tuple[float, float, float, float]) -> _Trunk:
    """Lay the spine from the rump, which stays where it is when the animal rears."""
    length = subject.length_px
    radii = _RADII * length * subject.girth
    axes = _axes(motion)
    forward = np.einsum("tni,tij->tnj", _local_directions(motion), axes)
    stretch = motion.pose["stretch"][:, None, None]
    steps = forward[:, 1:] * (length * np.diff(SPINE))[:, None] * stretch
    spine = np.concatenate([np.zeros((len(steps), 1, 3)), np.cumsum(steps, axis=1)], axis=1)
    back, lift = 0.45 * length, motion.pose["lift"]
    root_x = floor[0] + motion.x - back * np.cos(motion.heading)
    root_y = floor[1] / TILT_Y + motion.y - back * np.sin(motion.heading)
    spine += np.stack([root_x, root_y, lift + 0.9 * radii[2]], axis=-1)[:, None]
    spine[..., 2] = np.maximum(spine[..., 2], lift[:, None] + 0.85 * radii)
    return _Trunk(_kept_inside(spine, radii, floor), forward, axes, radii, length)


def _axes(motion: Motion) -> Points:
    """Forward, left and up of the trunk, (T, 3, 3): pitched, then rolled about the spine."""
    pitch, roll, yaw = motion.pose["pitch"], motion.pose["roll"], motion.heading
    zero = np.zeros_like(yaw)
    forward = np.stack(
        [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)], -1
    )
    left = np.stack([np.sin(yaw), -np.cos(yaw), zero], -1)
    up = np.cross(left, forward)
    cos, sin = np.cos(roll)[:, None], np.sin(roll)[:, None]
    return np.stack([forward, cos * left + sin * up, cos * up - sin * left], axis=1)


def _local_directions(motion: Motion) -> Points:
    """Direction of the spine at each of its points, in the trunk's axes: (T, N, 3)."""
    pose = {name: values[:, None] for name, values in motion.pose.items()}
    on_head = np.clip((SPINE - NECK + 0.04) / 0.08, 0, 1)
    along = np.clip(SPINE, 0, NECK) / NECK
    yaw = pose["bend"] * (along - 0.4) + pose["head_yaw"] * on_head
    arch = pose["hunch"] * (0.75 - 1.7 * along)
    rise = arch + pose["head_pitch"] * on_head + 0.5 * pose["hunch"] * on_head
    return np.stack([np.cos(rise) * np.cos(yaw), np.cos(rise) * np.sin(yaw), np.sin(rise)], axis=-1)


def _kept_inside(spine: Points, radii: Signal, floor: tuple[float, float, float, float]) -> Points:
    """Shift the body so that trunk and head stay over the floor's part of the picture."""
    seen = picture(spine)
    left, top, right, bottom = floor
    low, high = (seen - radii[:, None]).min(1), (seen + radii[:, None]).max(1)
    shift_x = np.clip(left - low[:, 0], 0, None) - np.clip(high[:, 0] - right, 0, None)
    shift_y = np.clip(top - low[:, 1], 0, None) - np.clip(high[:, 1] - bottom, 0, None)
    moved = spine.copy()
    moved[..., 0] += shift_x[:, None]
    moved[..., 1] += shift_y[:, None] / TILT_Y
    return moved


def _limbs(motion: Motion, trunk: _Trunk) -> Points:
    """Joint, elbow and paw of the four limbs: (T, 4, 3, 3)."""
    parts = []
    spread = motion.pose["spread"][:, None]
    for name, at, reach in (("fore", _SHOULDER, 0.2), ("hind", _HIP, 0.23)):
        ahead, left = trunk.forward[:, at], trunk.axes[:, 1]
        up = _towards(np.cross(ahead, left), trunk.axes[:, 2])
        for side, which in ((1.0, "left"), (-1.0, "right")):
            swing = motion.pose[f"{name}_{which}"][:, None]
            joint = trunk.spine[:, at] + trunk.radii[at] * (side * 0.75 * left - 0.25 * up)
            paw = joint + reach * trunk.length * (
                np.sin(swing) * np.cos(spread) * ahead
                + side * np.sin(spread) * left
                - np.cos(swing) * np.cos(spread) * up
            )
            elbow = 0.5 * (joint + paw) + 0.05 * trunk.length * (side * left - 0.6 * ahead)
            parts.append(np.stack([joint, elbow, paw], axis=1))
    limbs = np.stack(parts, axis=1)
    limbs[..., 2] = np.maximum(limbs[..., 2], motion.pose["lift"][:, None, None] + 1.0)
    return limbs


def _head(trunk: _Trunk) -> tuple[Points, Points, npt.NDArray[np.bool_]]:
    """Ears and eyes, left and right, (T, 2, 3), and whether the camera sees each eye, (T, 2)."""
    ahead, length = trunk.forward[:, -1], trunk.length
    left = _towards(np.cross(trunk.axes[:, 2], ahead), trunk.axes[:, 1])
    left /= np.linalg.norm(left, axis=1, keepdims=True) + 1e-9
    up = _towards(np.cross(ahead, left), trunk.axes[:, 2])
    ears, eyes, seen = [], [], []
    for side in (1.0, -1.0):
        ears.append(trunk.spine[:, _EARS] + length * (side * 0.075 * left + 0.055 * up))
        eyes.append(trunk.spine[:, _EYES] + length * (side * 0.05 * left + 0.03 * up))
        seen.append((side * 0.8 * left + 0.6 * up) @ CAMERA > _SEEN)
    return np.stack(ears, 1), np.stack(eyes, 1), np.stack(seen, 1)


def _towards(vectors: Points, axis: Points) -> Points:
    """Turn each of (T, 3) vectors round where it points away from its axis."""
    return vectors * np.where(np.einsum("ti,ti->t", vectors, axis) < 0, -1.0, 1.0)[:, None]


def _tail(
    motion: Motion, rump: Points, length: float, floor: tuple[float, float, float, float]
) -> Points:
    """Drop a tail to the floor behind the rump, yielding to the walls: (T, M, 3)."""
    share = np.linspace(0, 1, TAIL_POINTS)
    step = 0.9 * length / (TAIL_POINTS - 1)
    angle = motion.tail_heading[:, None] + np.pi + motion.pose["tail"][:, None] * share
    along = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * step
    flat = rump[:, None, :2] + np.cumsum(along, axis=1) - along[:, :1]
    height = np.clip(1 - share * 4, 0, 1) * (rump[:, None, 2] - 2) + 2
    left, top, right, bottom = floor
    flat[..., 0] = np.clip(flat[..., 0], left, right)
    low, high = (top + TILT_Z * height) / TILT_Y, (bottom + TILT_Z * height) / TILT_Y
    flat[..., 1] = np.clip(flat[..., 1], low, high)
    return np.concatenate([flat, height[..., None]], axis=-1)
