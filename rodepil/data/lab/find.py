"""Video files below folders, each once, whatever links lead there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rodepil.data.lab.cameras import camera_of
from rodepil.data.lab.register import failure
from rodepil.errors import SourceError

_KNOWN = (
    "264 265 3g2 3gp amv asf av1 avi dav divx dv dvr dvr-ms evo f4v flv gxf h264 h265 hevc ismv "
    "ivf m1v m2p m2t m2ts m2v m4v mjpeg mjpg mjp2 mkv mod mov mp4 mpe mpeg mpg mpv mts mxf nsv nut "
    "obu ogm ogv ogx qt rm rmvb roq seq tod tp trp ts vid viv vob webm wmv wtv xvid y4m"
)
SUFFIXES = frozenset(f".{suffix}" for suffix in _KNOWN.split())
"""What files in folders are taken for videos; one that is named itself is always tried."""


@dataclass(frozen=True)
class FoundVideo:
    """A video file.

    Parameters
    ----------
    path
        Absolute path, links kept.
    camera
        The nearest folder, up to the one that was given, whose name is no day or time
        (`camera_of`); None where there is none, or where the file was named itself.
    """

    path: Path
    camera: str | None


@dataclass(frozen=True)
class FoundVideos:
    """What lies below what was given.

    Parameters
    ----------
    videos
        In natural order of their paths.
    failures
        Rows of the table "failures": what can't be taken, and why.
    """

    videos: list[FoundVideo] = field(default_factory=list)
    failures: list[dict[str, object]] = field(default_factory=list)


def find_videos(given: Sequence[Path]) -> FoundVideos:
    """Find the video files in folders, at any depth, and take the files that are named.

    Hidden files and folders are passed over. A file that two links lead to is taken once.
    """
    found = FoundVideos()
    cameras: dict[Path, str | None] = {}
    for path in map(absolute, given):
        if path.is_dir():
            failed, empty = len(found.failures), True
            for video in _walk(path, found.failures):
                cameras[video] = cameras.get(video) or camera_of(video, path)
                empty = False
            if empty and len(found.failures) == failed:
                reason = f"{path} holds no video files; name them, or give another folder"
                found.failures.append(failure(path, SourceError(reason)))
        else:
            cameras.setdefault(path, None)
    _take_once(cameras, found)
    return found


def absolute(path: Path) -> Path:
    """Return an absolute path without dots, links kept."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def natural(path: Path) -> list[tuple[int, int, str]]:
    """Return what to sort paths by, so that part 10 comes after part 9."""
    parts = re.split(r"([0-9]+)", str(path))
    return [
        (0, int(part), part) if part.isdecimal() and part.isascii() else (1, 0, part)
        for part in parts
        if part
    ]


def _walk(folder: Path, failures: list[dict[str, object]]) -> Iterator[Path]:
    """Yield the video files below a folder; a link that leads back up is not followed."""

    def refuse(error: OSError) -> None:
        reason = f"{error.filename} can't be read ({error.strerror}); give yourself the right to"
        failures.append(failure(str(error.filename), SourceError(reason)))

    seen = {_inode(folder)}
    for top, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        kept = []
        for name in sorted(folders):
            try:
                inode = _inode(Path(top, name))
            except OSError as error:  # it may be listed, but not entered
                refuse(error)
                continue
            if not name.startswith(".") and inode not in seen:
                seen.add(inode)
                kept.append(name)
        folders[:] = kept
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(top, name)


def _inode(path: Path) -> tuple[int, int]:
    """Return what tells a file or folder from all others, by whatever path it is reached."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _take_once(cameras: dict[Path, str | None], found: FoundVideos) -> None:
    """Take the paths whose files differ; the others join the failures."""
    first: dict[tuple[int, int], Path] = {}
    for path in sorted(cameras, key=natural):
        try:
            str(path).encode()
            inode = _inode(path)
        except UnicodeEncodeError:
            shown = str(path).encode(errors="backslashreplace").decode()
            reason = f"the name {shown} is no UTF-8; rename the file"
            found.failures.append(failure(shown, SourceError(reason)))
            continue
        except OSError as error:
            reason = f"{path} is not there ({error.strerror}); check the path"
            found.failures.append(failure(path, SourceError(reason)))
            continue
        twin = first.setdefault(inode, path)
        if twin != path:
            reason = f"{path} is the same file as {twin}, by a link; give it once"
            found.failures.append(failure(path, SourceError(reason)))
            continue
        found.videos.append(FoundVideo(path, cameras[path]))
