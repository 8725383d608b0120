"""The learning rate against hand-made values and PyTorch's cosine."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from rodepil.config.localize import LocalizeTrainSettings
from rodepil.localize.schedule import learning_rate_at


def test_warm_up_rises_in_equal_steps_to_the_whole():
    settings = LocalizeTrainSettings(learning_rate=0.8, warmup_epochs=2, epochs=3)
    rates = [learning_rate_at(settings, epoch, step, 4) for epoch in range(2) for step in range(4)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])


@pytest.mark.parametrize("warmup", [0, 2])
def test_after_it_the_rate_falls_along_the_cosine_of_torch(warmup: int):
    settings = LocalizeTrainSettings(learning_rate=0.3, warmup_epochs=warmup, epochs=4)
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    oracle = CosineAnnealingLR(optimizer, T_max=4 * 5)
    for done in range(4 * 5):
        got = learning_rate_at(settings, warmup + done // 5, done % 5, 5)
        assert got == pytest.approx(oracle.get_last_lr()[0])
        optimizer.step()
        oracle.step()
