"""What a device out of memory is said to need, by the settings that are not used yet."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rodepil.config.settings import TrainSettings
from rodepil.errors import TrainingError
from rodepil.train.memory import named_memory_errors


def said(size: int, **settings: Any) -> str:
    train = TrainSettings(**settings)
    with pytest.raises(TrainingError) as error, named_memory_errors(train, size):
        raise torch.OutOfMemoryError
    return str(error.value)


def test_all_that_is_left_to_change_is_named():
    words = said(1, batch_size=8)
    assert "train.batch_size 8 a worker" in words
    for remedy in (
        "train.precision to bf16",
        "train.batch_size to 4 and train.effective_batch to 8",
        "train.activation_checkpointing to true",
        "features.size_px",
    ):
        assert remedy in words


@pytest.mark.parametrize(
    ("size", "batch", "effective", "smaller", "whole"),
    [(1, 9, None, 3, 9), (2, 7, None, 1, 14), (8, 8, 128, 4, 128)],
)
def test_the_smaller_batch_keeps_the_recipe(
    size: int, batch: int, effective: int | None, smaller: int, whole: int
):
    words = said(size, batch_size=batch, effective_batch=effective, workers=size)
    assert f"train.batch_size to {smaller} and train.effective_batch to {whole} " in words
    TrainSettings(batch_size=smaller, effective_batch=whole, workers=size)  # they are allowed


def test_what_is_on_already_is_not_advised():
    words = said(1, batch_size=1, precision="bf16", activation_checkpointing=True)
    assert words.endswith("; take a smaller view (features.frames, features.size_px) or model")
