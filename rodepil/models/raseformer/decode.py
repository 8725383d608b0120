"""From what the network says of its points to segments on the grid of features.

Shapes: B clips, T_i steps of level i, K classes, N candidates of a clip.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.config.raseformer import RaseformerSettings, SegmentSettings
from rodepil.models.raseformer.network import Levels
from rodepil.models.raseformer.nms import Found, suppress


@torch.no_grad()
def localize(levels: Levels, network: RaseformerSettings, settings: SegmentSettings) -> list[Found]:
    """Return the segments of each clip, best first, in steps of the grid of features.

    Parameters
    ----------
    levels
        What the network said of a batch.
    network
        Its settings: the strides of its levels.
    settings
        Least score, candidates, soft-NMS and voting.

    Returns
    -------
    list of Found
        One a clip; `points.to_seconds` makes times of their segments.
    """
    clips = len(levels.valid[0])
    return [
        suppress(candidates(levels, clip, network, settings), settings) for clip in range(clips)
    ]


@torch.no_grad()
def candidates(
    levels: Levels, clip: int, network: RaseformerSettings, settings: SegmentSettings
) -> Found:
    """Return what the points of one clip say, before any of it is suppressed.

    Of each level the best ``candidates`` scores above ``score_min`` are taken; a point may give
    one for every class, all with its one segment. Segments of ``length_min`` steps or less fall
    away.

    Parameters
    ----------
    levels
        What the network said of a batch.
    clip
        Its row in the batch.
    network, settings
        As for `localize`.

    Returns
    -------
    Found
        Level by level, best first; float32, on the device of the network.
    """
    found = []
    parts = zip(levels.valid, levels.logits, levels.offsets, network.strides, strict=True)
    for valid, logits, offsets, stride in parts:
        scores = logits[clip].float().sigmoid() * valid[clip, :, None]  # (T_i, K)
        found.append(_of_level(scores, offsets[clip].float(), stride, settings))
    return Found(
        torch.cat([one.segments for one in found]),
        torch.cat([one.scores for one in found]),
        torch.cat([one.labels for one in found]),
    )


def _of_level(scores: Tensor, offsets: Tensor, stride: int, settings: SegmentSettings) -> Found:
    classes = scores.shape[1]
    flat = scores.flatten()
    ranked = torch.sort(flat, descending=True, stable=True)
    best = ranked.indices[: settings.candidates]
    best = best[flat[best] > settings.score_min]
    point = best // classes
    place = point.to(offsets.dtype) * stride
    ends = torch.stack((place - offsets[point, 0] * stride, place + offsets[point, 1] * stride), -1)
    long = ends[:, 1] - ends[:, 0] > settings.length_min
    return Found(ends, flat[best], best % classes)[long]
