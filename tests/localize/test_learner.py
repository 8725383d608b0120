"""What learns: which weights decay, one step beside plain torch, the average by its formula."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from rodepil.errors import TrainingError
from rodepil.localize.batches import LocalizeBatch, LocalizeBatches
from rodepil.localize.learner import LocalizeLearner, make_learner, parameter_groups
from rodepil.localize.sequences import Sequences
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.losses import LocalizeLoss

Recipe = Callable[..., LocalizeTrialSettings]
Make = Callable[..., Sequences]
CPU = torch.device("cpu")


@pytest.fixture
def batch(recipe: Recipe, made: Make) -> LocalizeBatch:
    """Return a batch of four clips."""
    return next(LocalizeBatches(made(4, seed=0, side="x"), recipe(), CPU).epoch(0))


def test_weights_of_convolutions_and_linear_layers_decay_and_nothing_else(recipe: Recipe):
    network = build(recipe().network)
    decay = {
        id(module.weight)
        for module in network.modules()
        if isinstance(module, nn.Linear | nn.Conv1d)
    }
    one, other = parameter_groups(network.parameters(), 0.05)
    assert (one["weight_decay"], other["weight_decay"]) == (0.05, 0.0)
    assert {id(parameter) for parameter in one["params"]} == decay
    every = {id(parameter) for parameter in network.parameters()}
    assert {id(parameter) for parameter in other["params"]} == every - decay
    assert len(one["params"]) + len(other["params"]) == len(every)


def test_steps_are_those_of_plain_torch(recipe: Recipe, batch: LocalizeBatch):
    settings = recipe(weight_decay=0.3, clip_norm=0.7, network={"drop_path": 0.0}, ema_decay=0.0)
    learner = make_learner(settings, CPU)
    learner.lesson.train()
    plain, loss = build(settings.network).train(), LocalizeLoss(settings.loss)
    groups = [
        {"params": [p for p in plain.parameters() if p.dim() > 1], "weight_decay": 0.3},
        {"params": [p for p in plain.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=1.0, fused=False, foreach=False)
    for number, rate in enumerate((1e-3, 4e-3, 2e-3)):
        got = learner.step(batch, rate, seed=number)
        losses = loss(plain(batch.features, batch.valid), batch.classes, batch.offsets)
        adamw.zero_grad()
        losses.total.backward()
        norm = nn.utils.clip_grad_norm_(plain.parameters(), 0.7)
        for group in adamw.param_groups:
            group["lr"] = rate
        adamw.step()
        wanted = torch.stack([losses.total, losses.classes, losses.boundaries, norm])
        torch.testing.assert_close(got, wanted.detach(), rtol=1e-4, atol=1e-5)
    assert learner.lesson["loss"].positives == loss.positives
    for mine, theirs in zip(learner.network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4)


def test_what_is_scored_is_the_average_by_its_formula(recipe: Recipe, batch: LocalizeBatch):
    learner = make_learner(recipe(ema_decay=0.6), CPU)
    learner.lesson.train()
    seen = []
    for step in range(12):
        learner.step(batch, 5e-3, seed=step)
        seen.append(learner.network.class_head.out.weight.detach().double().clone())
    wanted = seen[0]
    for steps, weight in enumerate(seen[1:], start=1):
        kept = min(0.6, (1 + steps) / (10 + steps))
        wanted = kept * wanted + (1 - kept) * weight
    got = learner.scored.class_head.out.weight
    torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(got.double(), seen[-1], rtol=1e-4)


def test_without_an_average_the_network_itself_is_scored(recipe: Recipe):
    learner = make_learner(recipe(ema_decay=0.0), CPU)
    assert learner.scored is learner.network


def test_what_a_step_drops_hangs_on_its_seed_alone(recipe: Recipe, batch: LocalizeBatch):
    def losses(seed: int) -> LocalizeLearner:
        learner = make_learner(recipe(network={"drop_path": 0.5}), CPU)
        # Branches start too weak to be missed.
        for name, parameter in learner.network.named_parameters():
            if name.endswith("_scale"):
                nn.init.ones_(parameter)
        learner.lesson.train()
        torch.rand(3)
        return learner.step(batch, 1e-3, seed=seed)

    assert torch.equal(losses(1), losses(1))
    assert not torch.equal(losses(1), losses(2))


def test_half_precision_keeps_its_weights_in_float32(recipe: Recipe, batch: LocalizeBatch):
    full, half = (make_learner(recipe(precision=name), CPU) for name in ("fp32", "bf16"))
    one, other = (learner.step(batch, 1e-3, seed=0) for learner in (full, half))
    assert not torch.equal(one, other)
    torch.testing.assert_close(one[:3], other[:3], rtol=0.05, atol=0.01)
    assert {parameter.dtype for parameter in half.network.parameters()} == {torch.float32}


def test_a_loss_that_is_not_finite_stops(recipe: Recipe, made: Make):
    settings = recipe(learning_rate=1e30, warmup_epochs=0, clip_norm=0.0)
    batches = LocalizeBatches(made(12, seed=0, side="x"), settings, CPU)
    with pytest.raises(TrainingError, match=r"is (nan|inf) in epoch 0, step [12] .*learning_rate"):
        make_learner(settings, CPU).epoch(batches, 0)
