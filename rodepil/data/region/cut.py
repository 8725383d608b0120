"""A recording cut to its region of interest, with what mirrors filled, as a video of its own.

H W pixels
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rodepil.data.region.found import XYWH, Detector
from rodepil.data.region.locate import Region, region_in
from rodepil.data.region.look import freed, walls_in
from rodepil.data.region.masks import Mask, mask_of, read_mask
from rodepil.data.region.motion import background
from rodepil.data.region.sample import sample
from rodepil.data.resample import resample
from rodepil.errors import CageError
from rodepil.io.progress import Advance, Progress, Silent
from rodepil.io.video import VideoReader
from rodepil.io.video_read import upright
from rodepil.io.video_write import write_clip

Image = npt.NDArray[np.uint8]
STILL_FRAMES = 24
"""Frames at full size whose median fills the mask."""
LEAST_PX = 2
"""The least side of a video: encoders want even ones."""
_FULL_SIZE = 1 << 30


def cut_region(
    video: Path,
    out: Path,
    detector: Detector,
    *,
    within: XYWH | None = None,
    mask: Path | None = None,
    fps: int = 30,
    progress: Progress | None = None,
) -> Region:
    """Write a recording's region, with the walls that mirror filled with the background.

    Parameters
    ----------
    video
        A video of one animal, or of one `within` a box.
    out
        The video, ``.avi``; it appears when it is whole, and is held in memory until then.
    detector
        What finds the animal.
    within
        What of the frame is looked at, for example a cage; the mask is of this.
    mask
        A drawn mask; by default that of the mirroring walls that are found.
    fps
        Frames a second of the new video, steady whatever the recording's are.
    progress
        Shown the frames.

    Returns
    -------
    Region
        What was cut out: its sides are even, as encoders want them.

    Raises
    ------
    CageError, ModelError, VideoError
        A box, a mask or the name of `out` does not fit, the detector's network gives no boxes, or
        the video can't be read.
    """
    if out.suffix.lower() != ".avi" or out.resolve() == video.resolve():
        raise CageError(f"'{out}' is no new .avi file; name one")
    seen = sample(video, within=within, progress=progress)
    size = seen.within[2:]
    whole = mask_of(walls_in(seen), size) if mask is None else read_mask(mask, size)
    found = region_in(detector, freed(seen, whole), video)
    region = replace(found, width_px=found.width_px // 2 * 2, height_px=found.height_px // 2 * 2)
    if min(region.width_px, region.height_px) < LEAST_PX:
        raise CageError(
            f"a box of {found.width_px}x{found.height_px} px makes no video; give one of "
            f"{LEAST_PX} px or more a side"
        )
    left, top = region.x_px - seen.within[0], region.y_px - seen.within[1]
    part = whole[top : top + region.height_px, left : left + region.width_px]
    still = None
    if part.any():
        full = sample(video, count=STILL_FRAMES, within=region.box, longest_px=_FULL_SIZE)
        still = background(full.frames)
    with VideoReader(video) as reader:
        total = reader.declared_frames or 0
        with (progress or Silent()).task("cut the region out", total, "frames") as advance:
            write_clip(out, _frames(reader, region.box, part, still, fps=fps, advance=advance), fps)
    return region


def _frames(
    reader: VideoReader, box: XYWH, mask: Mask, still: Image | None, *, fps: int, advance: Advance
) -> Iterator[Image]:
    """Yield the box of each frame at a steady rate, (H, W, 3) uint8 RGB, filled."""
    left, top, width, height = box
    for shown in resample(reader, fps, reader.declared_fps or Fraction(fps)):
        advance(1)
        if not shown.count:
            continue
        picture = upright(shown.frame.picture, "rgb24")
        part = np.ascontiguousarray(picture[top : top + height, left : left + width])
        if still is not None:
            part[mask > 0] = still[mask > 0]
        for _ in range(shown.count):
            yield part
