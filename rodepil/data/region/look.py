"""A picture to check a region by: the box, the mask, and the frame with the mask filled.

H W pixels
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.boxes.editor import Box
from rodepil.data.boxes.picture import PAPER, draw_boxes, text_scale, write
from rodepil.data.region.found import XYWH, Detector
from rodepil.data.region.locate import Region, region_in
from rodepil.data.region.masks import Mask, fill, mask_of, read_mask, write_mask
from rodepil.data.region.mirror import MirrorRule, Wall, find_walls
from rodepil.data.region.motion import background, greys
from rodepil.data.region.sample import Sample, sample
from rodepil.io.files import publish
from rodepil.io.pictures import check_picture
from rodepil.io.progress import Progress

Image = npt.NDArray[np.uint8]
SEARCHED_PX = 256
"""The size at which walls are sought: finer is slower and finds no more."""
_TINT = (0, 94, 213)


def show(
    video: Path,
    out: Path,
    detector: Detector,
    *,
    within: XYWH | None = None,
    mask: Path | None = None,
    keep: Path | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Write the picture to check a recording's region by, and say what was found.

    Parameters
    ----------
    video
        A video of one animal.
    out
        The picture.
    detector
        What finds the animal.
    within
        What of the frame is looked at; the mask is of this.
    mask
        A drawn mask; by default that of the mirroring walls that are found.
    keep
        Where the mask goes as PNG.
    progress
        Shown the frames.

    Raises
    ------
    CageError, ModelError, ReportError, VideoError
        A box or mask does not fit, the detector's network gives no boxes, `out` is no picture's
        name, or the video can't be read.
    """
    check_picture(out)
    seen = sample(video, within=within, progress=progress)
    walls = walls_in(seen) if mask is None else []
    size = seen.within[2:]
    used = mask_of(walls, size) if mask is None else read_mask(mask, size)
    region = region_in(detector, freed(seen, used), video)
    write_picture(out, panels(seen, region, used))
    if keep is not None:
        write_mask(keep, used)
    said = [
        f"mirror at the {wall.side}: {wall.depth_px} px deep, agreement {wall.agreement:.2f}"
        for wall in walls
    ]
    if not said:
        said = ["no wall mirrors" if mask is None else f"masked: {(used > 0).mean():.1%}"]
    return [str(region), *said]


def walls_in(seen: Sample, rule: MirrorRule | None = None) -> list[Wall]:
    """Return the mirroring walls of what a sample shows, in pixels of the recording."""
    grey = greys(seen.frames)
    shrink = min(1.0, SEARCHED_PX / max(grey.shape[1:]))
    if shrink < 1:
        size = round(grey.shape[2] * shrink), round(grey.shape[1] * shrink)
        grey = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in grey])
    scale = seen.scale * shrink
    return [
        Wall(wall.side, round(wall.depth_px / scale), wall.agreement)
        for wall in find_walls(np.asarray(grey, np.uint8), rule)
    ]


def freed(seen: Sample, mask: Mask) -> Sample:
    """Return a sample with what is masked filled, so that no reflection is taken for the animal.

    The mask is in pixels of the recording.
    """
    if not mask.any():
        return seen
    return replace(seen, frames=fill(seen.frames, _small(mask, seen), background(seen.frames)))


def _small(mask: Mask, seen: Sample) -> Mask:
    """Return a mask at the size of the sample's frames."""
    height, width = seen.frames.shape[1:3]
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small, np.uint8)


def panels(seen: Sample, region: Region, mask: Mask | None = None) -> Image:
    """Return three pictures of one frame beside each other, (H, 3 W, 3) uint8 BGR.

    Parameters
    ----------
    seen
        Frames of the recording.
    region
        The box, drawn into the first picture.
    mask
        Of what the sample shows, in pixels of the recording: tinted in the second picture and
        filled in the third; by default that of the walls that are found.
    """
    height = seen.frames.shape[1]
    mask = mask_of(walls_in(seen), seen.within[2:]) if mask is None else mask
    small = _small(mask, seen)
    middle = len(seen.frames) // 2
    frame = np.ascontiguousarray(seen.frames[middle, ..., ::-1])
    left, top = region.x_px - seen.within[0], region.y_px - seen.within[1]
    box = Box(left, top, region.width_px, region.height_px, 0, "region")
    tinted = frame.copy()
    tinted[small > 0] = (tinted[small > 0] // 2 + np.array(_TINT) // 2).astype(np.uint8)
    still = background(seen.frames)
    filled = fill(seen.frames[middle : middle + 1], small, still)[0]
    shown = [draw_boxes(frame, [box], scale=seen.scale), tinted, filled[..., ::-1]]
    images = [np.ascontiguousarray(image) for image in shown]
    for image, title in zip(images, ("region", "mirror mask", "filled"), strict=True):
        write(image, title, (6, height - 6), text_scale(image), PAPER)
    return np.concatenate(images, axis=1)


def write_picture(out: Path, picture: Image) -> None:
    """Write a picture (H, W, 3) uint8 BGR as the file's suffix says; it appears when whole.

    Raises
    ------
    ReportError
        The name is that of no picture.
    """
    check_picture(out)
    _, data = cv2.imencode(out.suffix.lower(), picture)
    with publish(out) as beside:
        beside.write_bytes(data.tobytes())
