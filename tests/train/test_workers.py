"""Several workers of one trial: real processes that meet over gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

import rodepil
from rodepil.config.settings import AugmentSettings
from rodepil.errors import TrainingError
from rodepil.store.clipset import ClipSet
from rodepil.train.trial import TrialSettings, World
from rodepil.train.world import choose_device

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(rodepil.__file__).parents[1]
TEST_CLIPS = 7

Outputs = dict[str, list[dict[str, Any]]]


def work(folder: Path, size: int) -> list[dict[str, Any]]:
    """Run worker.py `size` times at once and return what each wrote."""
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
def outputs(
    recipe: Callable[..., TrialSettings],
    still: AugmentSettings,
    moving_bars: Callable[..., ClipSet],
    tmp_path_factory: pytest.TempPathFactory,
) -> Outputs:
    """Train alike with one worker of batch 8 and with two of batch 4."""
    gathered = {}
    for name, size, batch in (("alone", 1, 8), ("together", 2, 4)):

        def trial(
            clips: int, epochs: int, folder: str, batch: int = batch, **train: Any
        ) -> dict[str, Any]:
            settings = recipe(
                epochs=epochs, batch_size=batch, decay_epochs=(), augment=still, **train
            )
            return {
                "settings": settings.model_dump_json(),
                "training": asdict(moving_bars(clips, seed=1, side="training", dim=True)),
                "testing": asdict(moving_bars(TEST_CLIPS, seed=2, side="testing", dim=True)),
                "checkpoints": folder,
            }

        trials = {
            # One batch holds all clips, so that an epoch is a step.
            "steps": trial(8, 20, "steps", drop_path=0.0),
            # A whole batch and one of 5 clips, which two workers can't share evenly.
            "uneven": trial(13, 4, "uneven", drop_path=0.0),
            "busy": trial(13, 4, "busy", mixup_alpha=0.4),
            "busy, stopped": trial(13, 2, "halves", mixup_alpha=0.4),
            "busy, resumed": trial(13, 4, "halves", mixup_alpha=0.4),
        }
        folder = tmp_path_factory.mktemp(name)
        torch.save(trials, folder / "inputs.pt")
        gathered[name] = work(folder, size)
    return gathered


def curve(output: dict[str, Any]) -> list[float]:
    return [epoch["train_loss"] for epoch in output["history"]]


def test_two_workers_follow_the_loss_of_one_with_twice_the_batch(outputs: Outputs):
    alone, together = (curve(outputs[name][0]["steps"]) for name in ("alone", "together"))
    assert together[0] == pytest.approx(alone[0], abs=1e-5)
    assert together == pytest.approx(alone, abs=1e-3)
    assert len(alone) == 20
    assert alone[-1] < 0.9 * alone[0]


def test_a_batch_that_cannot_be_shared_evenly_gives_the_same_loss(outputs: Outputs):
    alone, together = (curve(outputs[name][0]["uneven"]) for name in ("alone", "together"))
    assert together == pytest.approx(alone, abs=1e-5)


def test_predictions_are_gathered_whole_and_in_order(outputs: Outputs):
    alone, *together = (
        outputs[name][rank]["uneven"]["predictions"]
        for name, rank in (("alone", 0), ("together", 0), ("together", 1))
    )
    for rows in together:
        assert rows["clip_id"] == alone["clip_id"] == [f"testing-{i}" for i in range(TEST_CLIPS)]
        assert rows["score"] == pytest.approx(alone["score"], abs=1e-4)


def test_workers_end_with_the_same_network_and_numbers(outputs: Outputs):
    first, second = (output["busy"] for output in outputs["together"])
    assert first["predictions"] == second["predictions"]
    assert curve(first) == curve(second)
    for name, value in first["model"].items():
        assert torch.equal(value, second["model"][name]), name


def test_a_stopped_trial_of_two_workers_ends_with_the_same_numbers(outputs: Outputs):
    whole, resumed = (outputs["together"][0][name] for name in ("busy", "busy, resumed"))
    assert resumed["predictions"] == whole["predictions"]
    assert curve(resumed) == curve(whole)


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
