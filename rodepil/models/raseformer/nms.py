"""Soft-NMS within each class, and boundaries by vote; all classes at once, in plain torch.

Shapes: N candidates, K classes, M candidates of the class that has most, P segments kept.

References
----------
Bodla et al.: Soft-NMS: Improving Object Detection With One Line of Code. ICCV 2017,
arXiv:1704.04503.
Gidaris, Komodakis: Object Detection via a Multi-Region and Semantic Segmentation-Aware CNN Model.
ICCV 2015 (box voting), arXiv:1505.01749.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rodepil.config.raseformer import SegmentSettings

EPS = 1e-12


@dataclass(frozen=True)
class Found:
    """Segments of a clip, best first.

    Attributes
    ----------
    segments
        (P, 2) float, start and end.
    scores
        (P,) float, range [0, 1].
    labels
        (P,) int64.
    """

    segments: Tensor
    scores: Tensor
    labels: Tensor

    def __getitem__(self, which: Tensor) -> Found:
        """Return those at the indices, or under the mask, `which`."""
        return Found(self.segments[which], self.scores[which], self.labels[which])

    def __len__(self) -> int:
        return len(self.scores)


def tiou(one: Tensor, other: Tensor) -> Tensor:
    """Return the temporal IoU (...) of segments (..., 2) and (..., 2), which broadcast."""
    start = torch.maximum(one[..., 0], other[..., 0])
    inner = (torch.minimum(one[..., 1], other[..., 1]) - start).clamp(min=0)
    union = (one[..., 1] - one[..., 0]) + (other[..., 1] - other[..., 0]) - inner
    return inner / union.clamp(min=EPS)


@torch.no_grad()
def suppress(candidates: Found, settings: SegmentSettings) -> Found:
    """Keep the best segments of each class, and let their neighbours vote on the boundaries.

    Parameters
    ----------
    candidates
        In any order.
    settings
        sigma, the least score, voting, and how many segments at most.

    Returns
    -------
    Found
        Best first; among equal scores the class with the lower number, then the earlier candidate.
    """
    if not len(candidates):
        return candidates
    kept = soft_nms(candidates, settings)
    best = torch.sort(kept.scores, descending=True, stable=True).indices
    kept = kept[best[: settings.segments]]  # votes change no score: what goes need not have them
    return kept if settings.voting is None else vote(kept, candidates, settings.voting)


@torch.no_grad()
def soft_nms(candidates: Found, settings: SegmentSettings) -> Found:
    """Take the best segment of a class, lower its neighbours' scores by their tIoU, and go on.

    A score is multiplied by ``exp(-tIoU^2 / sigma)`` for each segment taken; one below
    ``score_min`` is left. No class gives more than ``segments``, as no more are kept in the end
    and what is taken comes in falling order.

    Parameters
    ----------
    candidates
        In any order; among equal scores the first is taken.
    settings
        sigma, score_min and segments.

    Returns
    -------
    Found
        Class by class, each best first.
    """
    segments, scores, classes = _by_class(candidates)
    gone = torch.isinf(scores)
    taken, heights = [], []
    for _ in range(min(settings.segments, scores.shape[1])):
        height, index = scores.max(dim=1)  # (K,); of equal ones the first
        if not bool((height >= settings.score_min).any()):
            break
        taken.append(index)
        heights.append(height)
        own = segments.gather(1, index[:, None, None].expand(-1, 1, 2))
        gone = gone.scatter(1, index[:, None], value=True)
        lower = torch.exp(-(tiou(own, segments) ** 2) / settings.sigma)
        scores = (scores * lower).masked_fill(gone, -torch.inf)
    if not taken:
        return candidates[torch.zeros(0, dtype=torch.int64, device=scores.device)]
    which, height = torch.stack(taken, 1), torch.stack(heights, 1)  # (K, P) each
    lives = height >= settings.score_min
    found = segments.gather(1, which[..., None].expand(-1, -1, 2))
    return Found(found[lives], height[lives], classes[:, None].expand_as(which)[lives])


@torch.no_grad()
def vote(kept: Found, candidates: Found, threshold: float) -> Found:
    """Let candidates of a segment's class and of at least so much tIoU move its boundaries.

    Parameters
    ----------
    kept
        (P) segments, each of which is a candidate as well.
    candidates
        With their first scores, which weigh them.
    threshold
        Least tIoU.

    Returns
    -------
    Found
        `kept` with each segment the mean of its voters.
    """
    near = tiou(kept.segments[:, None], candidates.segments) >= threshold
    same = kept.labels[:, None] == candidates.labels
    weights = (near & same).to(candidates.scores.dtype) * candidates.scores
    weights = weights / weights.sum(dim=1, keepdim=True)
    return Found(weights @ candidates.segments, kept.scores, kept.labels)


def _by_class(candidates: Found) -> tuple[Tensor, Tensor, Tensor]:
    """Return segments (K, M, 2), scores (K, M), -inf where a class has no more, and classes (K)."""
    ordered = candidates[torch.sort(candidates.labels, stable=True).indices]
    classes, row, counts = torch.unique_consecutive(
        ordered.labels, return_inverse=True, return_counts=True
    )
    first = counts.cumsum(0) - counts
    column = torch.arange(len(ordered), device=row.device) - first[row]
    shape = (len(classes), int(counts.max()))
    segments = ordered.segments.new_zeros(*shape, 2)
    scores = ordered.scores.new_full(shape, -torch.inf)
    segments[row, column], scores[row, column] = ordered.segments, ordered.scores
    return segments, scores, classes
