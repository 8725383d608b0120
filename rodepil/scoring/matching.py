"""Which predicted segments hit a true one, at every threshold at once.

N truths, P predictions, K thresholds, L pairs of a prediction and a truth of its class and video.

Predictions choose in order of their scores: each takes, of the truths that no better prediction
took, the one of highest tIoU, if that reaches the threshold. Since all truths rank the predictions
alike, many may as well choose at once: every prediction asks its best truth, a truth keeps the best
that asked, and the others ask their next one. That ends with the same matches, for the stable
matching is unique then, and it takes few rounds of arrays in place of a loop over predictions. The
best of each group go first, for what they took need not be looked at by the others.

References
----------
.. [1] Gale, D. & Shapley, L. S. (1962). College admissions and the stability of marriage. The
   American Mathematical Monthly, 69(1), 9-15.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rodepil.scoring.names import Ints
from rodepil.scoring.segments import Floats

TURN = 64
"""So many predictions of each group choose at once, which bounds the memory too: there are at most
so many pairs for each truth."""

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

    def where(self, kept: Bools) -> Pairs:
        """Return some of the pairs, in the same order."""
        return Pairs(self.prediction[kept], self.truth[kept], self.tiou[kept])


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
    found = np.zeros((len(predictions.group), len(thresholds)), dtype=np.bool_)
    free = np.ones((len(truths.group), len(thresholds)), dtype=np.bool_)
    order = np.argsort(truths.group, kind="stable")
    least = float(thresholds.min())
    for who in _turns(predictions.group):
        order = order[free[order].any(axis=1)]
        pairs = _pairs(truths, order, predictions, who, least)
        for place, threshold in enumerate(thresholds.tolist()):
            kept = (pairs.tiou >= threshold) & free[pairs.truth, place]
            winners, taken = _choose(pairs.where(kept), len(truths.group), len(who))
            found[who[winners], place] = True
            free[taken, place] = False
    return found


def _turns(group: Ints) -> list[Ints]:
    """Return the predictions of each turn, in the order in which they choose."""
    sizes = np.bincount(group)
    if sizes.max(initial=0) <= TURN:
        return [np.arange(len(group))]
    order = np.argsort(group, kind="stable")
    runs = group[order]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(runs, runs)
    turn = rank // TURN
    return np.split(np.argsort(turn, kind="stable"), np.cumsum(np.bincount(turn))[:-1])


def _choose(pairs: Pairs, truths: int, predictions: int) -> tuple[Ints, Ints]:
    """Let predictions 0 to P - 1 choose in that order; return who got what."""
    counts = np.bincount(pairs.prediction, minlength=predictions)
    ends = np.cumsum(counts)
    asks = ends - counts
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
    taken = np.flatnonzero(holder < predictions)
    return holder[taken], taken


def _pairs(truths: Spans, order: Ints, predictions: Spans, who: Ints, least: float) -> Pairs:
    """Return the pairs of one group whose tIoU is at least `least`.

    Parameters
    ----------
    order
        The truths that are looked at, by group.
    who
        The predictions that choose; pairs name their places among these.
    """
    wanted = predictions.group[who]
    sizes = np.bincount(truths.group[order], minlength=int(wanted.max(initial=0)) + 1)
    counts = sizes[wanted]
    first = (np.cumsum(sizes) - sizes)[wanted]
    chooser = np.repeat(np.arange(len(who)), counts)
    within = np.arange(len(chooser)) - np.repeat(np.cumsum(counts) - counts, counts)
    one, other = who[chooser], order[np.repeat(first, counts) + within]
    overlap = tiou(
        predictions.start_s[one], predictions.end_s[one], truths.start_s[other], truths.end_s[other]
    )
    near = Pairs(chooser, other, overlap).where(overlap >= least)
    best = np.lexsort((-near.tiou, near.prediction))  # stable: truths stay in order
    return Pairs(near.prediction[best], near.truth[best], near.tiou[best])
