"""Batches: which numbers reach the network, and what the random changes hang on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rodepil.config.settings import AugmentSettings, FeatureSettings, TrainSettings
from rodepil.store.clipset import ClipSet
from rodepil.store.order import order_of
from rodepil.train.loader import Batch, TrainingBatches
from rodepil.train.world import World
from rodepil.vision.inputs import Inputs, make_inputs

N = 11
PLAIN = make_inputs(FeatureSettings())


@pytest.fixture
def clips(moving_bars: Callable[..., ClipSet]) -> ClipSet:
    """Give eleven clips."""
    return moving_bars(N, seed=3, side="training")


def settings(augment: AugmentSettings, batch_size: int = 4, alpha: float = 0.0) -> TrainSettings:
    return TrainSettings(seed=9, batch_size=batch_size, augment=augment, mixup_alpha=alpha)


def epoch_of(
    clips: ClipSet, train: TrainSettings, epoch: int, inputs: Inputs = PLAIN
) -> list[Batch]:
    return list(TrainingBatches(clips, 2, train, World(), inputs).epoch(epoch))


def by_clip(clips: ClipSet, train: TrainSettings, epoch: int) -> Tensor:
    """Return the frames that an epoch shows, put back into the order of the clips."""
    shown = torch.cat([batch.frames for batch in epoch_of(clips, train, epoch)])
    frames = torch.empty_like(shown)
    frames[order_of(N, seed=train.seed, epoch=epoch)] = shown
    return frames


def test_frames_are_given_in_the_unit_range(clips: ClipSet, still: AugmentSettings):
    by_hand = clips.frames.double() / 255
    torch.testing.assert_close(
        by_clip(clips, settings(still), epoch=2).double(), by_hand, rtol=0, atol=1e-5
    )


def test_labels_go_with_their_clips(clips: ClipSet, still: AugmentSettings):
    batches = TrainingBatches(clips, 2, settings(still), World(), PLAIN)
    labels = clips.labels[order_of(N, seed=9, epoch=0)]
    assert len(batches) == 3
    for start, batch in zip((0, 4, 8), batches.epoch(0), strict=True):
        expected = labels[start : start + 4]
        assert batch.whole.tolist() == expected.tolist()
        assert batch.targets.tolist() == torch.eye(2)[expected].tolist()
        assert batch.counts.tolist() == [1.0] * len(expected)


def test_a_frozen_clip_shows_its_middle_frame_alone(clips: ClipSet, still: AugmentSettings):
    (batch,) = epoch_of(
        clips, settings(still, N), 0, make_inputs(FeatureSettings(), control="static")
    )
    middle = clips.frames[order_of(N, seed=9, epoch=0), 2].double()
    for time in range(clips.frames.shape[1]):
        torch.testing.assert_close(batch.frames[:, time].double(), middle / 255, rtol=0, atol=1e-5)


def test_a_clip_is_changed_by_seed_epoch_and_clip_alone(clips: ClipSet):
    changes = AugmentSettings()
    small, large = (by_clip(clips, settings(changes, batch), epoch=1) for batch in (2, N))
    torch.testing.assert_close(small, large, rtol=0, atol=1e-5)
    later = by_clip(clips, settings(changes), epoch=2)
    assert all((later[clip] - small[clip]).abs().max() > 0.01 for clip in range(N))


def test_mixup_blends_targets_and_is_drawn_anew_each_step(clips: ClipSet, still: AugmentSettings):
    train = settings(still, alpha=1.0)
    first, again = ([batch.targets for batch in epoch_of(clips, train, 0)] for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert all(torch.allclose(targets.sum(1), torch.ones(len(targets))) for targets in first)
    blends = {round(float(t), 6) for targets in first for t in targets[:, 0]} - {0.0, 1.0}
    assert len(blends) > 1


def test_mixup_takes_no_partner_that_only_fills_the_batch(clips: ClipSet, still: AugmentSettings):
    plain = settings(still, alpha=1.0)
    for filled, whole in zip(
        epoch_of(clips, plain.model_copy(update={"compile": True}), 0),
        epoch_of(clips, plain, 0),
        strict=True,
    ):
        own = len(whole.targets)
        assert len(filled.targets) == 4
        assert filled.counts.tolist() == [1.0] * own + [0.0] * (4 - own)
        assert torch.equal(filled.targets[:own], whole.targets)
        assert torch.equal(filled.frames[:own], whole.frames)


def test_passes_of_a_step_name_the_labels_of_the_whole_step(clips: ClipSet, still: AugmentSettings):
    train = settings(still, batch_size=2).model_copy(update={"effective_batch": 6})
    labels = clips.labels[order_of(N, seed=9, epoch=0)].tolist()
    batches = epoch_of(clips, train, 0)
    assert [len(batch.targets) for batch in batches] == [2, 2, 2, 2, 2, 1]
    assert [batch.ends_step for batch in batches] == [False, False, True] * 2
    assert [batch.whole.tolist() for batch in batches] == [labels[:6]] * 3 + [labels[6:]] * 3
    assert len(TrainingBatches(clips, 2, train, World(), PLAIN)) == 2


@pytest.mark.parametrize("effective", [None, 6])
def test_an_epoch_goes_on_from_any_pass_as_it_would_have(clips: ClipSet, effective: int | None):
    train = settings(AugmentSettings(), batch_size=2, alpha=1.0)
    train = train.model_copy(update={"effective_batch": effective})
    batches = TrainingBatches(clips, 2, train, World(), PLAIN)
    whole = list(batches.epoch(3))
    assert len(whole) == 6
    for start in range(7):
        tail = list(batches.epoch(3, start))
        for one, other in zip(tail, whole[start:], strict=True):
            assert torch.equal(one.frames, other.frames)
            assert torch.equal(one.targets, other.targets)
            assert torch.equal(one.whole, other.whole)
            assert one.ends_step == other.ends_step


def test_geometry_acts_before_motion_is_told(still: AugmentSettings):
    # A square that goes to the right goes to the left in the mirrored clip.
    frames = torch.zeros(1, 2, 3, 64, 64, dtype=torch.uint8)
    for time in range(2):
        frames[0, time, :, 28:36, 26 + 2 * time : 34 + 2 * time] = 255
    clips = ClipSet(frames, torch.zeros(1, dtype=torch.int64), ("a",), ("rat",))
    inputs = make_inputs(FeatureSettings(frames=2, size_px=64), "flow")
    right = []
    for flip in (0.0, 1.0):
        augment = still.model_copy(update={"flip_probability": flip})
        (batch,) = epoch_of(clips, settings(augment), 0, inputs)
        right.append(float(batch.frames[0, 0, 0].sub(0.5).sum()))
    assert right[0] > 1
    assert right[1] == pytest.approx(-right[0], rel=0.01)


def test_jitter_shows_other_frames_in_other_epochs_and_the_same_again(still: AugmentSettings):
    levels = torch.arange(15, dtype=torch.uint8).view(1, 15, 1, 1, 1)
    clips = ClipSet(
        levels.expand(1, 15, 3, 4, 4).contiguous(), torch.zeros(1).long(), ("a",), ("rat",)
    )
    inputs = make_inputs(FeatureSettings(frames=5, size_px=16, oversample=3))
    train = settings(still.model_copy(update={"temporal_jitter": 1.0}))
    shown = []
    for epoch in (0, 1, 2, 3, 0):
        (batch,) = epoch_of(clips, train, epoch, inputs)
        shown.append((batch.frames[0, :, 0, 0, 0] * 255).round().int().tolist())
    assert all(abs(one - (3 * at + 1)) <= 1 for each in shown for at, one in enumerate(each))
    assert len({tuple(each) for each in shown}) > 1
    assert shown[0] == shown[4]
