"""Which predicted segments hit a true one, at every threshold at once.

N truths, P predictions, K thresholds, L pairs of a prediction and a truth of its class and video.

Predictions choose in order of their scores: each takes, of the truths that no better prediction
took, the one of highest tIoU, if that reaches the threshold. Whoever has the same order at every
truth may as well choose all at once: every prediction asks its best truth, a truth keeps the best
that asked, and the others ask their next one. That ends with the same matches, for the stable
matching is unique where all truths rank the predictions alike, and it takes few rounds of arrays
in place of a loop over predictions.

References
----------
.. [1] Gale, D. & Shapley, L. S. (1962). College admissions and the stability of marriage. The
   American Mathematical Monthly, 69(1), 9-15.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rodepil.detect.scoring.segments import Floats, Ints

PAIRS_AT_ONCE = 1 << 21
"""Pairs whose tIoU is computed in one go, which bounds the memory."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spans:
    """Intervals in groups; only those of one group can meet.

    Parameters
    ----------
    group
        (N,) int64, at least 0.
    start_s, end_s
        (N,) float64 seconds.
    """

    group: Ints
    start_s: Floats
    end_s: Floats


@dataclass(frozen=True)
class Pairs:
    """Pairs of a prediction and a truth, (L,) each, by prediction and then the best first.

    Of equal tIoU, the truth that was given first comes first.
    """

    prediction: Ints
    truth: Ints
    tiou: Floats


def tiou(start: Floats, end: Floats, other_start: Floats, other_end: Floats) -> Floats:
    """Return intersection over union of intervals in seconds, in [0, 1]; 0 for two points."""
    shared = np.clip(np.minimum(end, other_end) - np.maximum(start, other_start), 0, None)
    union = (end - start) + (other_end - other_start) - shared
    found: Floats = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return found


def hits(truths: Spans, predictions: Spans, thresholds: Floats) -> Bools:
    """Return which predictions hit a truth.

    Parameters
    ----------
    truths
        N spans.
    predictions
        P spans, in the order in which they choose.
    thresholds
        (K,) float64 in (0, 1]; a tIoU equal to one reaches it.

    Returns
    -------
    ndarray
        (P, K) bool. A truth is hit at most once at each threshold.
    """
    pairs = _pairs(truths, predictions, float(thresholds.min()))
    found = np.zeros((len(predictions.group), len(thresholds)), dtype=np.bool_)
    for place, threshold in enumerate(thresholds.tolist()):
        enough = pairs.tiou >= threshold
        kept = Pairs(pairs.prediction[enough], pairs.truth[enough], pairs.tiou[enough])
        found[:, place] = _choose(kept, len(truths.group), len(predictions.group))
    return found


def _choose(pairs: Pairs, truths: int, predictions: int) -> Bools:
    """Let predictions 0 to P - 1 choose in that order, and return who got a truth, (P,)."""
    asked = np.searchsorted(pairs.prediction, np.arange(predictions + 1))
    ends = asked[1:]
    asks = asked[:-1].copy()
    holder = np.full(truths, predictions, dtype=np.int64)
    free = np.flatnonzero(asks < ends)
    while free.size:
        wanted = pairs.truth[asks[free]]
        before = holder[wanted]
        np.minimum.at(holder, wanted, free)
        refused = np.concatenate([free, before[before < predictions]])
        refused = np.unique(refused[holder[pairs.truth[asks[refused]]] != refused])
        asks[refused] += 1
        free = refused[asks[refused] < ends[refused]]
    got = np.zeros(predictions, dtype=np.bool_)
    got[holder[holder < predictions]] = True
    return got


def _pairs(truths: Spans, predictions: Spans, least: float) -> Pairs:
    """Return all pairs of one group whose tIoU is at least `least`."""
    order = np.argsort(truths.group, kind="stable")
    groups = truths.group[order]
    first = np.searchsorted(groups, predictions.group, side="left")
    counts = np.searchsorted(groups, predictions.group, side="right") - first
    parts = []
    for part in _parts(counts):
        who, place = _expanded(first, counts, part)
        parts.append(_near(truths, predictions, who, order[place], least))
    made = Pairs(
        np.concatenate([part.prediction for part in parts]),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.tiou for part in parts]),
    )
    best = np.lexsort((made.truth, -made.tiou, made.prediction))
    return Pairs(made.prediction[best], made.truth[best], made.tiou[best])


def _parts(counts: Ints) -> Iterator[slice]:
    """Yield runs of predictions, each with few enough pairs; at least one, which may be empty."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts) or not start:
        before = int(total[start - 1]) if start else 0
        stop = int(np.searchsorted(total, before + PAIRS_AT_ONCE, side="right"))
        stop = max(stop, start + 1)
        yield slice(start, stop)
        start = stop


def _expanded(first: Ints, counts: Ints, part: slice) -> tuple[Ints, Ints]:
    """Return for each pair of a run its prediction, and its truth's place among the sorted."""
    some = counts[part]
    who = np.repeat(np.arange(len(counts))[part], some)
    within = np.arange(len(who)) - np.repeat(np.cumsum(some) - some, some)
    return who, np.repeat(first[part], some) + within


def _near(truths: Spans, predictions: Spans, who: Ints, whom: Ints, least: float) -> Pairs:
    """Return the pairs whose tIoU is at least `least`, in no order."""
    overlap = tiou(
        predictions.start_s[who], predictions.end_s[who], truths.start_s[whom], truths.end_s[whom]
    )
    kept = overlap >= least
    return Pairs(who[kept], whom[kept], overlap[kept])
