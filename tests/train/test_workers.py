"""Several workers of one trial: real processes that meet over gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

import rodepil
from rodepil.config.settings import AugmentSettings
from rodepil.store.clipset import ClipSet
from rodepil.train.trial import TrialResult, TrialSettings

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(rodepil.__file__).parents[1]
TEST_CLIPS = 7

# By name: clips of the training set, settings beside the batch.
# One batch holds all 8 clips, so that an epoch is a step. Of 13 clips the second batch is 5,
# which two workers can't share evenly.
CURVES: dict[str, tuple[int, dict[str, Any]]] = {
    "steps": (8, {"epochs": 20, "decay_epochs": (), "drop_path": 0.0}),
    "uneven": (13, {"epochs": 4, "decay_epochs": (), "drop_path": 0.0}),
    "shallow": (13, {"epochs": 2, "decay_epochs": (), "drop_path": 0.0, "depth": 1}),
}
# What two workers with batch 4 do otherwise, by name, and the curve that they have to follow.
# The compiled network is that of test_compiling.py, so that torch finds it compiled already.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "gathered": ("uneven", {"batch_size": 2, "effective_batch": 8}),
    "compiled": ("shallow", {"compile": True}),
}
# Gradients of more than DistributedDataParallel's first bucket, so that it groups them anew.
STOPPED: dict[str, dict[str, Any]] = {
    "every pass": {"width": 192, "mixup_alpha": 0.4, "decay_epochs": (), "batch_size": 2},
    "gathered": {
        "width": 192,
        "decay_epochs": (),
        "batch_size": 1,
        "effective_batch": 6,
        "ema_decay": 0.5,
        "activation_checkpointing": True,
    },
}

Recipe = Callable[..., TrialSettings]
Output = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """One trial for worker.py."""

    settings: TrialSettings
    clips: int
    checkpoints: str


def work(
    folder: Path, size: int, bars: Callable[..., ClipSet], trials: Mapping[str, Work]
) -> list[dict[str, Output]]:
    """Run worker.py `size` times at once and return what each wrote."""
    inputs = {
        name: {
            "settings": trial.settings.model_dump_json(),
            "training": asdict(bars(trial.clips, seed=1, side="training", dim=True)),
            "testing": asdict(bars(TEST_CLIPS, seed=2, side="testing", dim=True)),
            "checkpoints": trial.checkpoints,
        }
        for name, trial in trials.items()
    }
    torch.save(inputs, folder / "inputs.pt")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", WORKER, folder, str(rank), str(size)],
            env=environment, cwd=folder, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(size)
    ]  # fmt: skip
    try:
        for worker in workers:
            _, errors = worker.communicate(timeout=120)
            assert worker.returncode == 0, errors
    finally:
        for worker in workers:
            worker.kill()
    return [torch.load(folder / f"outputs-{r}.pt", weights_only=True) for r in range(size)]


@pytest.fixture(scope="module")
def alone(
    recipe: Recipe,
    run: Callable[..., TrialResult],
    still: AugmentSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, TrialResult]:
    """Train with one worker of batch 8."""
    return {
        name: run(
            recipe(batch_size=8, augment=still, **settings),
            tmp_path_factory.mktemp(name),
            clips=(clips, TEST_CLIPS),
            dim=True,
        )
        for name, (clips, settings) in CURVES.items()
    }


@pytest.fixture(scope="module")
def two(
    recipe: Recipe,
    moving_bars: Callable[..., ClipSet],
    still: AugmentSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[dict[str, Output]]:
    """Train the same with two workers of batch 4."""
    plain: dict[str, tuple[str, dict[str, Any]]] = {name: (name, {}) for name in CURVES}
    trials = {}
    for name, (curve, otherwise) in (plain | WAYS).items():
        clips, settings = CURVES[curve]
        of = recipe(**{"batch_size": 4, "augment": still, **settings, **otherwise})
        trials[name] = Work(of, clips, name)
    return work(tmp_path_factory.mktemp("two"), 2, moving_bars, trials)


@pytest.fixture(scope="module")
def three(
    recipe: Recipe, moving_bars: Callable[..., ClipSet], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Output]]:
    """Train with three workers at once, and stopped after two epochs of three."""
    trials = {
        f"{name} {way}": Work(recipe(epochs=epochs, **settings), 11, f"{name} {checkpoints}")
        for name, settings in STOPPED.items()
        for way, epochs, checkpoints in (
            ("whole", 3, "whole"),
            ("stopped", 2, "parts"),
            ("resumed", 3, "parts"),
        )
    }
    return work(tmp_path_factory.mktemp("three"), 3, moving_bars, trials)


def losses(history: Sequence[Mapping[str, float]]) -> list[float]:
    return [epoch["train_loss"] for epoch in history]


def test_two_workers_follow_the_loss_of_one_with_twice_the_batch(
    alone: dict[str, TrialResult], two: list[dict[str, Output]]
):
    one = losses([report.metrics for report in alone["steps"].history])
    both = losses(two[0]["steps"]["history"])
    assert both[0] == pytest.approx(one[0], abs=1e-5)
    assert both == pytest.approx(one, abs=1e-3)
    assert len(one) == 20
    assert one[-1] < 0.5 * one[0]


@pytest.mark.parametrize(
    ("name", "curve"), [("uneven", "uneven"), ("gathered", "uneven"), ("compiled", "shallow")]
)
def test_a_batch_that_cannot_be_shared_evenly_gives_the_same_loss(
    alone: dict[str, TrialResult], two: list[dict[str, Output]], name: str, curve: str
):
    one = losses([report.metrics for report in alone[curve].history])
    assert losses(two[0][name]["history"]) == pytest.approx(one, abs=1e-5)


def test_predictions_are_gathered_whole_and_in_order(
    alone: dict[str, TrialResult], two: list[dict[str, Output]]
):
    one = alone["uneven"].predictions.to_pydict()
    for output in two:
        both = output["uneven"]["predictions"]
        assert both["clip_id"] == one["clip_id"] == [f"testing-{i}" for i in range(TEST_CLIPS)]
        assert both["score"] == pytest.approx(one["score"], abs=1e-4)


@pytest.mark.parametrize("name", STOPPED)
def test_all_workers_end_with_the_same_network_and_numbers(
    three: list[dict[str, Output]], name: str
):
    first, *others = (output[f"{name} whole"] for output in three)
    for other in others:
        assert other["predictions"] == first["predictions"]
        assert losses(other["history"]) == losses(first["history"])
        for key, value in first["model"].items():
            assert torch.equal(value, other["model"][key]), key


@pytest.mark.parametrize("name", STOPPED)
def test_a_stopped_trial_of_three_workers_ends_with_the_same_numbers(
    three: list[dict[str, Output]], name: str
):
    whole, resumed = (three[0][f"{name} {way}"] for way in ("whole", "resumed"))
    assert resumed["predictions"] == whole["predictions"]
    assert losses(resumed["history"]) == losses(whole["history"])
