"""Segments of videos as arrays: true ones, or predicted ones with their scores.

N segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rodepil.data.problems import told
from rodepil.errors import AnnotationError
from rodepil.io import tables
from rodepil.scoring.names import Names, joined

Floats = npt.NDArray[np.float64]

BETWEEN = "/"


def video_key(recording_id: str, position: int) -> str:
    """Return the name of what one camera shows of one animal: a cage of a recording."""
    return f"{recording_id}{BETWEEN}{position}"


@dataclass(frozen=True)
class Segments:
    """Segments, one a place in every array.

    Parameters
    ----------
    videos, labels
        N names: whose segment it is, and of which class.
    start_s, end_s
        (N,) float64, finite seconds, the end not before the start.
    scores
        (N,) float64, finite; the higher, the surer. 1 for true segments.
    """

    videos: Names
    labels: Names
    start_s: Floats
    end_s: Floats
    scores: Floats

    def __len__(self) -> int:
        """N."""
        return len(self.videos)

    @classmethod
    def of(
        cls,
        videos: Sequence[str] | npt.NDArray[np.str_] | pa.ChunkedArray,
        labels: Sequence[str] | npt.NDArray[np.str_] | pa.ChunkedArray,
        start_s: Sequence[float] | Floats,
        end_s: Sequence[float] | Floats,
        scores: Sequence[float] | Floats | None = None,
    ) -> Segments:
        """Make checked segments of arrays or sequences of one length.

        Parameters
        ----------
        videos, labels, start_s, end_s, scores
            As the class's; without scores all are 1.

        Raises
        ------
        AnnotationError
            Lengths differ, a number is not finite, or an end lies before its start.
        """
        made = cls(
            Names.of(videos),
            Names.of(labels),
            np.asarray(start_s, dtype=np.float64),
            np.asarray(end_s, dtype=np.float64),
            np.asarray(np.ones(len(start_s)) if scores is None else scores, dtype=np.float64),
        )
        _check(made)
        return made

    @classmethod
    def of_events(cls, events: pa.Table) -> Segments:
        """Make segments of a table ``events``; every cage of a recording is a video.

        Raises
        ------
        TableError
            It is no table of events.
        AnnotationError
            As `of`.
        """
        checked = tables.check("events", events)
        times = (checked.column(name).to_numpy() for name in ("start_s", "end_s", "score"))
        videos = joined(checked.column("recording_id"), checked.column("position"), BETWEEN)
        return cls.of(videos, checked.column("label"), *times)


def _check(made: Segments) -> None:
    columns = (made.videos, made.labels, made.start_s, made.end_s, made.scores)
    sizes = {len(column) for column in columns}
    if sizes != {len(made)} or any(column.ndim != 1 for column in columns[2:]):
        raise AnnotationError(
            f"columns of segments have {sorted(sizes)} values; give one value a segment in each"
        )
    whole = np.isfinite(made.start_s) & np.isfinite(made.end_s) & np.isfinite(made.scores)
    bad = np.flatnonzero(~whole | (made.end_s < made.start_s))
    if bad.size:
        raise AnnotationError(
            told([_named(made, row) for row in bad.tolist()],
                 "Times and scores must be finite and an end not before its start; mend these rows")
        )  # fmt: skip


def _named(made: Segments, row: int) -> str:
    return (
        f"segment {row + 1} ('{made.labels[row]}' {made.start_s[row]:g}-{made.end_s[row]:g} s of "
        f"'{made.videos[row]}', score {made.scores[row]:g})"
    )
