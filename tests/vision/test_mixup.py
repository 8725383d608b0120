from __future__ import annotations

import numpy as np
import pytest
import torch

from rodepil.vision.augment import mixup


def test_frames_are_blended_as_their_targets_say():
    frames = torch.rand(5, 2, 3, 4, 4)
    mixed, targets = mixup(frames, torch.eye(5), 0.4, seed=3)
    assert mixed.shape == frames.shape
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(5))
    # With a class for every clip, a target row holds the shares of the clips in it.
    blended = torch.einsum("bc,cthwx->bthwx", targets, frames)
    torch.testing.assert_close(mixed, blended)
    assert not torch.equal(mixed, frames)


def test_shares_follow_the_beta_distribution():
    """Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1))."""
    two = torch.eye(2)
    shares = []
    for seed in range(3000):
        _, targets = mixup(torch.zeros(2, 1, 1, 1, 1), two, 0.8, seed)
        if targets[0, 0] != 1:  # else the clip was paired with itself
            shares.append(float(targets[0, 0]))
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)
    assert np.var(shares) == pytest.approx(1 / (4 * 2.6), rel=0.08)


def test_the_seed_gives_the_blend():
    frames, targets = torch.rand(4, 1, 3, 2, 2), torch.eye(4)
    first, again, other = (mixup(frames, targets, 1.0, seed)[0] for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_alpha_zero_changes_nothing():
    frames, targets = torch.rand(4, 1, 3, 2, 2), torch.eye(4)
    mixed, mixed_targets = mixup(frames, targets, 0.0, seed=1)
    assert torch.equal(mixed, frames)
    assert torch.equal(mixed_targets, targets)


def test_a_blend_is_the_weighted_mean_of_two_clips():
    frames = torch.stack([torch.full((2, 3, 4, 4), value) for value in (0.2, 0.6, 1.0)])
    mixed, targets = mixup(frames, torch.eye(3), 0.7, seed=11)
    for clip in range(3):
        first, second, third = targets[clip].tolist()
        by_hand = 0.2 * first + 0.6 * second + 1.0 * third
        torch.testing.assert_close(mixed[clip], torch.full((2, 3, 4, 4), by_hand))
    assert (targets > 0).sum(dim=1).tolist() != [1, 1, 1]


@pytest.mark.parametrize("shape", [(33, 3, 5, 7), (1, 1, 9, 4), (4, 2, 3, 6, 6)])
def test_clips_of_any_frames_are_blended(shape: tuple[int, ...]):
    frames = torch.rand(4, *shape)
    mixed, shares = mixup(frames, torch.eye(4), 1.0, seed=2)
    by_hand = (shares @ frames.flatten(1)).view(frames.shape)
    torch.testing.assert_close(mixed, by_hand)


def test_the_clips_are_left_as_they_were():
    frames, targets = torch.rand(4, 1, 3, 2, 2), torch.eye(4)
    before = frames.clone()
    mixup(frames, targets, 1.0, seed=2)
    assert torch.equal(frames, before)
    assert torch.equal(targets, torch.eye(4))


def test_gradients_flow_to_both_clips_of_a_blend():
    frames = torch.rand(3, 1, 1, 2, 2, dtype=torch.float64).requires_grad_()
    shares = torch.eye(3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda value: mixup(value, shares, 0.8, seed=4)[0], (frames,))
    mixed, blended = mixup(frames, shares, 0.8, seed=4)
    mixed[0].sum().backward()
    assert frames.grad is not None
    torch.testing.assert_close(frames.grad[:, 0, 0, 0, 0], blended[0])
