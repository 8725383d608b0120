"""A rat in all frames, ready to be drawn: whole numbers at the scale of drawing.

T frames, P points of a rat
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rodepil.simulate.body import SPINE, Skeleton
from rodepil.simulate.subjects import Coat

SCALE = 2
"""Drawn at this scale and averaged down: smooth edges without slow anti-aliasing."""
SHADOW_PX = 8
"""How far the shadow reaches beyond what throws it."""
_EDGE_PX = 4
"""Room for what drawing rounds and blurs."""
_N = len(SPINE)
SPINE_AT, SHADOW_AT = slice(0, _N), slice(_N, 2 * _N)
LIMBS_AT = slice(2 * _N, 2 * _N + 12)
EARS_AT = slice(LIMBS_AT.stop, LIMBS_AT.stop + 2)
EYES_AT = slice(EARS_AT.stop, EARS_AT.stop + 2)
TAIL_AT = slice(EYES_AT.stop, None)
"""Where each part stands among the P points."""


@dataclass(frozen=True)
class Sprite:
    """A rat in all frames.

    Parameters
    ----------
    points
        Every part's points at drawing scale, (T, P, 2) int32.
    radii
        Of the spine's points at drawing scale, px.
    boxes
        The smallest box around the animal, shadow excluded, (T, 4): left, top, right, bottom
        in the cage's view, half-open, clipped to it.
    patches
        The same with room for the shadow: all that drawing touches.
    eyes_seen, limbs_near
        As in the skeleton.
    coat
        Its coat.
    """

    points: npt.NDArray[np.int32]
    radii: tuple[int, ...]
    boxes: npt.NDArray[np.int64]
    patches: npt.NDArray[np.int64]
    eyes_seen: npt.NDArray[np.bool_]
    limbs_near: npt.NDArray[np.bool_]
    coat: Coat


def make_sprite(body: Skeleton, coat: Coat, size_px: tuple[int, int]) -> Sprite:
    """Prepare a rat for drawing into a cage's view of `size_px` (width, height)."""
    limbs = body.limbs.reshape(len(body.spine), -1, 2)
    parts = [body.spine, body.ground, limbs, body.ears, body.eyes, body.tail]
    points = np.rint(np.concatenate(parts, axis=1) * SCALE).astype(np.int32)
    room = np.array([*size_px, *size_px])
    boxes = body.boxes()
    reach = body.radii.max() + SHADOW_PX
    low = np.minimum(boxes[:, :2] - _EDGE_PX, np.floor(body.ground.min(1) - reach))
    high = np.maximum(boxes[:, 2:] + _EDGE_PX, np.ceil(body.ground.max(1) + reach))
    return Sprite(
        points,
        tuple(round(SCALE * float(radius)) for radius in body.radii),
        np.clip(boxes, 0, room),
        np.clip(np.concatenate([low, high], axis=1), 0, room).astype(np.int64),
        body.eyes_seen,
        body.limbs_near,
        coat,
    )
