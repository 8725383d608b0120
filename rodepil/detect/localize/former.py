"""What an earlier call left in the folder of the output: nothing of it is lost without a word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rodepil.detect.told_files import ABOUT, BORIS, EVENTS, SHEET
from rodepil.errors import SourceError, TableError
from rodepil.io import tables
from rodepil.io.files import sha256_file, unwritable

TIMELINES: Final = "timelines"
NAMED_AT_MOST: Final = 10


@dataclass(frozen=True)
class Former:
    """A video whose results lie in the folder.

    Parameters
    ----------
    recording_id
        Its name in the tables.
    path, sha256
        Its file; None where the folder does not say.
    """

    recording_id: str
    path: str | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        """Return what people call it."""
        return self.path or self.recording_id


def former_videos(out: Path) -> list[Former]:
    """Return the videos whose results lie in a folder, by ``about.json``, else by the events."""
    try:
        videos = json.loads((out / ABOUT).read_text(encoding="utf-8"))["videos"]
        return [Former(one["recording_id"], one["path"], one["sha256"]) for one in videos]
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        pass
    try:
        events = tables.read("events", out / EVENTS)
    except TableError:
        return []
    return [Former(name) for name in sorted(set(events.column("recording_id").to_pylist()))]


def refuse_others(out: Path, videos: Mapping[Path, str]) -> None:
    """Refuse a folder that holds results of videos that are not among those given.

    A video is the same at the same path, whatever it holds now; or with the same content and
    name, wherever it lies now.

    Parameters
    ----------
    out
        The folder.
    videos
        The recording_id of each.

    Raises
    ------
    SourceError
        It holds such results; the message names the videos.
    """
    known = {str(video.resolve()) for video in videos}
    left = [one for one in former_videos(out) if one.path not in known]
    others = [one for one in left if not _is_among(one, videos)]
    if not others:
        return
    names = [str(one) for one in others[:NAMED_AT_MOST]]
    more = len(others) - len(names)
    said = ", ".join(names) + (f" and {more} more" if more else "")
    raise SourceError(
        f"{out} holds what was found in videos that this call does not name, and would replace "
        f"it: {said}. Give another folder with --out, or name all videos in one call (what is "
        "finished is not done again), or clear the former results with --replace"
    )


def clear_former(out: Path) -> None:
    """Remove the tables and pictures of earlier calls; finished videos need not be done again.

    Raises
    ------
    TableError
        A file can't be removed.
    """
    for path in (*(out / name for name in (ABOUT, EVENTS, SHEET, BORIS)), *_pictures(out)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise TableError(unwritable(path, error)) from error


def _pictures(out: Path) -> Sequence[Path]:
    return sorted((out / TIMELINES).glob("*.png"))


def _is_among(former: Former, videos: Mapping[Path, str]) -> bool:
    """Tell whether a video was moved, or, where only its name is known, is named."""
    if former.sha256 is None:
        return former.recording_id in videos.values()
    name = f"{former.recording_id}-"  # 'v', or 'v-' and the start of the digest
    alike = [video for video in videos if name.startswith(f"{video.stem}-") and video.is_file()]
    return any(sha256_file(video) == former.sha256 for video in alike)
