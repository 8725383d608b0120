"""Sequences to batches with what each point shall say; all a function of seed, epoch and place.

Shapes: B clips, T steps, F features, N points of all levels, K classes, S segments of a clip.

References
----------
Zhang, Wu, Li: ActionFormer: Localizing Moments of Actions with Transformers. ECCV 2022,
arXiv:2202.07925.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from rodepil.io.seeds import derive_seed
from rodepil.localize.sequences import Sequences
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.raseformer.assign import assign
from rodepil.models.raseformer.points import batch, points
from rodepil.store.order import order_of

KEPT_SHARE = 0.5
"""The share of a segment that a crop has to hold, for the rest to count as that segment."""


@dataclass(frozen=True)
class LocalizeBatch:
    """What a step learns from.

    Attributes
    ----------
    features
        (B, T, F) float32, 0 at padding.
    valid
        (B, T) bool, False at padding.
    classes
        (B, N, K) float32, 1 for each class that a point shall say.
    offsets
        (B, N, 2) float32, its distances to start and end in strides.
    """

    features: Tensor
    valid: Tensor
    classes: Tensor
    offsets: Tensor


class LocalizeBatches:
    """The batches of every epoch of a trial.

    Parameters
    ----------
    sequences
        The training set.
    settings
        Of the trial; the last batch of an epoch holds what is left.
    device
        Where batches go.
    """

    def __init__(
        self, sequences: Sequences, settings: LocalizeTrialSettings, device: torch.device
    ) -> None:
        self.sequences, self.settings, self.device = sequences, settings, device
        self.longest = settings.network.max_length
        self._points = points(self.longest, settings.network)
        self._grid = tuple(settings.grid.to_grid(one).float() for one in sequences.segments)
        self._said: dict[int, tuple[Tensor, Tensor]] = {}

    def __len__(self) -> int:
        """Return the steps of an epoch."""
        return math.ceil(len(self.sequences) / self.settings.recipe.batch_size)

    def epoch(self, epoch: int) -> Iterator[LocalizeBatch]:
        """Yield the batches of an epoch, the same whenever they are asked for."""
        recipe = self.settings.recipe
        order = order_of(len(self.sequences), seed=recipe.seed, epoch=epoch)
        for part in torch.split(order, recipe.batch_size):
            yield self._batch(part.tolist(), epoch)

    def _batch(self, places: list[int], epoch: int) -> LocalizeBatch:
        steps, said = zip(*(self._example(place, epoch) for place in places), strict=True)
        features, valid = batch(steps, self.settings.network)
        classes, offsets = (torch.stack(one) for one in zip(*said, strict=True))
        moved = (one.to(self.device) for one in (features, valid, classes, offsets))
        return LocalizeBatch(*moved)

    def _example(self, place: int, epoch: int) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return a clip's steps and what its points shall say."""
        steps, labels = self.sequences.features[place], self.sequences.labels[place]
        segments = self._grid[place]
        if len(steps) > self.longest:
            name = self.sequences.clip_ids[place]
            seed = derive_seed("crop", self.settings.recipe.seed, epoch, name)
            first = draw_crop(len(steps), segments, length=self.longest, seed=seed)
            cut, kept = cropped(segments, first=first, length=self.longest)
            return steps[first : first + self.longest], self._assigned(cut, labels[kept])
        if place not in self._said:  # the same in every epoch
            self._said[place] = self._assigned(segments, labels)
        return steps, self._said[place]

    def _assigned(self, segments: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return assign(
            self._points,
            segments,
            labels,
            classes=self.settings.network.classes,
            center_radius=self.settings.loss.center_radius,
        )


def draw_crop(steps: int, segments: Tensor, *, length: int, seed: int) -> int:
    """Return the first step of a random crop of a clip that is too long.

    Every crop that holds half of a segment or more is as likely as any other; where there is
    none, every crop is. (ActionFormer draws until it hits such a crop, up to 200 times: the same
    distribution.)

    Parameters
    ----------
    steps
        Of the clip, more than `length`.
    segments
        (S, 2) on the grid.
    length
        Steps of the crop.
    seed
        Of the draw.
    """
    starts = torch.arange(steps - length + 1)
    held = _shares(segments, starts.to(segments.dtype)[:, None], length) >= KEPT_SHARE
    allowed = starts[held.any(dim=1)] if bool(held.any()) else starts
    drawn = torch.randint(len(allowed), (1,), generator=torch.Generator().manual_seed(seed))
    return int(allowed[drawn])


def cropped(segments: Tensor, *, first: int, length: int) -> tuple[Tensor, Tensor]:
    """Return the segments (S', 2) of a crop on its own grid, and which they are (S,) bool.

    A segment stays if half of it or more is in the crop, cut off at its ends.
    """
    kept = _shares(segments, segments.new_tensor(float(first)), length) >= KEPT_SHARE
    return (segments[kept] - first).clamp(0.0, float(length)), kept


def _shares(segments: Tensor, first: Tensor, length: int) -> Tensor:
    """Return how much of each segment is in the steps from `first` on; they broadcast."""
    start, end = segments.unbind(1)
    inner = torch.minimum(end, first + length) - torch.maximum(start, first)
    return inner.clamp(min=0) / (end - start)
