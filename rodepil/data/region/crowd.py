"""Whether what was found in frames is one animal, or several that are there at the same times.

T frames, N boxes of a frame, A axes x and y

Several boxes of a network in one frame are several animals. What moves is less sure: a lamp and a
clock move too, an animal that leaves its nest differs from the background in both places, and one
that jerks may fall into parts. So motion is that of several cages only where a straight line
parts them all the time, on both sides of which something as large moves in the same frames,
further apart than it is long, and each in its own time: parts of one animal grow and shrink
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rodepil.data.region.found import Boxes, Found


@dataclass(frozen=True)
class CrowdRule:
    """When there are several animals.

    Parameters
    ----------
    least_share
        Share of the frames with anything, in which there are two, at least.
    crossing_share
        Share of the frames in which something stands across the line, at most.
    least_size
        Length of the usual box of one side, by that of the other, at least.
    apart
        From one's middle to the other's, in lengths of the longer, at least.
    alike
        Correlation over time of how much moves on either side, at most.
    least_score
        Of a network's boxes, those of a lower score don't count.
    """

    least_share: float = 0.2
    crossing_share: float = 0.02
    least_size: float = 0.5
    apart: float = 1.5
    alike: float = 0.3
    least_score: float = 0.5


def together(found: Sequence[Found], rule: CrowdRule | None = None) -> int:
    """Return how many animals a network finds at the same times: two boxes that do not touch.

    Parameters
    ----------
    found
        Of each frame, as `Detector.find` gives it.
    rule
        When there are several; by default `CrowdRule()`.
    """
    rule = rule or CrowdRule()
    counts = np.array([_apart(one.boxes[one.scores >= rule.least_score]) for one in found])
    seen = counts[counts > 0]
    several = seen[seen > 1]
    if not len(several) or len(several) < rule.least_share * len(seen):
        return min(1, len(seen))
    return int(np.median(several))


def places(found: Sequence[Found], rule: CrowdRule | None = None) -> int:
    """Return in how many places, parted by lines that nothing crosses, something moves.

    Parameters
    ----------
    found, rule
        As in `together`.
    """
    boxes = [np.concatenate([one.boxes, one.others]) for one in found]
    return _places(boxes, rule or CrowdRule())


def _apart(boxes: Boxes) -> int:
    """Return how many of boxes (N, 4), the best first, touch none of those before them."""
    kept: list[npt.NDArray[np.float32]] = []
    for box in boxes:
        if all((box[:2] >= one[2:]).any() or (one[:2] >= box[2:]).any() for one in kept):
            kept.append(box)
    return len(kept)


def _places(frames: Sequence[Boxes], rule: CrowdRule) -> int:
    """Count places by parting them again and again."""
    if not any(map(len, frames)):
        return 0
    best, parts = 0.0, None
    for axis in (0, 1):
        ends = np.unique(np.concatenate([one[:, axis + 2] for one in frames]))
        for line in ends:
            sides = _sides(frames, axis, float(line), rule)
            if sides is not None and sides[0] > best:
                best, parts = sides
    return 1 if parts is None else sum(_places(part, rule) for part in parts)


def _sides(
    frames: Sequence[Boxes], axis: int, line: float, rule: CrowdRule
) -> tuple[float, tuple[list[Boxes], list[Boxes]]] | None:
    """Return how often something is on both sides of a line, and the boxes there, if it parts."""
    below = [one[one[:, axis + 2] <= line] for one in frames]
    above = [one[one[:, axis] >= line] for one in frames]
    trios = zip(below, above, frames, strict=True)
    counts = np.array([[len(low), len(high), len(whole)] for low, high, whole in trios])
    some = int((counts[:, 2] > 0).sum())
    both = int(((counts[:, 0] > 0) & (counts[:, 1] > 0)).sum()) / some
    crossing = int((counts[:, 0] + counts[:, 1] < counts[:, 2]).sum()) / some
    if both < rule.least_share or crossing > rule.crossing_share:
        return None
    if _correlation(_areas(below), _areas(above)) > rule.alike:
        return None
    fits = _alike_and_apart(np.concatenate(below), np.concatenate(above), rule)
    return (both, (below, above)) if fits else None


def _areas(frames: Sequence[Boxes]) -> npt.NDArray[np.float64]:
    """Return what boxes of each frame cover, (T,) square pixels."""
    return np.array([np.prod(one[:, 2:] - one[:, :2], axis=1).sum() for one in frames], np.float64)


def _correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Return Pearson's correlation; 0 where one side does not change."""
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt(np.vdot(one, one) * np.vdot(other, other)))
    return float(np.vdot(one, other)) / size if size > 0 else 0.0


def _alike_and_apart(one: Boxes, other: Boxes, rule: CrowdRule) -> bool:
    """Say whether boxes of two places are about as long, and far from each other for that."""
    lengths = [
        float(np.median((boxes[:, 2:] - boxes[:, :2]).max(axis=1))) for boxes in (one, other)
    ]
    middles = [np.median((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0) for boxes in (one, other)]
    far = float(np.abs(middles[0] - middles[1]).max())
    return min(lengths) >= rule.least_size * max(lengths) and far >= rule.apart * max(lengths)
