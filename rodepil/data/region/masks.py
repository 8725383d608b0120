"""Masks of what mirrors: drawn or from walls that were found; kept as PNG, and filled.

T frames, H W pixels of a cage
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.region.mirror import TURNS, Wall
from rodepil.data.region.motion import background
from rodepil.errors import CageError
from rodepil.io.files import publish

Mask = npt.NDArray[np.uint8]
"""(H, W) uint8: 255 where the picture is filled, else 0."""
_CORNERS = 3


def mask_of(walls: Sequence[Wall], size_px: tuple[int, int]) -> Mask:
    """Return the mask of walls in a cage of (width, height): (H, W) uint8, 255 in a wall."""
    mask = np.zeros((size_px[1], size_px[0]), np.uint8)
    for wall in walls:
        turned = np.rot90(mask, -TURNS[wall.side], (1, 0))
        turned[:, : wall.depth_px] = 255
    return mask


def draw_mask(polygons: Sequence[Sequence[tuple[int, int]]], size_px: tuple[int, int]) -> Mask:
    """Return the mask of polygons in a cage of (width, height).

    Parameters
    ----------
    polygons
        The corners of each, as x and y in pixels of the cage; corners belong to it.
    size_px
        The cage's width and height.

    Raises
    ------
    CageError
        A polygon has fewer than three corners, or one outside the cage.
    """
    mask = np.zeros((size_px[1], size_px[0]), np.uint8)
    for corners in polygons:
        inside = all(0 <= x < size_px[0] and 0 <= y < size_px[1] for x, y in corners)
        if len(corners) < _CORNERS or not inside:
            raise CageError(
                f"the polygon {list(corners)} is none in a cage of {size_px[0]}x{size_px[1]} px; "
                "give three corners or more within it, as x,y"
            )
        cv2.fillPoly(mask, [np.array(corners, np.int32)], 255)
    return mask


def write_mask(path: Path, mask: Mask) -> None:
    """Write a mask as PNG; it appears when it is whole."""
    _, data = cv2.imencode(".png", mask)
    with publish(path) as beside:
        beside.write_bytes(data.tobytes())


def read_mask(path: Path, size_px: tuple[int, int]) -> Mask:
    """Read a mask from a picture: what is brighter than half is filled.

    Parameters
    ----------
    path
        A picture of the cage's size.
    size_px
        The cage's width and height.

    Raises
    ------
    CageError
        It is no picture, or of another size.
    """
    data = np.frombuffer(path.read_bytes() if path.is_file() else b"", np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if picture is None or (picture.shape[1], picture.shape[0]) != size_px:
        got = "no picture" if picture is None else f"{picture.shape[1]}x{picture.shape[0]} px"
        raise CageError(
            f"the mask {path} is {got}; wanted a PNG of {size_px[0]}x{size_px[1]} px, the size of "
            "the cage, white where the wall mirrors"
        )
    return np.where(picture > 127, 255, 0).astype(np.uint8)  # noqa: PLR2004 - half of white


def fill(
    frames: npt.NDArray[np.uint8],
    mask: Mask,
    still: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint8]:
    """Put the background in place of what is masked, so that no second animal remains.

    Parameters
    ----------
    frames
        (T, H, W) or (T, H, W, 3) uint8.
    mask
        (H, W) uint8, above 0 where frames are filled.
    still
        The background, of a frame's shape; by default the median of the frames.

    Returns
    -------
    ndarray
        A copy of the frames.

    Raises
    ------
    CageError
        The mask is of another size.
    """
    if mask.shape != frames.shape[1:3]:
        raise CageError(
            f"the mask is of {mask.shape[1]}x{mask.shape[0]} px, the cage of "
            f"{frames.shape[2]}x{frames.shape[1]} px; make it for this cage"
        )
    filled = frames.copy()
    still = background(frames) if still is None else still
    filled[:, mask > 0] = still[mask > 0]
    return filled
