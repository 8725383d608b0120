"""Batches: which numbers reach the network, and what the random changes hang on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rodepil.config.settings import AugmentSettings, TrainSettings
from rodepil.store.clipset import ClipSet
from rodepil.train.loader import TrainingBatches
from rodepil.train.shards import order_of
from rodepil.train.world import World

N = 11


@pytest.fixture
def clips(moving_bars: Callable[..., ClipSet]) -> ClipSet:
    """Give eleven clips."""
    return moving_bars(N, seed=3, side="training")


def settings(augment: AugmentSettings, batch_size: int = 4, alpha: float = 0.0) -> TrainSettings:
    return TrainSettings(seed=9, batch_size=batch_size, augment=augment, mixup_alpha=alpha)


def by_clip(clips: ClipSet, train: TrainSettings, epoch: int) -> Tensor:
    """Return the frames that an epoch shows, put back into the order of the clips."""
    batches = TrainingBatches(clips, train, World(), freeze=False)
    shown = torch.cat([batch.frames for batch in batches.epoch(epoch)])
    frames = torch.empty_like(shown)
    frames[order_of(N, seed=train.seed, epoch=epoch)] = shown
    return frames


def test_frames_are_normalised_as_the_published_weights_want(
    clips: ClipSet, still: AugmentSettings
):
    by_hand = (clips.frames.double() / 255 - 0.45) / 0.225
    torch.testing.assert_close(
        by_clip(clips, settings(still), epoch=2).double(), by_hand, rtol=0, atol=1e-5
    )


def test_labels_go_with_their_clips(clips: ClipSet, still: AugmentSettings):
    batches = TrainingBatches(clips, settings(still), World(), freeze=False)
    labels = clips.labels[order_of(N, seed=9, epoch=0)]
    assert len(batches) == 3
    for start, batch in zip((0, 4, 8), batches.epoch(0), strict=True):
        expected = labels[start : start + 4]
        assert batch.whole.tolist() == expected.tolist()
        assert batch.targets.tolist() == torch.eye(2)[expected].tolist()
        assert batch.counts.tolist() == [1.0] * len(expected)


def test_a_frozen_clip_shows_its_middle_frame_alone(clips: ClipSet, still: AugmentSettings):
    (batch,) = TrainingBatches(clips, settings(still, N), World(), freeze=True).epoch(0)
    middle = clips.frames[order_of(N, seed=9, epoch=0), 2].double()
    for time in range(clips.frames.shape[1]):
        torch.testing.assert_close(
            batch.frames[:, time].double(), (middle / 255 - 0.45) / 0.225, rtol=0, atol=1e-5
        )


def test_a_clip_is_changed_by_seed_epoch_and_clip_alone(clips: ClipSet):
    changes = AugmentSettings()
    small, large = (by_clip(clips, settings(changes, batch), epoch=1) for batch in (2, N))
    torch.testing.assert_close(small, large, rtol=0, atol=1e-5)
    later = by_clip(clips, settings(changes), epoch=2)
    assert all((later[clip] - small[clip]).abs().max() > 0.01 for clip in range(N))


def test_mixup_blends_targets_and_is_drawn_anew_each_step(clips: ClipSet, still: AugmentSettings):
    train = settings(still, alpha=1.0)
    first, again = (
        [batch.targets for batch in TrainingBatches(clips, train, World(), freeze=False).epoch(0)]
        for _ in range(2)
    )
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert all(torch.allclose(targets.sum(1), torch.ones(len(targets))) for targets in first)
    blends = {round(float(t), 6) for targets in first for t in targets[:, 0]} - {0.0, 1.0}
    assert len(blends) > 1
