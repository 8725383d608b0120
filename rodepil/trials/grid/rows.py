"""Run the rows of a grid: a trial that fails does not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rodepil.config.grid import GridRow
from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.io.progress import Progress, Silent
from rodepil.track import Tracker, open_tracker
from rodepil.trials.grid.course import Describe, GridCourse
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import RowPlans
from rodepil.trials.job import Job, epochs_of
from rodepil.trials.limits import Limits
from rodepil.trials.lineage import keep_lineage
from rodepil.trials.provenance import git_tags
from rodepil.trials.recording import Figures, Recorder
from rodepil.trials.running import closing_runs, finish_all
from rodepil.trials.task import AnyPlan, AnyResult

P = TypeVar("P", bound=AnyPlan)


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


def run_rows(
    plan: RowPlans[P],
    workspace: Workspace,
    files: GridFiles,
    kind: Callable[[P, Recorder, frozenset[int]], Job[AnyResult]],
    *,
    prepare: Callable[[Tracker, Progress], None] | None = None,
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
        The trials of all rows.
    workspace
        The project.
    files
        The grid's, which are held meanwhile.
    kind
        Makes a row's plan, its recorder and the wanted folds a job.
    prepare
        Makes what trials read, before any is run.
    limits
        What may run at once.
    tracker
        Where to record; by default the one of the settings, in the grid's own experiment.
    figures
        Draws the figures that runs hold.
    describe
        Gives the description of a row's run.
    progress
        Told of every epoch.

    Raises
    ------
    FeatureError, TableError
        Features can't be made.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or does not have what a trial takes; or results can't be written.
    """
    grid, shown = plan.grid, progress or Silent()
    track = grid_track(next(iter(plan.settings.values())).track, grid.name)
    with files.alone():
        course = GridCourse(plan, files, track.experiment, describe)
        if course.note:
            logging.getLogger("rodepil").warning(course.note)
        listening = tracker or open_tracker(track, workspace)
        if prepare:
            prepare(listening, shown)
        tags = {**git_tags(workspace.root), "grid": grid.name}
        words = {row.name: _row_tags(row) for row in grid.rows}

        def job_of(name: str, row: P) -> Job[AnyResult]:
            own = tags | words[name]
            recorder = Recorder(listening, row, figures, own, keep_lineage(row, workspace))
            return kind(row, recorder, frozenset(plan.folds))

        jobs = [job_of(name, row) for name, row in plan.plans.items()]
        task = shown.task(f"grid {grid.name}", epochs_of(jobs), "epochs")
        with closing_runs(jobs), task as advance:
            finish_all(jobs, advance, limits, course.end)
    return GridResult(plan, course.results, course.failed, course.note)


def _row_tags(row: GridRow) -> dict[str, str]:
    """Return what runs of a row are found by: its name, and its words as ``grid.size``."""
    return {"row": row.name, **{f"grid.{axis}": word for axis, word in row.words.items()}}
