"""The losses beside plain formulas for one number, and torchvision's focal loss."""

from __future__ import annotations

import math

import pytest
import torch
from torchvision.ops import sigmoid_focal_loss

from rodepil.config.raseformer import LocalizeLossSettings
from rodepil.models.raseformer.losses import LocalizeLoss, diou_loss, focal_loss
from rodepil.models.raseformer.network import Levels


def _focal(logit: float, target: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    if target == 1:
        return -0.25 * (1 - p) ** 2 * math.log(p)
    return -0.75 * p**2 * math.log(1 - p)


def _diou(said: list[float], true: list[float]) -> float:
    """Go by the two segments around 0, not by the distances."""
    (a, b), (c, d) = (-said[0], said[1]), (-true[0], true[1])
    inner = max(min(b, d) - max(a, c), 0)
    union = (b - a) + (d - c) - inner
    middles = (a + b) / 2 - (c + d) / 2
    return 1 - inner / union + (middles / (max(b, d) - min(a, c))) ** 2


def test_focal_loss_is_the_formula_number_by_number_and_torchvisions():
    logits = torch.linspace(-6, 6, 50)
    for target in (0.0, 1.0):
        targets = torch.full_like(logits, target)
        got = focal_loss(logits, targets, alpha=0.25, gamma=2.0)
        wanted = [_focal(logit, target) for logit in logits.tolist()]
        torch.testing.assert_close(got, torch.tensor(wanted), rtol=1e-4, atol=1e-7)
        theirs = sigmoid_focal_loss(logits, targets, alpha=0.25, gamma=2.0)
        torch.testing.assert_close(got, theirs)


def test_diou_loss_is_the_formula_segment_by_segment():
    rng = torch.Generator().manual_seed(0)
    said, true = 5 * torch.rand(200, 2, generator=rng), 5 * torch.rand(200, 2, generator=rng)
    said[:20, 0] = 0
    wanted = [_diou(*pair) for pair in zip(said.tolist(), true.tolist(), strict=True)]
    torch.testing.assert_close(diou_loss(said, true), torch.tensor(wanted), rtol=1e-4, atol=1e-6)


def test_diou_loss_of_one_segment_is_zero_and_of_none_said_finite():
    true = torch.tensor([[2.0, 3.0]])
    assert diou_loss(true, true).item() == pytest.approx(0, abs=1e-6)
    nothing = torch.zeros(1, 2, requires_grad=True)
    loss = diou_loss(nothing, true)
    assert loss.item() == pytest.approx(1 + (0.5 / 5) ** 2)
    loss.sum().backward()
    assert torch.isfinite(nothing.grad).all()


def _said(seed: int) -> tuple[Levels, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    steps = (8, 4)
    levels = Levels(
        valid=tuple(torch.rand(2, one, generator=rng) < 0.7 for one in steps),
        logits=tuple(torch.randn(2, one, 3, generator=rng) for one in steps),
        offsets=tuple(3 * torch.rand(2, one, 2, generator=rng) for one in steps),
    )
    classes = (torch.rand(2, 12, 3, generator=rng) < 0.2).float()
    return levels, classes, 3 * torch.rand(2, 12, 2, generator=rng)


def test_the_loss_of_a_batch_is_the_loops_over_its_points():
    loss = LocalizeLoss(LocalizeLossSettings(boundary_weight=0.5)).train()
    average = 100.0
    for seed in range(3):
        levels, classes, offsets = _said(seed)
        valid, logits, said = levels.joined()
        of_classes, of_boundaries, answering = 0.0, 0.0, 0
        for b in range(2):
            for n in range(12):
                if not valid[b, n]:
                    continue
                of_classes += sum(
                    _focal(logits[b, n, k].item(), classes[b, n, k].item()) for k in range(3)
                )
                if classes[b, n].any():
                    answering += 1
                    of_boundaries += _diou(said[b, n].tolist(), offsets[b, n].tolist())
        average = 0.9 * average + 0.1 * max(answering, 1)
        got = loss(levels, classes, offsets)
        assert got.classes.item() == pytest.approx(of_classes / average, rel=1e-5)
        assert got.boundaries.item() == pytest.approx(of_boundaries / average, rel=1e-5)
        both = of_classes / average + 0.5 * of_boundaries / average
        assert got.total.item() == pytest.approx(both, rel=1e-5)


def test_the_average_moves_only_while_training_and_is_kept_with_a_checkpoint():
    levels, classes, offsets = _said(0)
    loss = LocalizeLoss(LocalizeLossSettings())
    loss.eval()(levels, classes, offsets)
    assert loss.positives.item() == 100
    loss.train()(levels, classes, offsets)
    kept = LocalizeLoss(LocalizeLossSettings())
    kept.load_state_dict(loss.state_dict())
    assert kept.positives.item() == loss.positives.item() != 100


def test_a_batch_without_segments_has_a_finite_loss_and_gradient():
    levels, classes, offsets = _said(1)
    logits = tuple(one.requires_grad_() for one in levels.logits)
    said = tuple(one.requires_grad_() for one in levels.offsets)
    got = LocalizeLoss(LocalizeLossSettings())(
        Levels(levels.valid, logits, said), torch.zeros_like(classes), offsets
    )
    assert got.boundaries.item() == 0
    got.total.backward()
    assert all(torch.isfinite(one.grad).all() for one in (*logits, *said))


def test_what_stands_at_padding_is_not_learned_from():
    levels, classes, offsets = _said(2)
    loss = LocalizeLoss(LocalizeLossSettings()).eval()
    other = Levels(
        levels.valid,
        tuple(
            torch.where(valid[..., None], one, 50.0)
            for valid, one in zip(levels.valid, levels.logits, strict=True)
        ),
        levels.offsets,
    )
    assert loss(levels, classes, offsets).total == loss(other, classes, offsets).total
