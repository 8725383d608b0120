"""The learning rate against hand-made values and PyTorch's schedulers."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import MultiStepLR

from rodepil.config.settings import TrainSettings
from rodepil.train.schedule import learning_rate_at


def test_warm_up_rises_in_equal_steps_to_the_whole():
    settings = TrainSettings(learning_rate=0.8, warmup_epochs=2, decay_epochs=(5,))
    rates = [learning_rate_at(settings, epoch, step, 4) for epoch in range(3) for step in range(4)]
    by_hand = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8]
    assert rates == pytest.approx(by_hand)


def test_steps_down_are_those_of_torch():
    settings = TrainSettings(
        learning_rate=0.005, warmup_epochs=0, decay_epochs=(11, 14), decay_factor=0.1
    )
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.005)
    oracle = MultiStepLR(optimizer, milestones=[11, 14], gamma=0.1)
    for epoch in range(15):
        assert learning_rate_at(settings, epoch, 3, 7) == pytest.approx(oracle.get_last_lr()[0])
        optimizer.step()
        oracle.step()


def test_without_warm_up_and_decay_the_rate_is_constant():
    settings = TrainSettings(learning_rate=0.3, warmup_epochs=0, decay_epochs=())
    assert {learning_rate_at(settings, e, s, 5) for e in range(4) for s in range(5)} == {0.3}
