"""Mean average precision of predicted segments at thresholds of temporal IoU.

N truths, P predictions, C classes, K thresholds.

The rules are those of ActivityNet's and THUMOS's evaluators; what they leave to chance is settled:

- Predictions of a class are taken over all videos by falling score. Of equal scores, the one that
  was given first comes first (the public code sorts without such an order).
- Each takes the truth of its class and video with the highest tIoU of those that are not taken
  yet, if that tIoU is at least the threshold. Of equal tIoU, the truth that was given first.
- Whatever takes none is a false positive: a second prediction of one truth (a duplicate), one of
  zero length, one in a video without truths of its class.
- AP is the area under the curve of precision over recall, precision made falling from the right
  (all points interpolated, none sampled).
- A class with truths and no predictions has AP 0. A class without truths has none (NaN) and is no
  part of a mean; its predictions are counted in `MeanAveragePrecision.predictions`, so that they
  can be seen. Where no class has a truth, the means are NaN.
- The mean is over classes first, then over thresholds.

References
----------
.. [1] Caba Heilbron, F., Escorcia, V., Ghanem, B. & Niebles, J. C. (2015). ActivityNet: A
   large-scale video benchmark for human activity understanding. CVPR, 961-970.
.. [2] Idrees, H. et al. (2017). The THUMOS challenge on action recognition for videos "in the
   wild". Computer Vision and Image Understanding, 155, 1-23.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rodepil.errors import AnnotationError
from rodepil.scoring.matching import Bools, Spans, hits
from rodepil.scoring.names import Ints, codes_of
from rodepil.scoring.segments import Floats, Segments

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
"""RaSeformer's thresholds of tIoU."""


@dataclass(frozen=True)
class MeanAveragePrecision:
    """AP by class and threshold.

    Parameters
    ----------
    classes
        C names, in the order asked for, else by name.
    thresholds
        K thresholds of tIoU.
    ap
        (C, K) float64 in [0, 1]; NaN for a class without truths.
    truths, predictions
        (C,) int64, how many there are of each class.
    """

    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    ap: Floats
    truths: Ints
    predictions: Ints

    @property
    def by_threshold(self) -> Floats:
        """Mean over classes with truths, (K,)."""
        there = self.truths > 0
        if not there.any():
            return np.full(len(self.thresholds), np.nan)
        return np.asarray(self.ap[there].mean(axis=0), dtype=np.float64)

    @property
    def by_class(self) -> Floats:
        """Mean over thresholds, (C,)."""
        return np.asarray(self.ap.mean(axis=1), dtype=np.float64)

    @property
    def mean(self) -> float:
        """Mean over classes, then over thresholds."""
        return float(self.by_threshold.mean())

    def rows(self) -> list[dict[str, object]]:
        """Return one row a class and threshold: label, tiou, ap, truths, predictions."""
        return [
            {
                "label": name, "tiou": threshold, "ap": float(self.ap[row, column]),
                "truths": int(self.truths[row]), "predictions": int(self.predictions[row]),
            }
            for row, name in enumerate(self.classes)
            for column, threshold in enumerate(self.thresholds)
        ]  # fmt: skip


def mean_average_precision(
    truths: Segments | pa.Table,
    predictions: Segments | pa.Table,
    thresholds: Sequence[float] = THRESHOLDS,
    classes: Sequence[str] | None = None,
) -> MeanAveragePrecision:
    """Return AP of every class at every threshold.

    Parameters
    ----------
    truths
        N true segments, or a table ``events``; their scores do not count.
    predictions
        P predicted segments, or a table ``events``.
    thresholds
        K thresholds of tIoU in (0, 1], in any order.
    classes
        What to score; without, every label of either side. With, a label outside is an error.

    Raises
    ------
    TableError
        A table is none of events.
    AnnotationError
        A true segment has zero length, a number is not finite, an end lies before its start, or
        a label is none of `classes`.
    ValueError
        There is no threshold, or one outside (0, 1].
    """
    limits = _limits(thresholds)
    true, said = (
        one if isinstance(one, Segments) else Segments.of_events(one)
        for one in (truths, predictions)
    )
    _check_lengths(true)
    names, true_label, said_label = codes_of(true.labels, said.labels)
    asked = tuple(names if classes is None else classes)
    _check_classes(names, asked)
    order = np.argsort(-said.scores, kind="stable")
    videos, true_video, said_video = codes_of(true.videos, said.videos)
    hit = hits(
        _spans(true, true_label * len(videos) + true_video, np.arange(len(true))),
        _spans(said, said_label * len(videos) + said_video, order),
        limits,
    )
    by_label = np.argsort(said_label[order], kind="stable")
    hit, ends = hit[by_label], np.cumsum(np.bincount(said_label, minlength=len(names) + 1))
    place = {name: code for code, name in enumerate(names)}
    codes = np.array([place.get(name, -1) for name in asked], dtype=np.int64)
    wanted = (true_label == codes[:, None]).sum(axis=1, dtype=np.int64)
    given = (said_label == codes[:, None]).sum(axis=1, dtype=np.int64)
    ap = np.empty((len(asked), len(limits)))
    for row, code in enumerate(codes.tolist()):
        ap[row] = average_precision(hit[ends[code] - given[row] : ends[code]], int(wanted[row]))
    return MeanAveragePrecision(asked, tuple(limits.tolist()), ap, wanted, given)


def average_precision(hit: Bools, truths: int) -> Floats:
    """Return the area under precision over recall at each threshold.

    Parameters
    ----------
    hit
        (P, K) bool: which predictions of a class, by falling score, are true positives.
    truths
        True segments of the class.

    Returns
    -------
    ndarray
        (K,) float64 in [0, 1], or NaN without truths.
    """
    if not truths:
        return np.full(hit.shape[1], np.nan)
    right = np.cumsum(hit, axis=0)
    precision = right / np.arange(1, len(hit) + 1)[:, None]
    falling = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    return np.asarray((falling * hit).sum(axis=0) / truths, dtype=np.float64)


def _spans(side: Segments, group: Ints, order: Ints) -> Spans:
    return Spans(group[order], side.start_s[order], side.end_s[order])


def _limits(thresholds: Sequence[float]) -> Floats:
    limits = np.asarray(thresholds, dtype=np.float64)
    if limits.ndim != 1 or not limits.size or not ((limits > 0) & (limits <= 1)).all():
        raise ValueError(f"thresholds of tIoU are {thresholds}; give one or more in (0, 1]")
    return limits


def _check_lengths(true: Segments) -> None:
    empty = np.flatnonzero(true.end_s <= true.start_s)
    if empty.size:
        row = int(empty[0])
        raise AnnotationError(
            f"{empty.size} true segments have zero length, first '{true.labels[row]}' at "
            f"{true.start_s[row]:g} s of '{true.videos[row]}'; nothing can hit them: mend the "
            "annotations"
        )


def _check_classes(found: Sequence[str], asked: Sequence[str]) -> None:
    beyond = sorted(set(found) - set(asked))
    if beyond:
        raise AnnotationError(
            f"labels {beyond} are none of the classes {list(asked)}; score them too, or take their "
            "segments out first"
        )
    if len(set(asked)) != len(asked):
        raise ValueError(f"classes {list(asked)} name one twice; name each once")
