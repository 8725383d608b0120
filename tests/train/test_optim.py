"""Optimizers and gradient clipping against PyTorch's plain ones."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from rodepil.config.settings import TrainSettings
from rodepil.train.optim import clip_gradients, make_optimizer, set_learning_rate

RECIPES = {
    "sgd": (
        TrainSettings(optimizer="sgd", learning_rate=0.005, momentum=0.9, weight_decay=1e-2),
        lambda p: torch.optim.SGD(p, lr=0.005, momentum=0.9, weight_decay=1e-2, foreach=False),
    ),
    "nesterov": (
        TrainSettings(optimizer="sgd", learning_rate=0.005, nesterov=True, weight_decay=1e-2),
        lambda p: torch.optim.SGD(
            p, lr=0.005, momentum=0.9, nesterov=True, weight_decay=1e-2, foreach=False
        ),
    ),
    "adamw": (
        TrainSettings(optimizer="adamw", learning_rate=1e-3, weight_decay=1e-2),
        lambda p: torch.optim.AdamW(p, lr=1e-3, weight_decay=1e-2, foreach=False),
    ),
}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7), nn.GELU(), nn.Linear(7, 2))


@pytest.mark.parametrize("recipe", RECIPES)
def test_ten_steps_are_those_of_torch(recipe: str):
    settings, plain = RECIPES[recipe]
    ours = network()
    theirs = copy.deepcopy(ours)
    optimizers = (
        make_optimizer(ours.parameters(), settings, torch.device("cpu")),
        plain(theirs.parameters()),
    )
    inputs = torch.randn(10, 4, 5, generator=torch.Generator().manual_seed(1))
    for x in inputs:
        for module, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            module(x).square().sum().backward()
            optimizer.step()
    for (name, mine), oracle in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, oracle, msg=name, rtol=1e-5, atol=1e-7)


def test_weight_decay_acts_on_biases_and_norms_too():
    module = network()
    before = module[1].weight.detach().clone()
    settings = TrainSettings(optimizer="sgd", learning_rate=0.1, weight_decay=0.5)
    optimizer = make_optimizer(module.parameters(), settings, torch.device("cpu"))
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    torch.testing.assert_close(module[1].weight.detach(), before * (1 - 0.1 * 0.5))


def test_a_new_learning_rate_scales_the_step():
    weight = nn.Parameter(torch.zeros(3))
    settings = TrainSettings(optimizer="sgd", momentum=0.0, weight_decay=0.0)
    optimizer = make_optimizer([weight], settings, torch.device("cpu"))
    set_learning_rate(optimizer, 0.25)
    weight.grad = torch.tensor([1.0, 2.0, 4.0])
    optimizer.step()
    assert weight.tolist() == [-0.25, -0.5, -1.0]


@pytest.mark.parametrize(
    ("clip_norm", "after"), [(1.0, [0.6, 0.8]), (0.0, [3.0, 4.0]), (9.0, [3.0, 4.0])]
)
def test_gradients_are_clipped_together_by_their_norm(clip_norm: float, after: list[float]):
    first, second = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    unused = nn.Parameter(torch.zeros(1))
    first.grad, second.grad = torch.tensor([3.0]), torch.tensor([4.0])
    assert float(clip_gradients([first, unused, second], clip_norm)) == pytest.approx(5.0)
    assert [float(first.grad), float(second.grad)] == pytest.approx(after, rel=1e-5)
