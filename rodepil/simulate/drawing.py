"""Draw a rat into its cage: at twice the size on a small patch, then blended in.

H W pixels of the cage's view, P points of a rat
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.simulate.body import SPINE, Skeleton
from rodepil.simulate.subjects import Coat

Image = npt.NDArray[np.uint8]
SCALE = 2
"""Drawn at this scale and averaged down: smooth edges without slow anti-aliasing."""
FUR = 10
"""Mean of the fur's texture, which is added to all shades."""
SHADOW = 10
"""How far the shadow reaches beyond the animal, px."""
_HOOD = 0.56
"""Share of the spine from which a hooded rat is dark."""
_SHADES: dict[Coat, tuple[int, int]] = {"hooded": (168, 62), "albino": (172, 172), "dark": (60, 60)}
_N = len(SPINE)


@dataclass(frozen=True)
class Sprite:
    """A rat in all frames, as whole numbers at drawing scale.

    Parameters
    ----------
    points
        Spine (N), shadow (N), limbs (12), ears (2), eyes (2), tail (M): (T, P, 2).
    radii
        Of the spine's points, drawing scale.
    boxes
        Left, top, right, bottom in the cage's view, (T, 4), clipped to it.
    eyes_seen, limbs_near
        As in the skeleton.
    coat
        Its coat.
    """

    points: npt.NDArray[np.int32]
    radii: tuple[int, ...]
    boxes: npt.NDArray[np.int64]
    eyes_seen: npt.NDArray[np.bool_]
    limbs_near: npt.NDArray[np.bool_]
    coat: Coat


def sprite(body: Skeleton, coat: Coat, size_px: tuple[int, int]) -> Sprite:
    """Prepare a rat for drawing into a cage's view of `size_px` (width, height)."""
    frames = len(body.spine)
    points = np.concatenate(
        [
            body.spine,
            body.ground,
            body.limbs.reshape(frames, -1, 2),
            body.ears,
            body.eyes,
            body.tail,
        ],
        axis=1,
    )
    width, height = size_px
    boxes = np.clip(body.boxes(), 0, [width, height, width, height])
    radii = tuple(int(round(SCALE * float(radius))) for radius in body.radii)
    return Sprite(
        np.rint(points * SCALE).astype(np.int32),
        radii,
        boxes,
        body.eyes_seen,
        body.limbs_near,
        coat,
    )


class Painter:
    """Draws sprites; holds the buffers that are used again for every frame."""

    def __init__(self, size_px: tuple[int, int], rng: np.random.Generator) -> None:
        width, height = size_px
        self._ink = np.zeros((height * SCALE, width * SCALE), np.uint8)
        fur = rng.normal(0, 1, (height * 2, width * 2))
        fur = cv2.GaussianBlur(fur, (0, 0), 0.9)
        self._fur = np.clip(FUR + fur * 3.5 / fur.std(), 0, 40).astype(np.uint8)

    def draw(self, view: Image, rat: Sprite, frame: int, light: float) -> None:
        """Draw one frame of a rat into `view`, (H, W) uint8, under `light` (1 is usual)."""
        left, top, right, bottom = (int(edge) for edge in rat.boxes[frame])
        if right <= left or bottom <= top:
            return
        height, width = view.shape
        left, top = max(left - SHADOW, 0), max(top - SHADOW, 0)
        right, bottom = min(right + SHADOW, width), min(bottom + SHADOW, height)
        points = (rat.points[frame] - np.array([left, top], np.int32) * SCALE).tolist()
        patch = view[top:bottom, left:right]
        self._shade(patch, points, rat)
        ink = self._ink[: (bottom - top) * SCALE, : (right - left) * SCALE]
        ink[:] = 0
        _ink(ink, points, rat, frame, light)
        _, mask = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY)
        size = (right - left, bottom - top)
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        fur = self._fur[bottom - top : 2 * (bottom - top), left : left + size[0]]
        ink = cv2.add(ink, cv2.multiply(fur, mask, scale=1 / 255))
        behind = cv2.multiply(patch, cv2.bitwise_not(mask), scale=1 / 255)
        cv2.add(behind, ink, dst=patch)

    def _shade(self, patch: Image, points: list[list[int]], rat: Sprite) -> None:
        """Darken the floor where the body keeps the light off."""
        light = np.full(patch.shape, 255, np.uint8)
        for index in range(1, _N - 1, 2):
            x, y = points[_N + index]
            cv2.circle(
                light, (x // SCALE + 2, y // SCALE + 2), rat.radii[index] // SCALE + 2, 165, -1
            )
        light = cv2.blur(light, (9, 9))
        cv2.multiply(patch, light, dst=patch, scale=1 / 255)


def _ink(ink: Image, points: list[list[int]], rat: Sprite, frame: int, light: float) -> None:
    """Draw all parts, far ones first."""
    spine, limbs = points[:_N], points[2 * _N : 2 * _N + 12]
    ears, eyes, tail = (
        points[2 * _N + 12 : 2 * _N + 14],
        points[2 * _N + 14 : 2 * _N + 16],
        points[2 * _N + 16 :],
    )
    skin = round(118 * light)
    rump, hood = (round(shade * light) for shade in _SHADES[rat.coat])
    half = len(tail) // 2
    cv2.polylines(ink, [np.array(tail[: half + 1])], False, skin - 20, 8)
    cv2.polylines(ink, [np.array(tail[half:])], False, skin - 20, 5)
    near = rat.limbs_near[frame].tolist()
    for index in range(4):
        if not near[index]:
            _limb(ink, limbs[3 * index : 3 * index + 3], index, rump if index > 1 else hood, skin)
    _trunk(ink, spine, rat.radii, rump, hood)
    for index in range(4):
        if near[index]:
            _limb(ink, limbs[3 * index : 3 * index + 3], index, rump if index > 1 else hood, skin)
    size = rat.radii[3]
    for x, y in ears:
        cv2.circle(ink, (x, y), round(size * 0.24), max(hood - 18, 20), -1)
        cv2.circle(ink, (x, y), round(size * 0.16), (hood + skin) // 2 + 8, -1)
    for (x, y), seen in zip(eyes, rat.eyes_seen[frame].tolist(), strict=True):
        if seen:
            cv2.circle(ink, (x, y), 3, 18, -1)
    x, y = spine[-1]
    cv2.circle(ink, (x, y), rat.radii[-1] // 2 + 1, skin - 25, -1)


def _trunk(
    ink: Image, spine: list[list[int]], radii: tuple[int, ...], rump: int, hood: int
) -> None:
    """Circles along the spine in four layers: rim, coat, and two of light from above."""
    shades = [hood if share > _HOOD else rump for share in SPINE]
    for grow, rise, gain in ((1.0, 0.0, -16), (0.9, 0.05, 0), (0.68, 0.16, 8), (0.42, 0.26, 15)):
        for (x, y), radius, shade in zip(spine, radii, shades, strict=True):
            cv2.circle(ink, (x, y - int(rise * radius)), int(grow * radius) + 1, shade + gain, -1)


def _limb(ink: Image, joints: list[list[int]], index: int, coat: int, skin: int) -> None:
    """A limb with coat to the elbow and a bare paw."""
    thick = 9 if index < 2 else 13
    (ax, ay), (bx, by), (cx, cy) = joints
    cv2.line(ink, (ax, ay), (bx, by), max(coat - 8, 20), thick)
    cv2.line(ink, (bx, by), (cx, cy), max((coat + skin) // 2 - 6, 20), thick - 4)
    cv2.circle(ink, (cx, cy), 4 if index < 2 else 5, skin, -1)
