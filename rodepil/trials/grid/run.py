"""Run a grid of cross-validations: what trials read is made, and nothing finished is run again."""

from __future__ import annotations

from functools import partial

from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.store import Manifest, open_store, snapshot, training_view
from rodepil.track import Tracker
from rodepil.trials.crossval import CrossvalJob
from rodepil.trials.grid.course import Describe
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import GridPlan
from rodepil.trials.grid.rows import GridResult, grid_track, run_rows
from rodepil.trials.limits import Limits
from rodepil.trials.plan import Plan
from rodepil.trials.recording import Figures
from rodepil.trials.restore import restore

__all__ = ["GridResult", "grid_track", "run_grid"]


def run_grid(
    plan: GridPlan,
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
        Of `plan_grid`.
    workspace
        The project.
    limits
        What may run at once.
    tracker
        Where to record; by default the one of the settings, in the grid's own experiment.
    figures
        Draws the figures of predictions that runs hold.
    describe
        Gives the description of a row's run.
    progress
        Told of features that are made, and of every epoch.

    Raises
    ------
    FeatureError, TableError
        Features can't be made.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or does not have what a trial takes; or results can't be written.
    """
    return run_rows(
        plan,
        workspace,
        GridFiles(workspace, plan.grid.name),
        CrossvalJob,
        prepare=partial(_make_snapshots, plan, workspace),
        limits=limits,
        tracker=tracker,
        figures=figures,
        describe=describe,
        progress=progress,
    )


def _make_snapshots(
    plan: GridPlan, workspace: Workspace, tracker: Tracker, progress: Progress
) -> None:
    """Store the features of rows that are to be trained, each view once."""
    wanted: dict[str, Plan] = {}
    for name, row in plan.plans.items():
        waiting = [
            trial
            for trial in plan.trials(name)
            if trial.folder.finished() is None and not restore(trial, tracker)
        ]
        if waiting:
            wanted.setdefault(str(row.trials[0].features), row)
    if not wanted:
        return
    manifest = Manifest(tables.read("clips", workspace.clips), workspace.clips.parent)
    for row in wanted.values():
        trial = row.trials[0]
        view = training_view(trial.settings.features)
        summary = open_store(trial.store, workspace).materialize(
            [view], manifest, progress=progress
        )
        summary.raise_if_failed(())
        snapshot.record(trial.features, summary.features, [view.name])
