"""What stands still: the rack, its cages with bedding, walls, bottle and tag, and the light.

H W pixels of the frame
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Pixel = TypeVar("Pixel", bound=np.generic)
Bottle = tuple[Image, tuple[int, int, int, int]]
"""Where a bottle hides the animal: mask, and left, top, right, bottom in the cage's view."""
WIDTH_PX, HEIGHT_PX = 640, 480
COLUMNS, ROWS = 3, 2
TAG_PX = 20
"""Height of the strip above a cage that holds its tag."""
WALL_SIDE, WALL_BACK, WALL_FRONT = 12, 22, 9


@dataclass(frozen=True)
class CageBox:
    """A cage in the frame: half-open box in px, tag excluded."""

    position: int
    x_px: int
    y_px: int
    width_px: int
    height_px: int

    @property
    def floor(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of where an animal's picture may lie, in the cage's view.

        It may rise before the back wall, but not leave the cage to the sides.
        """
        return (
            WALL_SIDE + 1.0,
            WALL_BACK - 14.0,
            self.width_px - WALL_SIDE - 1.0,
            self.height_px - WALL_FRONT - 1.0,
        )

    def of(self, image: npt.NDArray[Pixel]) -> npt.NDArray[Pixel]:
        """Return the cage's part of a frame, a view."""
        return image[self.y_px : self.y_px + self.height_px, self.x_px : self.x_px + self.width_px]


def cage_boxes(positions: Sequence[int], rng: np.random.Generator) -> list[CageBox]:
    """Place cages on a rack of two rows of three, each a little off."""
    boxes = []
    step_x, step_y = WIDTH_PX // COLUMNS, HEIGHT_PX // ROWS
    for position in positions:
        row, column = divmod(position - 1, COLUMNS)
        width = int(rng.integers(196, 204))
        height = int(rng.integers(202, 209))
        x = column * step_x + int(rng.integers(3, step_x - width - 3))
        y = row * step_y + TAG_PX + int(rng.integers(3, step_y - TAG_PX - height - 2))
        boxes.append(CageBox(position, x, y, width, height))
    return boxes


@dataclass(frozen=True)
class Scene:
    """The still picture before noise and drift.

    Parameters
    ----------
    bare
        Frame without reflections, (H, W) uint8, darker by what the sensor's noise adds.
    bottles
        One for each cage.
    light
        Brightness of each place relative to the usual, (H, W) float32.
    """

    bare: Image
    bottles: tuple[Bottle, ...]
    light: Plane


def make_scene(boxes: Sequence[CageBox], tags: Sequence[str], rng: np.random.Generator) -> Scene:
    """Paint the rack, the cages and their tags.

    Parameters
    ----------
    boxes
        Where the cages are.
    tags
        What stands on each cage's tag.
    rng
        Where textures, the lamp and the bottles' places come from.
    """
    picture = np.asarray(40 + 5 * _cloud((HEIGHT_PX, WIDTH_PX), 20, rng), np.float32)
    light = _light(boxes, rng)
    bottles = []
    for box, tag in zip(boxes, tags, strict=True):
        inside = box.of(picture)
        inside[:] = _bedding(inside.shape, rng)
        _walls(inside)
        bottles.append(_bottle(inside, rng))
        _tag(picture, box, tag)
    bare = np.clip(picture * light - 8, 12, 215).astype(np.uint8)
    return Scene(bare, tuple(bottles), light)


def _cloud(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> Plane:
    """Smooth noise of unit variance."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), scale)
    return np.asarray(noise / noise.std(), np.float32)


def _light(boxes: Sequence[CageBox], rng: np.random.Generator) -> Plane:
    """Vignetting of the lens and a lamp somewhere above."""
    rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    far = ((columns - WIDTH_PX / 2) / WIDTH_PX) ** 2 + ((rows - HEIGHT_PX / 2) / HEIGHT_PX) ** 2
    lamp_x, lamp_y = rng.uniform(0.3, 0.7) * WIDTH_PX, rng.uniform(0.3, 0.7) * HEIGHT_PX
    near = np.exp(-((columns - lamp_x) ** 2 + (rows - lamp_y) ** 2) / (2 * 260.0**2))
    light: Plane = np.asarray(1.03 - 0.42 * far + 0.1 * (near - 0.6), np.float32)
    for box in boxes:
        box.of(light)[:] *= rng.uniform(0.94, 1.06)
    return light


def _bedding(shape: tuple[int, ...], rng: np.random.Generator) -> Plane:
    """Wood chips: short light and dark strokes over uneven ground."""
    ground = 122 + 5 * _cloud(shape, 16, rng) + 4 * _cloud(shape, 3, rng)
    height, width = shape
    for _ in range(420):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        angle, length = rng.uniform(0, np.pi), rng.uniform(3, 8)
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle) * 0.8))
        cv2.line(
            ground,
            (x, y),
            end,
            float(122 + rng.normal(0, 13)),
            int(rng.integers(1, 3)),
            cv2.LINE_AA,
        )
    return np.asarray(cv2.GaussianBlur(ground, (0, 0), 0.7), np.float32)


def _walls(inside: Plane) -> None:
    """Plastic walls: pale strips that darken towards the floor, with bright edges."""
    height, width = inside.shape
    for strip, depth, base in (
        (inside[:WALL_BACK], WALL_BACK, 100), (inside[::-1][:WALL_FRONT], WALL_FRONT, 108),
        (inside.T[:WALL_SIDE], WALL_SIDE, 104), (inside.T[::-1][:WALL_SIDE], WALL_SIDE, 104),
    ):  # fmt: skip
        fade = np.linspace(12, -8, depth, dtype=np.float32)[:, None]
        strip[:] = 0.3 * strip + 0.7 * base + fade
    cv2.rectangle(
        inside,
        (WALL_SIDE, WALL_BACK),
        (width - WALL_SIDE, height - WALL_FRONT),
        84.0,
        1,
        cv2.LINE_AA,
    )
    cv2.rectangle(inside, (0, 0), (width - 1, height - 1), 142.0, 2)
    for corner in ((0, 0, WALL_SIDE, WALL_BACK), (width - 1, 0, width - WALL_SIDE, WALL_BACK),
                   (0, height - 1, WALL_SIDE, height - WALL_FRONT),
                   (width - 1, height - 1, width - WALL_SIDE, height - WALL_FRONT)):  # fmt: skip
        cv2.line(inside, corner[:2], corner[2:], 118.0, 1, cv2.LINE_AA)


def _bottle(inside: Plane, rng: np.random.Generator) -> Bottle:
    """Hang a water bottle at the back wall, its spout over the floor."""
    height, width = inside.shape
    x = int(rng.choice([0.22, 0.78]) * width)
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (x - 11, 0), (x + 11, 17), 255, -1)
    cv2.line(mask, (x, 17), (x + 2, 30), 255, 4)
    cv2.rectangle(inside, (x - 11, 0), (x + 11, 17), 128.0, -1)
    cv2.rectangle(inside, (x - 8, 1), (x - 5, 14), 176.0, -1)
    cv2.rectangle(inside, (x - 11, 0), (x + 11, 17), 90.0, 1)
    cv2.line(inside, (x, 17), (x + 2, 30), 158.0, 4)
    cv2.line(inside, (x + 1, 18), (x + 3, 30), 96.0, 1)
    left, top, right, bottom = x - 12, 0, x + 13, 34
    return mask[top:bottom, left:right].copy(), (left, top, right, bottom)


def _tag(picture: Plane, box: CageBox, text: str) -> None:
    """Stick a paper tag with the animal's name on the rack above the cage."""
    x, y = box.x_px + 18, box.y_px - TAG_PX + 1
    card = np.full((TAG_PX - 4, 76), 168, np.uint8)
    cv2.putText(card, text, (5, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 30, 1, cv2.LINE_AA)
    picture[y : y + card.shape[0], x : x + card.shape[1]] = card


def reflect(view: Image, bare: Image, sides: str) -> None:
    """Mirror the inside of a cage faintly in its walls, in place.

    Parameters
    ----------
    view
        The cage's view, (H, W) uint8, with all that shall be mirrored.
    bare
        The same without animal and reflections.
    sides
        Which walls: any of ``l`` (left), ``r`` (right) and ``t`` (the back wall, at the top).
    """
    for side in sides:
        seen, wall = _upright(view, side), _upright(bare, side)
        depth = WALL_BACK - 4 if side == "t" else WALL_SIDE
        mirrored = np.ascontiguousarray(seen[:, 2 * depth - 1 : depth - 1 : -1])
        plain = np.ascontiguousarray(wall[:, :depth])
        seen[:, :depth] = cv2.addWeighted(plain, 0.8, mirrored, 0.2, 0)


def _upright(image: Image, side: str) -> Image:
    """Return a view of an image that has the wall `side` at its left."""
    return {"l": image, "r": image[:, ::-1], "t": image.T}[side]
