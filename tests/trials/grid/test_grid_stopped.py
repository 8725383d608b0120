"""Whatever stops a grid, it goes on and ends with the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.trials.grid.plan import GridPlan
from rodepil.trials.grid.run import run_grid
from rodepil.trials.ray_session import Resources

GRIDDED = Path(__file__).with_name("gridded.py")
PATIENCE_S = 300.0
SOON_S = 30.0


def begin(workspace: Workspace, settings: ProjectSettings, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(GRIDDED), str(workspace.root), settings.model_dump_json(), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until_at_work(process: subprocess.Popen[str], workspace: Workspace, finished: int) -> None:
    """Wait until so many trials are finished and another one has a checkpoint."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"it ended before it was stopped: {process.communicate()}")
        done = len(list(workspace.trials.glob("*/finished.json")))
        if done >= finished and list(workspace.trials.glob("*/checkpoint.pt")):
            return
        time.sleep(0.02)
    pytest.fail("waited too long")


def test_killed_twice_and_interrupted_the_grid_ends_with_the_same_bits(
    done: Any,
    gridded: Callable[[str], Workspace],
    small_plan: Callable[..., GridPlan],
    settings: ProjectSettings,
    resources: Resources,
) -> None:
    assert resources
    workspace = gridded("killed")
    for finished in (0, 2):
        process = begin(workspace, settings)
        until_at_work(process, workspace, finished)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
    process = begin(workspace, settings)
    until_at_work(process, workspace, 3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, said[0]) == (130, "")
    assert time.monotonic() - start < SOON_S
    before = {path: path.stat().st_mtime_ns for path in workspace.trials.glob("*/finished.json")}
    assert len(before) < 6
    result = run_grid(small_plan(workspace), workspace)
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    for name, wanted in done.result.results.items():
        assert result.results[name].predictions.equals(wanted.predictions)
        assert [fold.metrics for fold in result.results[name].folds] == [
            fold.metrics for fold in wanted.folds
        ]


def test_grid_ends_complete_when_one_of_two_nodes_is_lost(
    done: Any, gridded: Callable[[str], Workspace], settings: ProjectSettings
) -> None:
    workspace = gridded("nodes")
    process = begin(workspace, settings, "nodes")
    said, erred = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, erred
    assert said.splitlines()[-2:] == ["['2', '4'] {}", "1 node left"]
    mine, other = (
        {path.parent.name: path.read_bytes() for path in one.trials.glob("*/model.safetensors")}
        for one in (workspace, done.workspace)
    )
    assert mine == other
