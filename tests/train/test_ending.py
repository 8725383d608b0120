"""When training ends, by hand-made histories; and that a trial does end there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.settings import TrainSettings
from rodepil.train.ending import is_over
from rodepil.train.trial import TrialResult, TrialSettings


@pytest.mark.parametrize(
    ("patience", "losses", "over"),
    [
        (1, [], False),
        (1, [0.5], False),
        (1, [0.5, 0.4], False),
        (1, [0.5, 0.5], True),  # it has not fallen
        (1, [0.5, 0.6], True),
        (2, [0.5, 0.6], False),
        (2, [0.5, 0.6, 0.4999], False),  # by any amount
        (2, [0.5, 0.6, 0.55], True),  # below 0.6, but not below the lowest
        (2, [0.5, 0.4, 0.6, 0.3, 0.4], False),
        (2, [0.5, 0.4, 0.6, 0.3, 0.4, 0.3], True),
        (None, [0.5, 0.6, 0.7, 0.8, 0.9], False),
        (None, [0.5] * 6, True),  # all epochs are done
        (9, [0.5] * 6, True),
    ],
)
def test_training_ends_when_the_loss_has_not_fallen_below_its_lowest(
    patience: int | None, losses: list[float], *, over: bool
):
    assert is_over(TrainSettings(epochs=6, early_stop_epochs=patience), losses) == over


def test_early_stop_is_off_by_default():
    assert TrainSettings().early_stop_epochs is None


def test_a_trial_ends_early_and_stays_ended(
    recipe: Callable[..., TrialSettings], run: Callable[..., TrialResult], tmp_path: Path
):
    settings = recipe(epochs=30, learning_rate=0.5, optimizer="sgd", early_stop_epochs=2)
    early = run(settings, tmp_path / "early")
    losses = [report.metrics["train_loss"] for report in early.history]
    lowest = min(range(len(losses)), key=lambda epoch: losses[epoch])
    assert len(losses) == lowest + 3 < 30

    longer = settings.train.model_copy(update={"early_stop_epochs": None, "epochs": len(losses)})
    whole = run(settings.model_copy(update={"train": longer}), tmp_path / "whole")
    assert [report.metrics["train_loss"] for report in whole.history] == losses
    assert whole.predictions.equals(early.predictions)

    seen: list[object] = []
    again = run(settings, tmp_path / "early", on_epoch=seen.append)
    assert not seen
    assert again.predictions.equals(early.predictions)
