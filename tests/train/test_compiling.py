"""Compiled training: the same numbers to rounding, one compilation, a clear word where it fails.

The networks here are as small as can be, for torch compiles C++ for each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from rodepil.errors import TrainingError
from rodepil.train.trial import TrialResult, TrialSettings

SMALL: dict[str, Any] = {"depth": 1, "drop_path": 0.0, "decay_epochs": ()}
CLIPS = (6, 7)  # batches of 4 and 2 in training, of 4 and 3 in testing

Recipe = Callable[..., TrialSettings]
Run = Callable[..., TrialResult]


def losses(result: TrialResult, name: str) -> list[float]:
    return [report.metrics[name] for report in result.history]


def test_a_compiled_trial_is_the_same_one_and_compiled_once(
    recipe: Recipe, run: Run, tmp_path: Path
):
    plain = run(recipe(**SMALL), tmp_path / "plain", clips=CLIPS)
    before = counters["stats"]["unique_graphs"]
    compiled = run(recipe(compile=True, **SMALL), tmp_path / "compiled", clips=CLIPS)
    assert counters["stats"]["unique_graphs"] - before == 2  # one to train, one to test
    for name in ("train_loss", "test_loss", "gradient_norm"):
        assert losses(compiled, name) == pytest.approx(losses(plain, name), rel=1e-4), name
    assert list(compiled.model.state_dict()) == list(plain.model.state_dict())
    with torch.inference_mode():  # what is kept is not compiled
        compiled.model(torch.zeros(1, 5, 3, 16, 16))
    assert counters["stats"]["unique_graphs"] - before == 2

    run(recipe(compile=True, **SMALL, epochs=1), tmp_path / "stopped", clips=CLIPS)
    resumed = run(recipe(compile=True, **SMALL), tmp_path / "stopped", clips=CLIPS)
    assert resumed.predictions.equals(compiled.predictions)
    assert losses(resumed, "train_loss") == losses(compiled, "train_loss")


def test_a_machine_without_a_compiler_is_an_error_with_the_remedy(
    recipe: Recipe, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch._inductor.config.cpp, "cxx", (None, str(tmp_path / "none")))
    settings = recipe(compile=True, width=24, **SMALL)  # a width that was not compiled before
    with pytest.raises(TrainingError, match=r"can't be compiled here .*g\+\+ .*train.compile to"):
        run(settings, tmp_path, clips=CLIPS)
