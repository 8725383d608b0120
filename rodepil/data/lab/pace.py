"""How far files are while they are probed: noted in small files, whichever process reads them.

Hours are those that headers tell, for no others are known before. A header that tells none, or
cannot be true, is put right by the size of the file.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from rodepil.data.lab.facts import Stamp
from rodepil.errors import VideoError
from rodepil.io.declared import read_declared
from rodepil.io.files import short_hash
from rodepil.io.progress import Advance, every
from rodepil.io.units import S_PER_H

NOTED = "probing"
"""The folder beside the journal where it is noted how far each file is."""

NOTE_EVERY_S = 0.5
LOOK_EVERY_S = 1.0
USUAL_BYTES_PER_S = 250_000
"""Of a camera (2 Mbit/s): stands in where no header tells a duration."""

FEWEST_BYTES_PER_S = 100
"""A header that tells so long a duration for so small a file is not believed."""

_HEADERS_AT_ONCE = 8


class Far:
    """Notes how far one file is; a note that can't be written is no reason to stop.

    Parameters
    ----------
    path
        The small file that holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next_s = 0.0

    def __call__(self, time_s: Fraction) -> None:
        """Note the time of a frame, now and then."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + NOTE_EVERY_S
            with suppress(OSError):
                self._path.write_text(f"{float(time_s):.3f}\n", encoding="ascii")


class Pace:
    """Tells `advance` how many hours of video are probed.

    Parameters
    ----------
    hours
        Of every file, as `hours_of` tells them.
    folder
        Where the notes lie.
    advance
        Is told hours as they are done.
    """

    def __init__(self, hours: Mapping[Stamp, float], folder: Path, advance: Advance) -> None:
        self._hours, self._folder, self._advance = hours, folder, advance
        self._told = dict.fromkeys(hours, 0.0)
        self._lock = threading.Lock()

    def look(self) -> None:
        """Count what was noted since the last look; all of a file only when it ended."""
        with self._lock:
            for stamp in self._told:
                with suppress(OSError, ValueError):  # not begun, or half-written
                    noted_s = float(note_of(self._folder, stamp).read_text(encoding="ascii"))
                    self._tell(stamp, min(noted_s / S_PER_H, self._hours[stamp]))

    def end(self, stamp: Stamp) -> None:
        """Take a file as done, whatever became of it."""
        with self._lock:
            self._tell(stamp, self._hours[stamp])
            del self._told[stamp]
            note_of(self._folder, stamp).unlink(missing_ok=True)

    def _tell(self, stamp: Stamp, hours: float) -> None:
        if hours > self._told[stamp]:
            self._advance(hours - self._told[stamp])
            self._told[stamp] = hours


def note_of(folder: Path, stamp: Stamp) -> Path:
    """Return the small file that holds how far a file is."""
    return folder / short_hash(stamp.path)


def hours_of(stamps: Sequence[Stamp]) -> dict[Stamp, float]:
    """Return the hours of video that headers tell, and where one does not, that sizes suggest."""
    with ThreadPoolExecutor(_HEADERS_AT_ONCE) as readers:
        told = dict(zip(stamps, readers.map(_declared_s, stamps), strict=True))
    known = {stamp: lasts_s for stamp, lasts_s in told.items() if lasts_s is not None}
    rate = sum(stamp.size for stamp in known) / sum(known.values()) if known else USUAL_BYTES_PER_S
    return {stamp: known.get(stamp, stamp.size / rate) / S_PER_H for stamp in stamps}


@contextmanager
def pacing(
    hours: Mapping[Stamp, float], folder: Path | None, advance: Advance
) -> Iterator[tuple[Pace, Path]]:
    """Yield a pace that looks by itself, now and then, and the folder where notes go.

    Parameters
    ----------
    hours, advance
        As for `Pace`.
    folder
        The journal's; None takes one that is gone afterwards.
    """
    with _emptied(folder) as notes:
        pace = Pace(hours, notes, advance)
        with every(LOOK_EVERY_S, pace.look):
            yield pace, notes


@contextmanager
def _emptied(folder: Path | None) -> Iterator[Path]:
    """Yield an empty folder for notes, gone afterwards; a killed import may have left some."""
    if folder is None:
        with TemporaryDirectory() as made:
            yield Path(made)
        return
    notes = folder / NOTED
    shutil.rmtree(notes, ignore_errors=True)
    notes.mkdir(parents=True, exist_ok=True)
    try:
        yield notes
    finally:
        shutil.rmtree(notes, ignore_errors=True)


def _declared_s(stamp: Stamp) -> float | None:
    """Return how long a file lasts by its header; None where that is unknown or incredible."""
    try:
        lasts_s = read_declared(Path(stamp.path)).duration_s
    except VideoError:
        return None  # the probe says why
    if lasts_s is None or not 0 < lasts_s <= stamp.size / FEWEST_BYTES_PER_S:
        return None
    return lasts_s
