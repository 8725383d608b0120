"""What each point shall say: the classes of the segment that it answers for, and its boundaries.

Shapes: N points of all levels, S true segments of a clip, K classes.

References
----------
Tian et al.: FCOS: Fully Convolutional One-Stage Object Detection. ICCV 2019, arXiv:1904.01355.
Zhang, Wu, Li: ActionFormer: Localizing Moments of Actions with Transformers. ECCV 2022,
arXiv:2202.07925.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from rodepil.errors import ModelError

SAME_LENGTH = 1e-3
"""Segments whose lengths differ by no more, in steps, share a point."""


@torch.no_grad()
def assign(
    points: Tensor, segments: Tensor, labels: Tensor, *, classes: int, center_radius: float
) -> tuple[Tensor, Tensor]:
    """Give each point the shortest segment that it may answer for.

    A point may answer for a segment that it is strictly inside of, less than `center_radius`
    strides from its middle, and whose farther boundary is at a distance within the point's range,
    both ends included. Segments as short as the shortest one add their classes; the boundaries
    are those of the first shortest.

    Parameters
    ----------
    points
        (N, 4) float: place, lowest and highest distance, stride (see `points.points`).
    segments
        (S, 2) float, start and end on the same grid; S may be 0.
    labels
        (S,) int64, range [0, K).
    classes
        K.
    center_radius
        In strides.

    Returns
    -------
    tuple of Tensor
        (N, K) float, 1 for each class of the point's segment, all 0 for a point without one; and
        the distances (N, 2) to its start and end in strides, which mean nothing without one.

    Raises
    ------
    ModelError
        When a segment has no length or an end that is not finite, a label is out of range, or
        shapes do not fit.
    """
    _check(segments, labels, classes)
    if not len(segments):
        return points.new_zeros(len(points), classes), points.new_zeros(len(points), 2)
    place, low, high, stride = points[:, :, None].unbind(1)  # (N, 1) each
    start, end = segments.to(points.dtype).unbind(1)  # (S,) each
    distances = torch.stack((place - start, end - place), dim=-1)  # (N, S, 2)
    middle, reach = 0.5 * (start + end), center_radius * stride
    inside = (place > torch.maximum(middle - reach, start)) & (
        place < torch.minimum(middle + reach, end)
    )
    farther = distances.amax(-1)
    answers = inside & (farther >= low) & (farther <= high)
    lengths = (end - start).expand_as(answers).masked_fill(~answers, torch.inf)
    shortest, which = lengths.min(dim=1)
    shares = answers & (lengths <= shortest[:, None] + SAME_LENGTH)
    hot = functional.one_hot(labels, classes).to(points.dtype)
    said = (shares.to(points.dtype) @ hot).clamp_(max=1.0)
    chosen = which[:, None, None].expand(-1, 1, 2)
    return said, distances.gather(1, chosen)[:, 0] / stride


def _check(segments: Tensor, labels: Tensor, classes: int) -> None:
    if segments.shape != (len(labels), 2):
        raise ModelError(
            f"segments {tuple(segments.shape)} and labels {tuple(labels.shape)} do not fit; "
            "give (S, 2) and (S,)"
        )
    wrong = ~(segments[:, 1] > segments[:, 0]) | ~torch.isfinite(segments).all(dim=1)
    if bool(wrong.any()):
        first = segments[wrong][0].tolist()
        raise ModelError(f"a segment is {first}; give finite ends, the start before the end")
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        raise ModelError(
            f"a segment has label {int(outside[0])}, but the model has classes 0 to {classes - 1}; "
            "check the annotations or raise classes"
        )
