"""Run a grid: nothing finished is run again, and a trial that fails does not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rodepil.config.grid import GridRow
from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.store import Manifest, open_store, snapshot, training_view
from rodepil.track import Tracker, open_tracker
from rodepil.trials.grid.course import Describe, GridCourse
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import GridPlan, RowPlans
from rodepil.trials.limits import Limits
from rodepil.trials.lineage import keep_lineage
from rodepil.trials.plan import Plan
from rodepil.trials.provenance import git_tags
from rodepil.trials.recording import Figures, Recorder
from rodepil.trials.restore import restore
from rodepil.trials.running import CrossvalJob, closing_runs, epochs_of, finish_all
from rodepil.trials.task import AnyResult


@dataclass(frozen=True)
class GridResult:
    """What came of a grid.

    Attributes
    ----------
    plan
        What was to be done.
    results
        By row; those without a finished trial are none.
    failed
        Why trials failed, by row and fold; rows without a failure are none.
    note
        What was said at its start, if anything.
    """

    plan: RowPlans[Any]
    results: Mapping[str, AnyResult]
    failed: Mapping[str, Mapping[int, str]]
    note: str = ""


def grid_track(settings: TrackSettings, grid: str) -> TrackSettings:
    """Return where a grid is recorded: in an experiment of its own below the project's."""
    return settings.model_copy(update={"experiment": f"{settings.experiment}/{grid}"})


def row_tags(row: GridRow) -> dict[str, str]:
    """Return what runs of a row are found by: its name, and its words as ``grid.size``."""
    return {"row": row.name, **{f"grid.{axis}": word for axis, word in row.words.items()}}


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
    files = GridFiles(workspace, plan.grid.name)
    with files.alone():
        return _run(
            plan,
            workspace,
            files,
            limits=limits,
            tracker=tracker,
            figures=figures,
            describe=describe,
            shown=progress or Silent(),
        )


def _run(
    plan: GridPlan,
    workspace: Workspace,
    files: GridFiles,
    *,
    limits: Limits | None,
    tracker: Tracker | None,
    figures: Figures | None,
    describe: Describe | None,
    shown: Progress,
) -> GridResult:
    """Run what is not finished, with the grid's files held."""
    settings = next(iter(plan.settings.values()))
    track = grid_track(settings.track, plan.grid.name)
    course = GridCourse(plan, files, track.experiment, describe)
    if course.note:
        logging.getLogger("rodepil").warning(course.note)
    listening = tracker or open_tracker(track, workspace)
    _make_snapshots(plan, workspace, listening, shown)
    tags = {**git_tags(workspace.root), "grid": plan.grid.name}
    words = {row.name: row_tags(row) for row in plan.grid.rows}
    jobs = [
        CrossvalJob(
            row,
            Recorder(listening, row, figures, tags | words[name], keep_lineage(row, workspace)),
            frozenset(plan.folds),
        )
        for name, row in plan.plans.items()
    ]
    with (
        closing_runs(jobs),
        shown.task(f"grid {plan.grid.name}", epochs_of(jobs), "epochs") as advance,
    ):
        finish_all(jobs, advance, limits, course.end)
    return GridResult(plan, course.results, course.failed, course.note)


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
