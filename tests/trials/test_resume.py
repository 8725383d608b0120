"""Whatever stops a cross-validation, it goes on and ends with the same bits in the same runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.files import write_json
from rodepil.trials import tuning
from rodepil.trials.crossval import CrossvalResult, cross_validate
from rodepil.trials.ray_session import Resources

Copy = Callable[[str], Workspace]

CROSS = Path(__file__).with_name("cross.py")
INTERRUPTED = 130
PATIENCE_S = 300.0
SWEPT_S = 60.0
"""How long Ray may take to end all its processes after its driver was killed."""


def epochs(workspace: Workspace, trial_id: str) -> list[int]:
    """Return the epochs that a trial has left so far."""
    path = workspace.trials / trial_id / "history.json"
    return [entry["epoch"] for entry in json.loads(path.read_bytes())] if path.is_file() else []


def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail("waited too long")
        time.sleep(0.02)


@dataclass(frozen=True)
class Stop:
    """What was seen of a process that was stopped in the middle of a fold."""

    code: int
    said: str
    seconds: float
    epochs: dict[str, list[int]]
    run_ids: dict[str, str]
    statuses: dict[str, str]
    left: list[str]


@dataclass(frozen=True)
class Interrupted:
    """A project that was stopped twice, and what came of it in the end."""

    workspace: Workspace
    stops: tuple[Stop, Stop]
    result: CrossvalResult


@pytest.fixture(scope="session")
def interrupted(
    copy: Copy, settings: ProjectSettings, resources: Resources, halt: Any
) -> Interrupted:
    """Stop it by Ctrl-C, then kill all of it, then let it end."""
    assert resources
    workspace = copy("interrupted")
    stops = (
        stop(workspace, settings, signal.SIGINT, halt),
        stop(workspace, settings, signal.SIGKILL, halt),
    )
    return Interrupted(workspace, stops, cross_validate(settings, workspace))


def stop(workspace: Workspace, settings: ProjectSettings, by: signal.Signals, halt: Any) -> Stop:
    """Start a cross-validation and stop it when a fold at work has two epochs more."""
    total = settings.train.epochs
    before = {path.name: epochs(workspace, path.name) for path in trial_folders(workspace)}
    process = subprocess.Popen(
        [sys.executable, str(CROSS), str(workspace.root), settings.model_dump_json()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

    def done() -> int:
        """Return the most epochs that a trial which is not finished has more."""
        new = {path.name: len(epochs(workspace, path.name)) for path in trial_folders(workspace)}
        return max(
            (now - len(before.get(name, [])) for name, now in new.items() if now < total), default=0
        )

    with halt(process, done, workspace) as family:
        start = time.monotonic()
        if by is signal.SIGKILL:
            os.killpg(process.pid, by)
        else:
            process.send_signal(by)
        said, _ = process.communicate(timeout=PATIENCE_S)
    seconds = time.monotonic() - start
    _, left = psutil.wait_procs(family, timeout=SWEPT_S)
    seen = {path.name: epochs(workspace, path.name) for path in trial_folders(workspace)}
    return Stop(
        code=process.returncode,
        said=said,
        seconds=seconds,
        epochs={name: done for name, done in seen.items() if done != before.get(name)},
        run_ids=run_ids(workspace),
        statuses=statuses(workspace),
        left=[" ".join(process.cmdline()) for process in left],
    )


def trial_folders(workspace: Workspace) -> list[Path]:
    """Return the folders of trials at work, and of finished ones."""
    return [path.parent for path in workspace.trials.glob("*/history.json")]


def run_ids(workspace: Workspace) -> dict[str, str]:
    """Return the run of every trial that has one."""
    paths = [folder / "runs.json" for folder in trial_folders(workspace)]
    found = {path.parent.name: json.loads(path.read_bytes()) for path in paths if path.is_file()}
    assert all(len(records) == 1 for records in found.values())
    return {name: records[0]["run_id"] for name, records in found.items()}


def runs(workspace: Workspace) -> list[Any]:
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    return list(client.search_runs([client.get_experiment_by_name("small").experiment_id]))


def statuses(workspace: Workspace) -> dict[str, str]:
    return {run.info.run_name: run.info.status for run in runs(workspace)}


def test_stopped_and_resumed_gives_the_same_bits(
    interrupted: Interrupted, trained: Any, settings: ProjectSettings
) -> None:
    for stopped in interrupted.stops:
        assert any(1 < len(done) < settings.train.epochs for done in stopped.epochs.values())
    assert interrupted.result.predictions.equals(trained.result.predictions)
    for fold in trained.result.folds:
        mine, other = (
            workspace.trials / fold.trial.id / "model.safetensors"
            for workspace in (interrupted.workspace, trained.workspace)
        )
        assert mine.read_bytes() == other.read_bytes()


def test_resumed_folds_go_on_in_their_runs(interrupted: Interrupted) -> None:
    folds = {fold.trial.id: fold.run_id for fold in interrupted.result.folds}
    for stopped in interrupted.stops:
        assert stopped.run_ids
        assert stopped.run_ids.items() <= folds.items()
    assert len(runs(interrupted.workspace)) == 1 + len(folds)
    assert set(statuses(interrupted.workspace).values()) == {"FINISHED"}


def test_no_epoch_is_recorded_twice_or_lost(
    interrupted: Interrupted, settings: ProjectSettings
) -> None:
    client = MlflowClient(f"sqlite:///{interrupted.workspace.mlflow_database}")
    for fold in interrupted.result.folds:
        for key in ("train_loss", "test_f1", "seconds"):
            history = client.get_metric_history(fold.run_id, key)
            assert sorted(metric.step for metric in history) == list(range(settings.train.epochs))


def test_interrupt_ends_in_seconds_and_marks_the_runs(interrupted: Interrupted) -> None:
    by_hand, _ = interrupted.stops
    assert by_hand.code == INTERRUPTED
    assert by_hand.said == ""
    assert by_hand.seconds < SWEPT_S
    assert "KILLED" in by_hand.statuses.values()
    assert "RUNNING" not in by_hand.statuses.values()


def test_interrupt_records_what_is_finished_and_was_not_told(
    copy: Copy, settings: ProjectSettings, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resources
    workspace = copy("interrupted-late")
    train = settings.train.model_copy(update={"epochs": 1, "decay_epochs": ()})
    quick = settings.model_copy(update={"train": train})
    run = tuning.run_side_by_side

    def interrupted_before_it_is_told(*arguments: Any) -> Iterator[Any]:
        first, *_ = run(*arguments)
        yield first
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "run_side_by_side", interrupted_before_it_is_told)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(quick, workspace, folds=[0, 1])
    assert statuses(workspace) == {
        "cross-validation": "KILLED",
        "cross-validation/fold-0": "FINISHED",
        "cross-validation/fold-1": "FINISHED",
    }


def test_no_process_of_ray_is_left_behind(interrupted: Interrupted) -> None:
    assert [stopped.left for stopped in interrupted.stops] == [[], []]


def test_crashed_worker_goes_on_from_its_checkpoint(
    copy: Copy, settings: ProjectSettings, resources: Resources, trained: Any
) -> None:
    assert resources
    workspace = copy("crashed")
    trial_id = trained.result.folds[2].trial.id
    killed: list[list[int]] = []

    def crash() -> None:
        until(lambda: len(epochs(workspace, trial_id)) >= 2)
        (worker,) = workers()
        worker.kill()
        killed.append(epochs(workspace, trial_id))

    thread = threading.Thread(target=crash)
    thread.start()
    result = cross_validate(settings, workspace, folds=[2])
    thread.join()
    assert 2 <= len(killed[0]) < settings.train.epochs
    first = trained.result.predictions
    wanted = first.filter([fold == 2 for fold in first.column("fold").to_pylist()])
    assert result.predictions.equals(wanted)
    done = [report.epoch for report in result.folds[0].history]
    assert done == list(range(settings.train.epochs))


def workers() -> Iterator[psutil.Process]:
    """Yield the processes under this one in which Ray Tune runs trials."""
    for process in psutil.Process().children(recursive=True):
        if "ray::ImplicitFunc" in " ".join(process.cmdline()):
            yield process


def test_trial_whose_last_record_was_not_told_is_told_and_not_trained(
    trained: Any, settings: ProjectSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = trained.result.folds[0]
    record = trained.workspace.trials / fold.trial.id / "runs.json"
    before = json.loads(record.read_bytes())
    write_json(record, [run | {"complete": ""} for run in before])
    monkeypatch.setattr(
        "rodepil.trials.tuning.run_side_by_side", lambda *_, **__: pytest.fail("trained")
    )
    assert cross_validate(settings, trained.workspace) == trained.result
    assert json.loads(record.read_bytes())[-1]["complete"]
