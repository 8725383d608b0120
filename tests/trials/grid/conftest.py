"""A grid of two rows over the small project, run once without being disturbed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rodepil.config.grid import load_grid
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.trials.grid.plan import GridPlan, plan_grid
from rodepil.trials.grid.run import GridResult, run_grid
from rodepil.trials.ray_session import Resources

Copy = Callable[[str], Workspace]

SMALL = """
title: A grid of two rows
source: somewhere
axes:
  frames:
    4: {}
    2: {features.frames: 2}
rows:
  - {frames: 4, paper: {f1: 90}}
  - {frames: 2}
"""
ROWS = ("4", "2")


@dataclass(frozen=True)
class Done:
    """A project whose grid was run."""

    workspace: Workspace
    plan: GridPlan
    result: GridResult


def write_grid_file(workspace: Workspace, text: str = SMALL) -> Path:
    """Write the grid 'small' of a project."""
    path = workspace.root / "experiments" / "small.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def gridded(copy: Copy) -> Callable[[str], Workspace]:
    """Return a function that gives a project with the grid 'small', nothing trained."""

    def made(name: str) -> Workspace:
        workspace = copy(name)
        write_grid_file(workspace)
        return workspace

    return made


@pytest.fixture(scope="session")
def small_plan(settings: ProjectSettings) -> Callable[..., GridPlan]:
    """Return a function that plans the grid 'small' of a project."""

    def plan(workspace: Workspace, **more: object) -> GridPlan:
        grid = load_grid("small", workspace.root, "demo")
        return plan_grid(grid, settings, workspace, **more)  # type: ignore[arg-type]

    return plan


def told(row: str) -> str:
    """Return the description of a row's run."""
    return f"This is row {row}."


@pytest.fixture(scope="session")
def done(
    gridded: Callable[[str], Workspace],
    small_plan: Callable[..., GridPlan],
    resources: Resources,
) -> Done:
    """Return the project after its grid was run without a disturbance."""
    assert resources
    workspace = gridded("grid")
    plan = small_plan(workspace)
    return Done(workspace, plan, run_grid(plan, workspace, describe=told))
