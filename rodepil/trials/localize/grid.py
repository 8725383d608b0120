"""Grids of localizers: a localization a row, the trials of all rows side by side.

What comes of it lies beside other grids, in ``results/grids/<grid>/localize.json`` and
``rows/<row>.json`` with the segments that were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rodepil.config.grid import Grid
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.progress import Progress
from rodepil.track import Tracker
from rodepil.trials.grid.course import Describe
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import RowPlans
from rodepil.trials.grid.rows import GridResult, run_rows
from rodepil.trials.limits import Limits
from rodepil.trials.localize.identity import localize_recipe
from rodepil.trials.localize.plan import LocalizePlan, localize_settings, plan_localization
from rodepil.trials.localize.results import LocalizeJob
from rodepil.trials.recording import Figures

RECORD = "localize.json"
"""What tells the rows of such a grid."""


@dataclass(frozen=True)
class LocalizeGridPlan(RowPlans[LocalizePlan]):
    """The trials of a grid whose rows localize."""

    shared: ClassVar[tuple[str, ...]] = ("clips", "events", "folds")

    def recipe(self, row: str) -> str:
        """Return a hash of a row's settings and code, which its results have to be of."""
        return localize_recipe(localize_settings(self.settings[row]))


def plan_localize_grid(
    grid: Grid,
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    rows: Sequence[str] = (),
    folds: Sequence[int] | None = None,
) -> LocalizeGridPlan:
    """Return the trials of a grid whose rows localize; see `RowPlans.of`.

    What is refused is what `plan_localization` refuses, too.
    """

    def plan(name: str, its: ProjectSettings) -> LocalizePlan:
        return plan_localization(its, workspace, name=name)

    return LocalizeGridPlan.of(grid, settings, plan, workspace.units_folds, rows=rows, folds=folds)


def run_localize_grid(
    plan: LocalizeGridPlan,
    workspace: Workspace,
    *,
    limits: Limits | None = None,
    tracker: Tracker | None = None,
    figures: Figures | None = None,
    describe: Describe | None = None,
    progress: Progress | None = None,
) -> GridResult:
    """Run what is not finished, and record and write what came of every row as it ends.

    Parameters
    ----------
    plan
        Of `plan_localize_grid`.
    workspace
        The project.
    limits
        What may run at once.
    tracker
        Where to record; by default the one of the settings, in the grid's own experiment.
    figures
        Draws the figures of found segments that runs hold.
    describe
        Gives the description of a row's run.
    progress
        Told of every epoch.

    Raises
    ------
    FeatureError, TableError
        Features can't be made again.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or does not have what a trial takes; or results can't be written.
    """
    return run_rows(
        plan,
        workspace,
        GridFiles(workspace, plan.grid.name, RECORD),
        LocalizeJob,
        limits=limits,
        tracker=tracker,
        figures=figures,
        describe=describe,
        progress=progress,
    )
