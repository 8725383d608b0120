"""Found segments matched with the true ones, once for all resamples of subjects.

S subjects, C classes, K thresholds of tIoU, P predictions.

Segments are matched within a video, so that a video that is drawn twice brings the same hits twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rodepil.errors import AnnotationError
from rodepil.io import tables
from rodepil.scoring import video_key
from rodepil.scoring.matching import Spans, hits
from rodepil.statistics.scored import Bools, Floats, Ints


@dataclass(frozen=True)
class Unit:
    """Who is drawn again with a video, and the fold in which it was tested."""

    subject_id: str
    fold: int


@dataclass(frozen=True)
class Side:
    """Segments as columns: names of videos, places of labels, seconds, scores, (N,) each."""

    videos: tuple[str, ...]
    label: Ints
    start_s: Floats
    end_s: Floats
    scores: Floats

    @classmethod
    def of(cls, events: pa.Table, classes: Sequence[str]) -> Side:
        """Take the columns of a table ``events``."""
        columns = tables.check("events", events).to_pydict()
        beyond = sorted(set(columns["label"]) - set(classes))
        if beyond:
            raise AnnotationError(
                f"labels {beyond} are none of the classes {list(classes)}; score them too, or take "
                "their segments out first"
            )
        places = {name: at for at, name in enumerate(classes)}
        keys = zip(columns["recording_id"], columns["position"], strict=True)
        return cls(
            tuple(video_key(*key) for key in keys),
            _codes(columns["label"], places),
            *(np.array(columns[name], np.float64) for name in ("start_s", "end_s", "score")),
        )

    def take(self, rows: Ints) -> Side:
        """Return some rows, in the order given."""
        return Side(
            tuple(self.videos[row] for row in rows.tolist()),
            self.label[rows],
            self.start_s[rows],
            self.end_s[rows],
            self.scores[rows],
        )


@dataclass(frozen=True)
class Matched:
    """Predictions by falling score, matched with the truths.

    Parameters
    ----------
    subjects
        S names, each a subject of one fold.
    fold
        (S,) int64.
    classes, thresholds
        C names and K thresholds of tIoU.
    truths
        (S, C) int64, true segments.
    owner, label
        (P,) int64, whose prediction it is and of which class.
    hit
        (P, K) bool.
    """

    subjects: tuple[str, ...]
    fold: Ints
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    truths: Ints
    owner: Ints
    label: Ints
    hit: Bools


def match(
    truths: pa.Table,
    predictions: pa.Table,
    videos: Mapping[str, Unit],
    thresholds: Sequence[float],
    classes: Sequence[str],
) -> Matched:
    """Match the predictions of all tested videos.

    Parameters
    ----------
    truths, predictions
        Tables ``events``; truths of other videos than the tested ones do not count.
    videos
        Every tested video by `rodepil.scoring.video_key`.
    thresholds, classes
        K thresholds in (0, 1], C labels.

    Raises
    ------
    AnnotationError
        A prediction is of a video that was not tested, or a label is none of `classes`.
    """
    true, said = (Side.of(one, classes) for one in (truths, predictions))
    beyond = sorted(set(said.videos) - set(videos))
    if beyond:
        raise AnnotationError(
            f"found segments are of {len(beyond)} videos that were not tested, first "
            f"'{beyond[0]}'; give those of the tested videos alone"
        )
    pairs = sorted({(one.subject_id, one.fold) for one in videos.values()})
    place = {pair: at for at, pair in enumerate(pairs)}
    owners = {key: place[one.subject_id, one.fold] for key, one in videos.items()}
    true = true.take(np.flatnonzero([video in videos for video in true.videos]))
    said = said.take(np.argsort(-said.scores, kind="stable"))
    count = np.zeros((len(pairs), len(classes)), dtype=np.int64)
    np.add.at(count, (_codes(true.videos, owners), true.label), 1)
    names, limits = {name: at for at, name in enumerate(videos)}, np.asarray(thresholds, np.float64)
    one, other = (
        Spans(_codes(side.videos, names) * len(classes) + side.label, side.start_s, side.end_s)
        for side in (true, said)
    )
    return Matched(
        subjects=tuple(subject for subject, _ in pairs),
        fold=np.array([fold for _, fold in pairs], dtype=np.int64),
        classes=tuple(classes),
        thresholds=tuple(limits.tolist()),
        truths=count,
        owner=_codes(said.videos, owners),
        label=said.label,
        hit=hits(one, other, limits),
    )


def _codes(names: Sequence[str], places: Mapping[str, int]) -> Ints:
    """Return the place of each name, (N,)."""
    return np.array([places[name] for name in names], dtype=np.int64)
