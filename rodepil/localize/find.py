"""Segments of a sequence of any length, by windows as long as those that the network learned from.

Shapes: T steps, F features, L steps of a window, B windows at once, P segments found.

A sequence of ``max_length`` steps or fewer is one window. A longer one is cut into windows of that
length that start every half of it; the last ends with the sequence. Each window is localized on its
own, soft-NMS and voting included. It gives those segments alone whose middle lies at least an
eighth of the window from its ends (from the ends of the sequence it need not keep away): what lies
nearer is cut, and stands whole in the next window. Where two windows give segments of one class
with tIoU of 0.5 or more, only the better stays, of equal ones the earlier window's. So memory hangs
on what is found alone, not on the length; a segment longer than half a window may come in parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rodepil.config.raseformer import SegmentSettings
from rodepil.errors import ModelError
from rodepil.models.raseformer.decode import localize
from rodepil.models.raseformer.network import Levels, Raseformer
from rodepil.models.raseformer.nms import Found, tiou
from rodepil.models.raseformer.points import batch

WINDOWS_AT_ONCE = 16
MARGIN = 8
"""The part of a window, one in so many, that lies too near an end to be asked."""
SAME_TIOU = 0.5
"""From which on segments of two windows are one."""
REACH = 2
"""Windows back that a window may have segments in common with: two before the last one."""

Steps = Tensor | npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Window:
    """Steps `first` to `end`, and between which places segments may have their middle."""

    first: int
    end: int
    low: float
    high: float


@torch.inference_mode()
def find(network: Raseformer, settings: SegmentSettings, steps: Steps) -> Found:
    """Return the segments of one sequence, best first, in steps of its grid.

    Parameters
    ----------
    network
        In evaluation mode; it computes in float32.
    settings
        Least score, candidates, soft-NMS, voting, and how many segments a window gives at most.
    steps
        (T, F) float32, in memory or mapped from a file, of which a few windows are read at a time.

    Raises
    ------
    ModelError
        The sequence is empty, of another width than the network, or holds NaN.
    """
    _check(network, steps)
    device = next(network.parameters()).device
    windows = windows_of(len(steps), network.settings.max_length)
    done: list[Found] = []
    for start in range(0, len(windows), WINDOWS_AT_ONCE):
        part = windows[start : start + WINDOWS_AT_ONCE]
        taken = [_tensor(steps[one.first : one.end], device) for one in part]
        levels = _on_cpu(network(*batch(taken, network.settings)))
        for window, found in zip(part, localize(levels, network.settings, settings), strict=True):
            one = _moved(found, window)
            for back in range(min(len(done), REACH), 0, -1):
                done[-back], one = _merged(done[-back], one)
            done.append(one)
    joined = _joined(done)
    return joined[torch.sort(joined.scores, descending=True, stable=True).indices]


def windows_of(steps: int, length: int) -> list[_Window]:
    """Return the windows of a sequence."""
    if steps <= length:
        return [_Window(0, steps, -np.inf, np.inf)]
    hop, margin = max(length // 2, 1), length / MARGIN
    last = steps - length
    firsts = [*range(0, last, hop), last]
    return [
        _Window(
            first,
            first + length,
            -np.inf if first == 0 else first + margin,
            np.inf if first == last else first + length - margin,
        )
        for first in firsts
    ]


def _check(network: Raseformer, steps: Steps) -> None:
    width = network.settings.feature_width
    if steps.ndim != 2 or not len(steps) or steps.shape[1] != width:  # noqa: PLR2004 - (T, F)
        raise ModelError(
            f"a sequence has shape {tuple(steps.shape)}, but the model wants (T, {width}) with a "
            "row for each step; is it empty, transposed, or of another view?"
        )


def _tensor(steps: Steps, device: torch.device) -> Tensor:
    own = steps if isinstance(steps, Tensor) else torch.from_numpy(np.array(steps, np.float32))
    return own.to(device, torch.float32)


def _on_cpu(levels: Levels) -> Levels:
    """Return what the network said where soft-NMS is fast: it takes many small steps."""
    parts = (levels.valid, levels.logits, levels.offsets)
    return Levels(*(tuple(one.cpu() for one in part) for part in parts))


def _moved(found: Found, window: _Window) -> Found:
    """Return a window's segments on the sequence's grid, those near its ends left out."""
    segments = found.segments + window.first
    middle = segments.mean(dim=1)
    kept = (middle >= window.low) & (middle <= window.high)
    return Found(segments, found.scores, found.labels)[kept]


def _merged(before: Found, after: Found) -> tuple[Found, Found]:
    """Return what stays of two windows.

    By falling score, each segment stays unless one of the other window that stays is the same.
    """
    same = (tiou(before.segments[:, None], after.segments) >= SAME_TIOU) & (
        before.labels[:, None] == after.labels
    )
    stays = torch.ones(len(before), dtype=torch.bool), torch.ones(len(after), dtype=torch.bool)
    for side, place in _rivals(before, after, same):
        others = same[place] if side == 0 else same[:, place]
        if stays[side][place]:
            stays[1 - side][others] = False
    return before[stays[0]], after[stays[1]]


def _rivals(before: Found, after: Found, same: Tensor) -> Iterator[tuple[int, int]]:
    """Yield those that have a rival, by falling score: which window, and the place in it."""
    listed = [(-score, 0, place) for place, score in _scored(before, same.any(dim=1))]
    listed += [(-score, 1, place) for place, score in _scored(after, same.any(dim=0))]
    for _, side, place in sorted(listed):
        yield side, place


def _scored(found: Found, which: Tensor) -> list[tuple[int, float]]:
    places = which.nonzero()[:, 0]
    return list(zip(places.tolist(), found.scores[places].tolist(), strict=True))


def _joined(found: list[Found]) -> Found:
    return Found(
        torch.cat([one.segments for one in found]),
        torch.cat([one.scores for one in found]),
        torch.cat([one.labels for one in found]),
    )
