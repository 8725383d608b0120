"""Frames of recordings for a look: boxes shown on one, and tags sought in twenty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from rodepil.data.boxes.keep import boxes_of, find_recording, read_cages, read_recordings
from rodepil.data.boxes.picture import draw_boxes, magnify
from rodepil.data.boxes.tag import Grey, find_text, still_picture
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.errors import CageError, VideoError
from rodepil.io.files import publish
from rodepil.io.progress import Progress, Silent
from rodepil.io.video_look import Look, VideoLook

FRAMES_SOUGHT = 20


@dataclass(frozen=True)
class Moment:
    """A frame of a recording: its number, or seconds from the first frame; else the first one."""

    frame: int | None = None
    at_s: float | None = None

    def look(self, video: VideoLook) -> Look:
        """Return that frame of a video."""
        if self.frame is not None:
            return video.frame(self.frame)
        return video.at(Fraction(self.at_s or 0))


def show_cages(folder: Path, name: str, out: Path, moment: Moment) -> Path:
    """Write a frame of a recording with its boxes, positions and names as PNG.

    Parameters
    ----------
    folder
        The source's folder.
    name
        The recording, as `find_recording` takes it.
    out
        A file, or a folder for a file named for the recording.
    moment
        Which frame.

    Raises
    ------
    CageError
        The recording is unknown.
    VideoError
        The frame can't be read.
    """
    recording = find_recording(read_recordings(folder), name, folder)
    path = out / f"{recording.recording_id}.png" if out.suffix.lower() != ".png" else out
    _write(folder, recording, read_cages(folder), path, moment)
    return path


def show_all(
    folder: Path, out: Path, moment: Moment, progress: Progress | None = None
) -> tuple[list[Path], list[str]]:
    """Write a PNG for every recording into a folder; return them, and what could not be shown.

    Raises
    ------
    CageError
        There are no recordings, `out` is a file, or none can be shown.
    """
    recordings, cages = read_recordings(folder), read_cages(folder)
    if out.suffix.lower() == ".png" or out.is_file():
        raise CageError(f"{out} is one file; name a folder for all recordings, or one recording")
    written, refused = [], []
    with (progress or Silent()).task("show cages", len(recordings), "recordings") as advance:
        for recording in recordings:
            path = out / f"{recording.recording_id}.png"
            try:
                _write(folder, recording, cages, path, moment)
                written.append(path)
            except VideoError as error:
                refused.append(f"{recording.recording_id}: {error}")
            advance(1)
    if not written:
        raise CageError(f"no recording can be shown: {'; '.join(refused[:5])}")
    return written, refused


def find_tags(folder: Path, recording: Recording, cages: Sequence[Cage]) -> list[str]:
    """Say in which boxes of a recording something like a tag stays still; a heuristic.

    Raises
    ------
    VideoError
        The recording can't be read.
    """
    if not cages:
        return []
    with VideoLook(folder / recording.path) as video:
        frames = [_grey(video.at(moment)) for moment in _spread(recording)]
    found = []
    for cage in cages:
        x, y, width, height = cage.box
        picture, still = still_picture([frame[y : y + height, x : x + width] for frame in frames])
        found += [
            f"{recording.recording_id}, position {cage.position} ('{cage.subject_id}'): something "
            f"like text stays at x={left} y={top} {wide}x{high} px of the box. If it is a tag, "
            f"{_shrink(cage, (left, top, wide, high))}, so that no model can read it (a heuristic)"
            for left, top, wide, high in find_text(picture, still)
        ]
    return found


def _shrink(cage: Cage, place: tuple[int, int, int, int]) -> str:
    """Say which side of a box leaves a place out for the least of the box."""
    _, _, width, height = cage.box
    left, top, wide, high = place
    x, y = cage.x_px, cage.y_px
    cuts = {
        f"start the box at x={x + left + wide}": (left + wide) / width,
        f"end the box before x={x + left}": 1 - left / width,
        f"start the box at y={y + top + high}": (top + high) / height,
        f"end the box before y={y + top}": 1 - top / height,
    }
    return min(cuts, key=cuts.__getitem__)


def _spread(recording: Recording) -> list[Fraction]:
    whole = Fraction(recording.duration_s)
    return [whole * (2 * part + 1) / (2 * FRAMES_SOUGHT) for part in range(FRAMES_SOUGHT)]


def _grey(look: Look) -> Grey:
    return np.asarray(cv2.cvtColor(look.image(), cv2.COLOR_BGR2GRAY), np.uint8)


def _write(
    folder: Path, recording: Recording, cages: Sequence[Cage], path: Path, moment: Moment
) -> None:
    with VideoLook(folder / recording.path) as video:
        frame, times = magnify(moment.look(video).image())
    boxes = boxes_of(cages, recording.recording_id)
    done, data = cv2.imencode(".png", draw_boxes(frame, boxes, scale=times))
    if not done:
        raise VideoError(f"{recording.path}: its frame can't be written as PNG")
    with publish(path) as beside:
        beside.write_bytes(data.tobytes())
