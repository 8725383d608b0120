"""What a clip shows: a body of some shape and texture on a ground, under light and with noise.

T frames, S side of the body's picture, H = W = size_px pixels of a frame.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.simulate.actions.moves import BEND, LENGTH, LIGHT, TURN, WIDTH, Poses, X, Y

Plane = npt.NDArray[np.float32]
_SIDE_PX = 40
_REACH = 1.6
"""The body's picture reaches so many half lengths from its middle."""
_ROOM = (0.1, 0.9)
"""Where the middle of a body stays, in shares of the frame."""


def film(poses: Poses, size_px: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Draw a body in its poses.

    Parameters
    ----------
    poses
        (T, 7), of an action.
    size_px
        H and W.
    rng
        What body, ground, place, light and noise are drawn from.

    Returns
    -------
    ndarray
        (T, H, W) uint8, range [0, 255].
    """
    ground = _ground(size_px, rng)
    picture = _body(float(ground.mean()), rng)
    columns, rows = _look_up(poses, size_px, rng)
    drawn = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    drawn = drawn.reshape(len(poses), size_px, size_px, 2)
    seen = drawn[..., 0] + ground * (1 - drawn[..., 1])
    seen *= _light(poses, rng)[:, None, None]
    seen += rng.uniform(0.3, 1.2) * rng.standard_normal(seen.shape, np.float32)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def _ground(size_px: int, rng: np.random.Generator) -> Plane:
    """Return an uneven ground (H, W) of middle brightness."""
    coarse = rng.uniform(2, 10) * _texture(size_px, int(rng.integers(2, 6)), rng)
    fine = rng.uniform(0, 4) * _texture(size_px, -(-size_px // 2), rng)
    return np.asarray(rng.uniform(100, 130) + coarse + fine, np.float32)


def _body(ground: float, rng: np.random.Generator) -> Plane:
    """Return a body's brightness times its mask, and its mask in [0, 1], (S, S, 2).

    Its outline is a circle under four waves, so bodies are round, pointed, lobed or crescent.
    """
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    waves = np.arange(1, 5)
    depth = rng.uniform(-0.35, 0.35, 4) / waves**0.5
    radius = 1 + np.cos(waves * (angle[:, None] + rng.uniform(0, 2 * np.pi, 4))) @ depth
    outline = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    corners = np.rint(_SIDE_PX / 2 * (1 + outline / _REACH) * 8).astype(np.int32)
    mask = np.zeros((_SIDE_PX, _SIDE_PX), np.float32)
    cv2.fillPoly(mask, [corners], (1.0,), cv2.LINE_8, 3)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.2), np.float32)
    contrast = rng.uniform(40, 90) * rng.choice([-1.0, 1.0])
    spots = rng.uniform(0, 25) * _texture(_SIDE_PX, int(rng.integers(2, 7)), rng)
    return np.dstack([(ground + contrast + spots) * mask, mask]).astype(np.float32)


def _texture(side_px: int, cells: int, rng: np.random.Generator) -> Plane:
    """Return smooth random values in [-1, 1], (side_px, side_px), of `cells` cells a side."""
    noise = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
    smooth = cv2.resize(noise, (side_px, side_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth, np.float32)


def _light(poses: Poses, rng: np.random.Generator) -> Plane:
    """Return the brightness of each frame (T,), which drifts by a few per cent."""
    phase = rng.uniform(0, 6) + np.linspace(0, rng.uniform(1, 6), len(poses))
    drift = rng.uniform(0, 0.04) * np.sin(phase)
    return np.asarray(np.exp(poses[:, LIGHT] + drift), np.float32)


def _look_up(poses: Poses, size_px: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Return the column and the row of the body's picture that each pixel shows, (T H, W)."""
    half_length = size_px * rng.uniform(0.16, 0.26)
    half_width = half_length * rng.uniform(0.35, 0.9)
    middle = size_px * np.clip(rng.uniform(0.25, 0.75, 2) + poses[:, X : Y + 1], *_ROOM)
    turn = poses[:, TURN] + rng.uniform(0, 2 * np.pi)
    bend = poses[:, BEND] + rng.uniform(-0.4, 0.4)
    away = np.arange(size_px) - middle[..., None]  # (T, 2, W) from the body's middle
    along = np.stack([np.cos(turn), np.sin(turn)], axis=1) / half_length
    across = np.stack([-np.sin(turn), np.cos(turn)], axis=1) / half_width
    along /= np.exp(poses[:, [LENGTH]])
    across /= np.exp(poses[:, [WIDTH]])
    u = _plane(away * along[..., None])
    v = _plane(away * across[..., None])
    v += bend.astype(np.float32)[:, None, None] * (u * u - np.float32(0.3))
    return _in_picture(u, size_px), _in_picture(v, size_px)


def _plane(parts: npt.NDArray[np.float64]) -> Plane:
    """Return (T, H, W) sums of what a pixel's column and row add, (T, 2, W)."""
    parts = parts.astype(np.float32)
    return np.asarray(parts[:, 0, None, :] + parts[:, 1, :, None], np.float32)


def _in_picture(axis: Plane, size_px: int) -> Plane:
    """Turn half lengths from the body's middle into pixels of its picture, (T H, W)."""
    axis *= np.float32(_SIDE_PX / 2 / _REACH)
    axis += np.float32(_SIDE_PX / 2)
    return axis.reshape(-1, size_px)
