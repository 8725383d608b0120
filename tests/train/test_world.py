"""Workers and devices that can't be."""

from __future__ import annotations

import pytest
import torch

from rodepil.errors import TrainingError
from rodepil.train.world import World, choose_device


def test_several_workers_want_a_process_group():
    with pytest.raises(TrainingError, match="init_process_group"):
        World(rank=0, size=2)


def test_a_rank_past_the_workers_is_refused():
    with pytest.raises(TrainingError, match="rank 1 of 1"):
        World(rank=1, size=1)


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    missing = "cuda" if not torch.cuda.is_available() else "mps"
    with pytest.raises(TrainingError, match=f"'{missing}' is not there; .*cpu"):
        choose_device(missing)


def test_auto_takes_the_best_device_there_is():
    best = (
        "cuda"
        if torch.cuda.is_available()
        else "mps"
        if torch.backends.mps.is_available()
        else "cpu"
    )
    assert choose_device("auto").type == best
    assert choose_device("cpu") == torch.device("cpu")
