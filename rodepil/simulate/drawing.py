"""Draw a rat into its cage: at twice the size on a small patch, then blended in.

H W pixels of the cage's view
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.simulate import sprite as parts
from rodepil.simulate.body import SPINE
from rodepil.simulate.sprite import SCALE, Sprite
from rodepil.simulate.subjects import Coat

Image = npt.NDArray[np.uint8]
Point = Sequence[int]
FUR_MEAN, FUR_SIGMA = 10.0, 3.5
"""Texture that is added to the drawn shades, which are darker by its mean."""
_HOOD_FROM = 0.56
"""Share of the spine from which a hooded rat is dark."""
_LAYERS = ((1.0, 0.0, -26), (0.9, 0.04, -10), (0.74, 0.12, 2), (0.55, 0.2, 10), (0.32, 0.3, 17))
"""Relative radius, rise towards the light, and change of shade of a trunk's layers."""
_SHADOW = 165
"""What the darkest shadow leaves of the light, of 255."""
_DARKEST = 20
_EYE = 18
_FORE = 2
"""Limbs before this one are forelimbs."""


class _Shades(NamedTuple):
    """Brightness of a rat's parts under the usual light, before its fur's texture."""

    rump: int
    hood: int
    skin: int
    tail: int

    def under(self, light: float) -> _Shades:
        return _Shades(*(round(shade * light) for shade in self))


_COATS: dict[Coat, _Shades] = {
    "hooded": _Shades(168, 62, 128, 146),
    "albino": _Shades(172, 172, 128, 146),
    "dark": _Shades(60, 60, 96, 72),
}


class Painter:
    """Draws sprites; holds the buffers that serve every frame.

    Parameters
    ----------
    size_px
        Width and height of the largest view that is drawn into.
    rng
        Where the fur's texture comes from.
    """

    def __init__(self, size_px: tuple[int, int], rng: np.random.Generator) -> None:
        width, height = size_px
        self._ink = np.zeros((height * SCALE, width * SCALE), np.uint8)
        self._light = np.zeros((height, width), np.uint8)
        fur = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 0.9)
        fur = FUR_MEAN + fur * (FUR_SIGMA / float(np.std(fur)))
        self._fur = np.clip(fur, 0, 4 * FUR_MEAN).astype(np.uint8)

    def draw(self, view: Image, rat: Sprite, frame: int, light: float) -> None:
        """Draw one frame of a rat into `view`, (H, W) uint8, in place.

        Parameters
        ----------
        view
            The cage's part of the frame.
        rat
            What to draw.
        frame
            Which frame of it.
        light
            Brightness at the animal's place; 1 is usual.
        """
        left, top, right, bottom = rat.patches[frame].tolist()
        width, height = right - left, bottom - top
        points = (rat.points[frame] - np.array([left, top], np.int32) * SCALE).tolist()
        patch = view[top:bottom, left:right]
        self._shade(patch, points[parts.SHADOW_AT], rat.radii)
        ink = self._ink[: height * SCALE, : width * SCALE]
        ink[:] = 0
        _draw_parts(ink, points, rat, frame, _COATS[rat.coat].under(light))
        _, mask = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY)
        size = (width, height)
        soft_ink = cv2.blur(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), (3, 3))
        mask = cv2.blur(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), (3, 3))
        fur = cv2.multiply(self._fur[:height, :width], mask, scale=1 / 255)
        cv2.multiply(patch, cv2.bitwise_not(mask), dst=patch, scale=1 / 255)
        cv2.add(patch, cv2.add(soft_ink, fur), dst=patch)

    def _shade(self, patch: Image, ground: list[Point], radii: Sequence[int]) -> None:
        """Darken the floor where the body keeps the light off."""
        light = self._light[: patch.shape[0], : patch.shape[1]]
        light[:] = 255
        for (x, y), radius in zip(ground[1:-1:2], radii[1:-1:2], strict=True):
            middle = (x // SCALE + 2, y // SCALE + 2)
            cv2.circle(light, middle, radius // SCALE + 2, _SHADOW, -1)
        cv2.multiply(patch, cv2.blur(light, (9, 9)), dst=patch, scale=1 / 255)


def _draw_parts(ink: Image, points: list[Point], rat: Sprite, frame: int, shades: _Shades) -> None:
    """Draw tail, far limbs, trunk, near limbs and head, in this order."""
    _tail(ink, points[parts.TAIL_AT], shades.tail)
    limbs, near = points[parts.LIMBS_AT], rat.limbs_near[frame].tolist()
    for is_near in (False, True):
        for index in range(len(near)):
            if near[index] == is_near:
                _limb(ink, limbs[3 * index : 3 * index + 3], index, shades)
        if not is_near:
            _trunk(ink, points[parts.SPINE_AT], rat.radii, shades)
    size = rat.radii[3]
    for x, y in points[parts.EARS_AT]:
        cv2.circle(ink, (x, y), round(size * 0.21), max(shades.hood - 18, _DARKEST), -1)
        cv2.circle(ink, (x, y), round(size * 0.13), (shades.hood + shades.skin) // 2 + 8, -1)
    for (x, y), seen in zip(points[parts.EYES_AT], rat.eyes_seen[frame].tolist(), strict=True):
        if seen:
            cv2.circle(ink, (x, y), 3, _EYE, -1)
    x, y = points[parts.SPINE_AT][-1]
    cv2.circle(ink, (x, y), rat.radii[-1] // 2 + 1, shades.skin - 25, -1)


def _tail(ink: Image, tail: list[Point], shade: int) -> None:
    """Draw a tail that is thinner towards its tip."""
    half = len(tail) // 2
    for piece, thick in ((tail[: half + 1], 9), (tail[half:], 6)):
        cv2.polylines(
            ink, [np.array(piece, np.int32)], isClosed=False, color=shade, thickness=thick
        )


def _trunk(ink: Image, spine: list[Point], radii: Sequence[int], shades: _Shades) -> None:
    """Draw circles along the spine, in layers from the dark rim to where the light falls."""
    coat = [shades.hood if share > _HOOD_FROM else shades.rump for share in SPINE]
    for grow, rise, gain in _LAYERS:
        for (x, y), radius, shade in zip(spine, radii, coat, strict=True):
            middle = (x, y - int(rise * radius))
            cv2.circle(ink, middle, int(grow * radius) + 1, max(shade + gain, _DARKEST), -1)


def _limb(ink: Image, joints: list[Point], index: int, shades: _Shades) -> None:
    """Draw a limb with coat to the elbow and a bare paw."""
    fore = index < _FORE
    coat, thick = (shades.hood, 9) if fore else (shades.rump, 13)
    (ax, ay), (bx, by), (cx, cy) = joints
    cv2.line(ink, (ax, ay), (bx, by), max(coat - 8, _DARKEST), thick)
    cv2.line(ink, (bx, by), (cx, cy), max((coat + shades.skin) // 2 - 6, _DARKEST), thick - 4)
    cv2.circle(ink, (cx, cy), 4 if fore else 5, shades.skin, -1)
