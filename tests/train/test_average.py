"""The average of the weights by its formula, and where a trial uses it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rodepil.config.settings import TrainSettings
from rodepil.store.clipset import ClipSet
from rodepil.train.average import average_of
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.learner import make_learner
from rodepil.train.step import change_weights
from rodepil.train.trial import TrialResult, TrialSettings
from rodepil.train.world import World


def by_hand(weights: list[Tensor], decay: float) -> Tensor:
    """Average what each step left, in float64."""
    average = weights[0].double()
    for steps, weight in enumerate(weights[1:], start=1):
        kept = min(decay, (1 + steps) / (10 + steps))
        average = kept * average + (1 - kept) * weight.double()
    return average


@pytest.mark.parametrize("decay", [0.15, 0.6, 0.999])
def test_the_average_follows_its_formula(decay: float):
    generator = torch.Generator().manual_seed(0)
    settings = TrainSettings(optimizer="sgd", learning_rate=0.1, ema_decay=decay, clip_norm=0)
    learner = make_learner(nn.Linear(3, 2), torch.ones(2), settings, World())
    seen = []
    for _ in range(30):
        for parameter in learner.module.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        change_weights(learner, 0.1)
        seen.append(learner.module.weight.detach().clone())
    torch.testing.assert_close(
        learner.scored.weight.double(), by_hand(seen, decay), rtol=1e-5, atol=1e-6
    )
    assert not learner.scored.weight.requires_grad


def test_the_first_weights_are_forgotten_in_a_short_training():
    module = nn.Linear(1, 1, bias=False)
    average = average_of(module, 0.9999)
    for step in range(200):
        nn.init.constant_(module.weight, 1.0 if step == 0 else 0.0)
        average.update_parameters(module)
    assert float(average.module.weight) < 1e-9


def test_a_decay_of_zero_keeps_no_average():
    assert average_of(nn.Linear(1, 1), 0.0) is None
    learner = make_learner(nn.Linear(3, 2), torch.ones(2), TrainSettings(), World())
    assert learner.scored is learner.module


def test_the_average_is_what_is_scored_and_kept(
    recipe: Callable[..., TrialSettings],
    run: Callable[..., TrialResult],
    moving_bars: Callable[..., ClipSet],
    tmp_path: Path,
):
    result = run(recipe(ema_decay=0.99), tmp_path)
    kept = CheckpointFolder(tmp_path).load()
    assert kept is not None
    for name, value in result.model.state_dict().items():
        assert torch.equal(value, kept.average[f"module.{name}"]), name
    assert not torch.equal(kept.model["head.weight"], kept.average["module.head.weight"])
    frames = (moving_bars(7, seed=2, side="testing").frames.float() / 255 - 0.45) / 0.225
    with torch.inference_mode():
        logits = result.model(frames)
    assert result.predictions.column("score").to_pylist() == pytest.approx(
        logits.softmax(dim=1)[:, 1].tolist(), abs=1e-5
    )
    plain = run(recipe(), tmp_path / "plain")
    for averaged, last in zip(result.history, plain.history, strict=True):
        assert averaged.metrics["train_loss"] == last.metrics["train_loss"]
        assert not math.isclose(averaged.metrics["test_loss"], last.metrics["test_loss"])
