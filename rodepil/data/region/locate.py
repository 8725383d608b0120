"""Where to look in a recording: one box, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rodepil.data.region.crowd import places, together
from rodepil.data.region.found import XYWH, Detector, FixedBox, Found, check_within
from rodepil.data.region.motion import Motion
from rodepil.data.region.sample import FRAMES, Sample, sample
from rodepil.data.region.steady import Steadying, best_boxes, steady_box
from rodepil.errors import CageError
from rodepil.io.progress import Progress

LEAST_SHARE = 0.2
"""In a smaller share of the frames, what is found is no animal but a mistake."""


@dataclass(frozen=True)
class Region:
    """The part of a recording's frame to look at.

    Parameters
    ----------
    x_px, y_px, width_px, height_px
        Left, top, width and height in pixels of the upright frame.
    frames, found
        How many frames were looked at, and in how many of them the animal was found.
    fallback
        Why the box is not that of an animal; None where it is.
    doubt
        Why there may be more than the one animal; None where nothing tells so.
    """

    x_px: int
    y_px: int
    width_px: int
    height_px: int
    frames: int
    found: int
    fallback: str | None = None
    doubt: str | None = None

    @property
    def box(self) -> XYWH:
        """Left, top, width and height in pixels, as those of a cage."""
        return self.x_px, self.y_px, self.width_px, self.height_px

    def __str__(self) -> str:
        """Say box and evidence in a line."""
        said = self.fallback or f"the animal is found in {self.found} of {self.frames} frames"
        doubt = f"; but {self.doubt}" if self.doubt else ""
        return f"x={self.x_px} y={self.y_px} {self.width_px}x{self.height_px} px: {said}{doubt}"


def locate(
    video: Path,
    detector: Detector,
    *,
    within: XYWH | None = None,
    rule: Steadying | None = None,
    missing: Literal["all", "error"] = "all",
    count: int = FRAMES,
    progress: Progress | None = None,
) -> Region:
    """Find where in a recording the animal lives.

    Parameters
    ----------
    video
        A video file with one animal, or with one `within` a box.
    detector
        What finds it. A `FixedBox` is taken as it is, neither squared nor widened.
    within
        What of the frame is searched, for example a cage; by default all of it.
    rule
        How the frames' boxes become one.
    missing
        What to do where fewer than `LEAST_SHARE` of the frames have an animal: take all that
        was searched and say so in `Region.fallback`, or raise.
    count
        Frames to look at, evenly over the recording.
    progress
        Shown the frames that were decoded.

    Raises
    ------
    VideoError
        The video can't be read.
    CageError
        A box lies not whole in the frame, or `missing` is ``error`` and there is no animal.
    ModelError
        The detector's network does not give boxes.
    """
    seen = sample(video, count=count, within=within, progress=progress)
    return region_in(detector, seen, video, rule=rule, missing=missing)


def region_in(
    detector: Detector,
    seen: Sample,
    video: Path,
    *,
    rule: Steadying | None = None,
    missing: Literal["all", "error"] = "all",
) -> Region:
    """Return the region of what a sample of a video shows, as `locate` does."""
    if isinstance(detector, FixedBox):
        return _fixed(detector, seen)
    found = detector.find(seen.frames)
    boxes, doubt = best_boxes(found), _doubt(detector, found, seen)
    if len(boxes) < max(1.0, LEAST_SHARE * len(found)):
        said = (
            f"no animal: found in {len(boxes)} of {len(found)} frames, fewer than "
            f"{LEAST_SHARE:.0%}; all that was searched is taken"
        )
        if missing == "error":
            raise CageError(
                f"{video}: {said.partition(';')[0]}; try another detector, give a fixed box, or "
                "leave the video out"
            )
        return Region(*seen.within, len(found), len(boxes), said, doubt)
    left, top, wide, high = seen.within
    x, y, width, height = steady_box(boxes / seen.scale, (wide, high), rule)
    return Region(left + x, top + y, width, height, len(found), len(boxes), doubt=doubt)


def _doubt(detector: Detector, found: Sequence[Found], seen: Sample) -> str | None:
    """Say why there may be several animals; what moves tells it whatever the detector is."""
    moves = found if isinstance(detector, Motion) else Motion().find(seen.frames)
    count = max(places(moves), 1 if isinstance(detector, Motion) else together(found))
    if count <= 1:  # 0: nothing moves, and nothing is found
        return None
    return (
        f"{count} or more animals seem to be there at the same times, or walls mirror one; look at "
        "each cage by itself: by --box once a cage or --cages SHEET to localize, --within to region"
    )


def _fixed(detector: FixedBox, seen: Sample) -> Region:
    """Return a fixed box, given in pixels of the part that is searched."""
    check_within(detector.box, seen.within[2:])
    x, y, width, height = detector.box
    count = len(seen.frames)
    return Region(seen.within[0] + x, seen.within[1] + y, width, height, count, count)
