"""What is known of one video file: what decodes of it, and the digest of its bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from pathlib import Path

from rodepil.errors import SourceError, VideoError
from rodepil.io.files import sha256_file
from rodepil.io.video import VideoInfo, probe

VERSION = 2
"""Raised when probing finds other facts of the same file."""

_UNEVEN = 1.5
"""The longest step between frames over the shortest, from which a rate is called variable."""


@dataclass(frozen=True)
class Stamp:
    """Which file, and which state of it: what its facts are noted under.

    Parameters
    ----------
    path
        Absolute path.
    size
        Bytes.
    mtime_ns
        Nanoseconds of its last change.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Facts:
    """What probing finds of a file; plain values, so that they go to JSON and back.

    Most fields are columns of the recordings table. ``shortest_step_s`` and ``longest_step_s`` lie
    between a frame and the next; ``created`` is when the container says that it was recorded.
    """

    path: str
    sha256: str
    size_bytes: int
    fps: str
    n_frames: int
    duration_s: float
    width_px: int
    height_px: int
    codec: str
    container: str
    declared_fps: str | None
    declared_frames: int | None
    start_s: float
    rotation_deg: int
    first_is_key: bool
    damaged_packets: int
    shortest_step_s: float
    longest_step_s: float
    created: str | None

    @property
    def columns(self) -> dict[str, object]:
        """The columns of the recordings table that the file itself gives; no path, no names."""
        left_out = ("path", "shortest_step_s", "longest_step_s", "created")
        return {key: value for key, value in asdict(self).items() if key not in left_out}

    @property
    def variable_rate(self) -> bool:
        """Whether frames do not stand in even steps."""
        return self.longest_step_s > _UNEVEN * self.shortest_step_s

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Facts:
        """Return the facts that `asdict` made plain.

        Raises
        ------
        TypeError
            A field is missing or unknown.
        """
        return cls(**value)  # type: ignore[arg-type]  # unknown keys raise, as documented


def stamp_of(path: Path) -> Stamp:
    """Return which state of a file stands at `path`.

    Raises
    ------
    SourceError
        There is none, it is no file, or it can't be read.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise SourceError(f"{path} is not there ({error.strerror}); check the path") from error
    if not path.is_file():
        raise SourceError(f"{path} is no file; give video files, or folders that hold them")
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path} can't be read; give yourself the right to (chmod u+r)")
    return Stamp(os.path.abspath(path), found.st_size, found.st_mtime_ns)  # noqa: PTH100 - links stay


def probe_file(
    stamp: Stamp, *, threads: int = 0, far: Callable[[Fraction], None] | None = None
) -> Facts:
    """Decode a whole file once, and take its digest.

    Parameters
    ----------
    stamp
        The file as it was when it was found.
    threads
        Threads that decode; 0 leaves it to FFmpeg.
    far
        Is told the time of every frame, to show how far the probe is.

    Raises
    ------
    VideoError
        It is empty, damaged throughout, or no video.
    SourceError
        It changed meanwhile (a camera still writes it), or the disk failed.
    """
    path = Path(stamp.path)
    try:
        info = probe(path, threads=threads, far=far)
    except VideoError as error:
        if isinstance(error.__cause__, OSError):  # of the disk or the network, not of the video
            raise SourceError(str(error)) from error
        raise
    sha256 = sha256_file(path)
    if stamp_of(path) != stamp:
        raise SourceError(
            f"{path} changed while it was read; import it again when the camera has finished it"
        )
    return _facts(stamp, info, sha256)


def _facts(stamp: Stamp, info: VideoInfo, sha256: str) -> Facts:
    own = {field.name for field in fields(Facts)} & {field.name for field in fields(VideoInfo)}
    values = {name: getattr(info, name) for name in own}
    values["fps"] = str(info.fps)
    values["declared_fps"] = None if info.declared_fps is None else str(info.declared_fps)
    return Facts(path=stamp.path, sha256=sha256, size_bytes=stamp.size, **values)
