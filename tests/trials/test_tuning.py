"""Trials side by side on a real Ray: crashes, errors and a caller that stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.trials.plan import make_plan
from rodepil.trials.ray_session import Resources
from rodepil.trials.share import Share
from rodepil.trials.trial import Trial
from rodepil.trials.tuning import Load, run_side_by_side

Copy = Callable[[str], Workspace]


def scratch_left(scratch: Path) -> list[Path]:
    """Return what Tune leaves there, given some time to clean up after its last trial."""
    end = time.monotonic() + 60
    while (left := list(scratch.glob("tune-*"))) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def no_glance(trial: Trial) -> None:
    del trial


@pytest.fixture(scope="module")
def quick(settings: ProjectSettings) -> ProjectSettings:
    """Return settings of trials that take a moment."""
    train = settings.train.model_copy(update={"epochs": 2, "decay_epochs": ()})
    return settings.model_copy(update={"train": train})


def load_of(trials: tuple[Trial, ...], resources: Resources, **more: int) -> Load:
    shares = {trial.id: Share.of(trial.settings.train, [resources]) for trial in trials}
    return Load(trials, shares, **{"slots": 2, "max_failures": 1, **more})


def test_trial_that_crashes_once_more_than_it_may_is_told_and_the_others_end(
    copy: Copy, quick: ProjectSettings, resources: Resources
) -> None:
    plan = make_plan(quick, copy("crashing"))
    crashing, torn, *others = plan.trials
    (crashing.folder.path / "history.json").mkdir(parents=True)  # writing it is a program's fault
    torn.folder.checkpoints.folder.mkdir(parents=True)
    torn.folder.checkpoints.latest.write_bytes(b"torn")
    ended = dict(run_side_by_side(load_of(plan.trials, resources), no_glance))
    assert "history.json" in str(ended[crashing])
    assert "checkpoint" in str(ended[torn])
    assert [ended[trial] for trial in others] == [None]
    assert all(trial.folder.finished() for trial in others)
    assert not scratch_left(plan.folder.path.parent / ".ray")


def test_caller_that_stops_leaves_nothing_to_begin(
    copy: Copy, quick: ProjectSettings, resources: Resources
) -> None:
    plan = make_plan(quick, copy("stopping"))
    running = run_side_by_side(load_of(plan.trials, resources, slots=1), no_glance)
    first, error = next(running)
    assert (first, error) == (plan.trials[0], None)
    running.close()
    assert not scratch_left(plan.folder.path.parent / ".ray")
    assert plan.trials[2].folder.finished() is None


def test_what_killed_processes_left_of_tune_is_swept(
    copy: Copy, quick: ProjectSettings, resources: Resources
) -> None:
    plan = make_plan(quick, copy("sweeping"), folds=[0])
    scratch: Path = plan.folder.path.parent / ".ray"
    (scratch / "tune-0123").mkdir(parents=True)
    (scratch / "tune-0123.lock").touch()
    assert [error for _, error in run_side_by_side(load_of(plan.trials, resources), no_glance)] == [
        None
    ]
    assert not scratch_left(scratch)
