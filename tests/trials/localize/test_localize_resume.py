"""A localization that was killed goes on in its runs and ends with the same bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.track.opening import open_journal
from rodepil.trials.localize.run import Localization, localize_trials

LOCALIZED = Path(__file__).with_name("localized.py")
EPOCHS = 35


def epochs(workspace: Workspace) -> dict[str, int]:
    """Return how many epochs each trial has left so far."""
    paths = workspace.trials.glob("*/history.json")
    return {path.parent.name: len(json.loads(path.read_bytes())) for path in paths}


def killed_in_the_middle(
    workspace: Workspace, settings: ProjectSettings, halt: Any
) -> dict[str, int]:
    """Start a localization, kill all of it in a trial's middle, and return what epochs it left."""
    process = subprocess.Popen(
        [sys.executable, str(LOCALIZED), str(workspace.root), settings.model_dump_json()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

    def done() -> int:
        return max((now for now in epochs(workspace).values() if now < EPOCHS), default=0)

    with halt(process, done, workspace) as family:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    psutil.wait_procs(family, timeout=60)
    return epochs(workspace)


@pytest.fixture(scope="module")
def resumed(
    copy_units: Any, unit_settings: ProjectSettings, resources: Any, halt: Any
) -> tuple[Workspace, dict[str, int], dict[str, str], Localization]:
    """Return a project that was killed and went on: the epochs and runs it left, and its end."""
    assert resources
    workspace = copy_units("killed")
    left = killed_in_the_middle(workspace, unit_settings, halt)
    paths = workspace.trials.glob("*/runs.json")
    runs = {path.parent.name: json.loads(path.read_bytes())[0]["run_id"] for path in paths}
    return workspace, left, runs, localize_trials(unit_settings, workspace)


def test_killed_and_resumed_gives_the_same_bits(resumed: Any, localized: Any) -> None:
    _, left, _, result = resumed
    assert any(1 < done < EPOCHS for done in left.values())
    for name, one in localized.result.variants.items():
        other = result.variants[name]
        assert other.detections.equals(one.detections)
        assert other.mean == one.mean
        mine, theirs = (each.folds[0].trial.folder.model for each in (other, one))
        assert mine.read_bytes() == theirs.read_bytes()


def test_a_kill_makes_no_second_run_and_no_epoch_twice(resumed: Any) -> None:
    workspace, _, before, result = resumed
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    runs = client.search_runs([client.get_experiment_by_name("small").experiment_id])
    assert len(runs) == 2 * len(result.variants)
    assert {run.info.status for run in runs} == {"FINISHED"}
    for one in result.variants.values():
        (fold,) = one.folds
        assert before.get(fold.trial.id, fold.run_id) == fold.run_id
        steps = [point.step for point in client.get_metric_history(fold.run_id, "train_loss")]
        assert sorted(steps) == list(range(EPOCHS))
    assert before


def test_the_journal_holds_the_same_runs(resumed: Any, unit_settings: ProjectSettings) -> None:
    workspace, _, _, result = resumed
    journal = open_journal(unit_settings.track, workspace)
    for one in result.variants.values():
        (fold,) = one.folds
        (run,) = journal.find({"trial_id": fold.trial.id}, everywhere=True)
        assert run.status == "finished"
        assert run.metrics["test_mean_map"] == fold.measures["mean_map"]
