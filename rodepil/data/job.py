"""A recording to curate: everything that its clips depend on, in one object that pickles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rodepil.cluster import cpu_count
from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.data.stretch import TABLE_REMEDY, Film, Stretch
from rodepil.errors import VideoError
from rodepil.io.files import sha256_file, short_hash

VERSION = 4
"""Raised when curation makes other clips of the same input."""

PARTS = ".parts"
"""The folder in the clips' folder where what is done is noted."""


@dataclass(frozen=True)
class Job:
    """One recording to curate.

    Parameters
    ----------
    stretch
        The recording, and the files that go on where it ends.
    cages
        Its cages, each with its annotated seizures in the session's time.
    settings
        How clips are made.
    clips_folder
        Where they go.
    side_by_side
        How many recordings are worked on at once, at most.
    """

    stretch: Stretch
    cages: tuple[tuple[Cage, tuple[Annotation, ...]], ...]
    settings: CurateSettings
    clips_folder: Path
    side_by_side: int

    @property
    def recording(self) -> Recording:
        """The recording's row."""
        return self.stretch.film.recording

    @property
    def path(self) -> Path:
        """Its video."""
        return self.stretch.film.path

    @property
    def threads(self) -> int:
        """Threads that decode, and as many that encode: this machine's share of one recording."""
        return max(1, cpu_count() // self.side_by_side)

    @property
    def part(self) -> Path:
        """The recording's part of the manifest; its name holds all that the part depends on."""
        cages = [[repr(cage), [repr(row) for row in seizures]] for cage, seizures in self.cages]
        films = [_key(film) for film in self.stretch.films]
        breaks_off = None if self.stretch.ends_session else str(self.stretch.next_s)
        key = short_hash(
            VERSION, films, breaks_off, cages, self.settings.model_dump(exclude={"allow_failures"})
        )
        return self.clips_folder / PARTS / f"{self.recording.recording_id}-{key}.parquet"

    @property
    def open_part(self) -> Path:
        """Where windows are noted while the part is not whole."""
        return self.part.with_suffix(".jsonl")


def _key(film: Film) -> list[object]:
    """Return what clips depend on of a recording; where it lies is none of it."""
    row = film.recording
    named = [row.recording_id, row.date, row.name_id, str(film.begin_s)]
    return [*named, row.sha256, row.fps, row.n_frames, row.width_px, row.height_px]


def check_content(film: Film) -> None:
    """Check that the file is the one of the recordings table.

    Raises
    ------
    VideoError
        It is missing or holds something else.
    """
    if not film.path.is_file():
        raise VideoError(f"{film.path} is not there; {TABLE_REMEDY}")
    sha256 = sha256_file(film.path)
    if sha256 != film.recording.sha256:
        raise VideoError(
            f"{film.path} is not the video of the recordings table: its sha256 is {sha256}, the "
            f"table's is {film.recording.sha256}; {TABLE_REMEDY}"
        )
