"""A recording to curate: everything that its clips depend on, in one object that pickles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.errors import VideoError
from rodepil.io.files import sha256_file, short_hash
from rodepil.io.video import DecodedFrame

VERSION = 1
"""Raised when curation makes other clips of the same input."""

PARTS = ".parts"
"""The folder in the clips' folder where what is done is noted."""

TABLE_REMEDY = "put the right file there, or make the recordings table again from the files"


@dataclass(frozen=True)
class Job:
    """One recording to curate.

    Parameters
    ----------
    recording
        Its row.
    path
        Its video.
    cages
        Its cages, each with its annotated seizures.
    settings
        How clips are made.
    clips_folder
        Where they go.
    threads
        Threads that decode, and as many that encode.
    """

    recording: Recording
    path: Path
    cages: tuple[tuple[Cage, tuple[Annotation, ...]], ...]
    settings: CurateSettings
    clips_folder: Path
    threads: int

    @property
    def part(self) -> Path:
        """The recording's part of the manifest; its name holds all that the part depends on."""
        cages = [[repr(cage), [repr(row) for row in seizures]] for cage, seizures in self.cages]
        key = short_hash(VERSION, repr(self.recording), cages, self.settings.model_dump())
        return self.clips_folder / PARTS / f"{self.recording.recording_id}-{key}.parquet"


def check_content(job: Job) -> None:
    """Check that the file is the one of the recordings table.

    Raises
    ------
    VideoError
        It is missing or holds something else.
    """
    if not job.path.is_file():
        raise VideoError(f"{job.path} is not there; {TABLE_REMEDY}")
    sha256 = sha256_file(job.path)
    if sha256 != job.recording.sha256:
        raise VideoError(
            f"{job.path} is not the video of the recordings table: its sha256 is {sha256}, the "
            f"table's is {job.recording.sha256}; {TABLE_REMEDY}"
        )


def check_frames(frames: Iterable[DecodedFrame], job: Job) -> Iterator[DecodedFrame]:
    """Pass frames on, holding their size and number to what the recordings table says.

    Raises
    ------
    VideoError
        They differ.
    """
    wanted, count = job.recording, 0
    for count, frame in enumerate(frames, start=1):  # noqa: B007 - counted for the check below
        if frame.size_px != (wanted.width_px, wanted.height_px):
            raise VideoError(
                f"{job.path} shows {frame.size_px} px, the recordings table says "
                f"{(wanted.width_px, wanted.height_px)}; {TABLE_REMEDY}"
            )
        yield frame
    if count != wanted.n_frames:
        raise VideoError(
            f"{job.path} decodes to {count} frames, the recordings table says "
            f"{wanted.n_frames}; {TABLE_REMEDY}"
        )
