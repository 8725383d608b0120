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

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]


def video_key(recording_id: str, position: int) -> str:
    """Return the name of what one camera shows of one animal: a cage of a recording."""
    return f"{recording_id}/{position}"


@dataclass(frozen=True)
class Segments:
    """Segments, one a place in every array.

    Parameters
    ----------
    videos, labels
        (N,) strings: whose segment it is, and of which class.
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
        videos: Sequence[str] | Names,
        labels: Sequence[str] | Names,
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
            np.asarray(videos, dtype=np.str_),
            np.asarray(labels, dtype=np.str_),
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
        columns = tables.check("events", events).to_pydict()
        pairs = zip(columns["recording_id"], columns["position"], strict=True)
        return cls.of(
            [video_key(*pair) for pair in pairs],
            columns["label"], columns["start_s"], columns["end_s"], columns["score"],
        )  # fmt: skip


def codes_of(one: Names, other: Names) -> tuple[Names, Ints, Ints]:
    """Return the names of both in order, and the place of each one's names among them."""
    names, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    codes = codes.astype(np.int64)
    return names, codes[: len(one)], codes[len(one) :]


def _check(made: Segments) -> None:
    columns = (made.videos, made.labels, made.start_s, made.end_s, made.scores)
    shapes = {column.shape for column in columns}
    if shapes != {(len(made),)}:
        raise AnnotationError(
            f"columns of segments have shapes {sorted(shapes)}; give one value a segment in each"
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
