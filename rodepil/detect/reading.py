"""Clips are found, and read as a model's view wants them; what can't be read says why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from rodepil.cluster import cpu_count
from rodepil.errors import RodepilError, SourceError
from rodepil.io.files import sha256_file
from rodepil.store.decode import decode_one
from rodepil.store.views import View

CLIP_ID_DIGITS: Final = 16
# What a folder is searched for; a file that is named itself may end in anything.
SUFFIXES: Final = frozenset(
    {".avi", ".mp4", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".webm", ".wmv", ".ts", ".mts"}
)


@dataclass(frozen=True)
class Read:
    """A clip as read from its file: its frames, or why there are none."""

    path: Path
    clip_id: str | None = None
    frames: npt.NDArray[np.uint8] | None = None
    error: str | None = None


def find_clips(paths: Sequence[Path]) -> list[Path]:
    """Return the files, those of a folder and of the folders in it by name.

    Raises
    ------
    SourceError
        There is no clip at all, or a folder holds none.
    """
    clips = list(_files(paths))
    if not clips:
        raise SourceError("no clip was given; give video files or folders that hold some")
    return clips


def read_clips(clips: Sequence[Path], view: View, size: int) -> Iterator[list[Read]]:
    """Read clips side by side, and yield them in order, `size` at a time."""
    with ThreadPoolExecutor(cpu_count()) as pool:
        for start in range(0, len(clips), size):
            yield list(pool.map(lambda path: _read(path, view), clips[start : start + size]))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith(".")
        )
        if not found:
            raise SourceError(
                f"{path} holds no video ({', '.join(sorted(SUFFIXES))}); give another folder, "
                "or the files themselves"
            )
        yield from found


def _read(path: Path, view: View) -> Read:
    """Read one clip, or say why it can't be read."""
    try:
        return Read(path, sha256_file(path)[:CLIP_ID_DIGITS], decode_one(path, view)[view.main])
    except (RodepilError, OSError) as error:
        return Read(path, error=str(error))
