"""Views of the cages of simulated recordings, with the true box of the animal in each frame.

T frames, H W pixels of a cage, P pictures
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rodepil.data.cages import Cage, cages_of
from rodepil.data.region.found import Boxes, Frames
from rodepil.data.region.motion import greys
from rodepil.detect.region.pictures import Pictures, crop
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.io.video import VideoReader
from rodepil.io.video_read import upright

_EMPTY_EVERY = 20


@dataclass(frozen=True)
class CageView:
    """A cage in frames from all over a recording.

    Parameters
    ----------
    cage
        Its recording, its animal and its place.
    frames
        (T, H, W, 3) uint8 RGB, range [0, 255].
    boxes
        (T, 4) float32: left, top, right, bottom of the animal in pixels of the cage.
    """

    cage: Cage
    frames: Frames
    boxes: Boxes


@dataclass(frozen=True)
class Sides:
    """Cages to learn from, and cages of other recordings and other animals to test on."""

    learn: tuple[Cage, ...]
    test: tuple[Cage, ...]


def divide(cages: Sequence[Cage], recordings: int, tested: int) -> Sides:
    """Hold recordings out, those of the fewest cages, and learn from none of their animals.

    Parameters
    ----------
    cages
        Of all recordings.
    recordings
        To learn from, at most.
    tested
        Recordings to hold out, at most all but one.

    Returns
    -------
    Sides
        Without cages to learn from, where every animal is in a recording that is held out.
    """
    of: defaultdict[str, list[Cage]] = defaultdict(list)
    for cage in cages:
        of[cage.recording_id].append(cage)
    order = sorted(of, key=lambda name: (len(of[name]), name))
    held = order[: min(tested, len(order) - 1)]
    test = tuple(cage for name in held for cage in of[name])
    seen = {cage.subject_id for cage in test}
    left = {name: [one for one in of[name] if one.subject_id not in seen] for name in order}
    chosen = [name for name in order if name not in held and left[name]][:recordings]
    return Sides(tuple(cage for name in chosen for cage in left[name]), test)


def look(
    folder: Path, cages: Sequence[Cage], count: int, progress: Progress | None = None
) -> list[CageView]:
    """Cut cages out of frames from all over their recordings.

    Parameters
    ----------
    folder
        Of simulated recordings with their tables.
    cages
        Whose views are wanted.
    count
        Frames of each recording, evenly over its time; fewer where it has fewer.
    progress
        Shown the recordings.

    Raises
    ------
    TableError, VideoError
        A table or video is missing or can't be read.
    """
    rows = tables.read("recordings", folder / "recordings.parquet").to_pylist()
    row_of = {row["recording_id"]: row for row in rows}
    true = _true_boxes(folder)
    of: defaultdict[str, list[Cage]] = defaultdict(list)
    for cage in cages:
        of[cage.recording_id].append(cage)
    views: list[CageView] = []
    with (progress or Silent()).task("look into cages", len(of), "recordings") as advance:
        for name, mine in of.items():
            total = int(row_of[name]["n_frames"])
            wanted = np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))
            frames = _frames(folder / row_of[name]["path"], wanted)
            views += [_view(cage, frames, true[name, cage.position][wanted]) for cage in mine]
            advance(1)
    return views


def pictures_of(views: Sequence[CageView], crops: int, rng: np.random.Generator) -> Pictures:
    """Return random parts of cages that hold the animal, every 20th with it painted out.

    Parameters
    ----------
    views
        One or more.
    crops
        Pictures of each frame.
    rng
        Draws parts and light.
    """
    made = []
    for view in views:
        grey = greys(view.frames)
        bare = _bare(grey, view.boxes)
        for number, (shown, box) in enumerate(zip(grey, view.boxes, strict=True)):
            for again in range(crops):
                is_empty = bare is not None and (number * crops + again) % _EMPTY_EVERY == 0
                picture, moved = crop(bare if is_empty else shown, box, rng)  # type: ignore[arg-type]
                made.append((picture, moved * np.float32(np.nan) if is_empty else moved))
    pixels, boxes = zip(*made, strict=True)
    return Pictures(np.stack(pixels), np.stack(boxes))


def cages_in_folder(folder: Path) -> tuple[Cage, ...]:
    """Return the cages of a source's folder."""
    return tuple(cages_of(tables.read("cages", folder / "cages.parquet")))


def _true_boxes(folder: Path) -> Mapping[tuple[str, int], Boxes]:
    """Return the true boxes of each cage, (all frames, 4) float32 in pixels of the frame."""
    table = tables.read("animal_boxes", folder / "animal_boxes.parquet")
    names = np.array(table.column("recording_id").to_pylist())
    position, frame, left, top, width, height = (
        table.column(name).to_numpy()
        for name in ("position", "frame", "x_px", "y_px", "width_px", "height_px")
    )
    boxes = np.stack([left, top, left + width, top + height], axis=1).astype(np.float32)
    found = {}
    for name in np.unique(names):
        for place in np.unique(position[names == name]):
            rows = np.flatnonzero((names == name) & (position == place))
            found[str(name), int(place)] = boxes[rows[frame[rows].argsort()]]
    return found


def _frames(video: Path, wanted: npt.NDArray[np.int_]) -> Frames:
    """Return some frames of a video in one pass, (T, H, W, 3) uint8 RGB."""
    numbers = set(wanted.tolist())
    with VideoReader(video, threads=1) as reader:
        return np.stack(
            [upright(frame.picture, "rgb24") for frame in reader if frame.index in numbers]
        )


def _view(cage: Cage, frames: Frames, boxes: Boxes) -> CageView:
    left, top, width, height = cage.box
    part = np.ascontiguousarray(frames[:, top : top + height, left : left + width])
    moved = boxes - np.array([left, top] * 2, np.float32)
    return CageView(cage, part, moved)


def _bare(grey: npt.NDArray[np.uint8], boxes: Boxes) -> npt.NDArray[np.uint8] | None:
    """Return the cage without its animal, (H, W) uint8; None where some pixel is never free."""
    free = np.ones(grey.shape, np.bool_)
    for one, box in zip(free, boxes, strict=True):
        left, top, right, bottom = box.astype(int).clip(0).tolist()
        one[top:bottom, left:right] = False
    times = free.sum(axis=0)
    if not times.all():
        return None
    mean = (grey * free).sum(axis=0, dtype=np.float64) / times
    return np.asarray(mean.round(), np.uint8)
