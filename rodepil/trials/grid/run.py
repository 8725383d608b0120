"""Run a grid: nothing finished is run again, and a trial that fails does not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rodepil.config.grid import GridRow
from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.store import Manifest, open_store, snapshot, training_view
from rodepil.track import Tracker, open_tracker
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import GridPlan
from rodepil.trials.limits import Limits
from rodepil.trials.lineage import keep_lineage
from rodepil.trials.plan import Plan
from rodepil.trials.provenance import git_tags
from rodepil.trials.recording import Figures, Recorder
from rodepil.trials.restore import restore
from rodepil.trials.results import CrossvalResult
from rodepil.trials.running import Job, closing_runs, epochs_of, finish_all

Describe = Callable[[str], str]
"""Gives the description of a row's run by the row's name, from the grid's files."""


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

    plan: GridPlan
    results: Mapping[str, CrossvalResult]
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
    shown, files = progress or Silent(), GridFiles(workspace, plan.grid.name)
    note = files.begin(plan.digests)
    if note:
        logging.getLogger("rodepil").warning(note)
    settings = next(iter(plan.settings.values()))
    track = grid_track(settings.track, plan.grid.name)
    listening = tracker or open_tracker(track, workspace)
    _make_snapshots(plan, workspace, listening, shown)
    tags = {**git_tags(workspace.root), "grid": plan.grid.name}
    words = {row.name: row_tags(row) for row in plan.grid.rows}
    jobs = [
        Job(
            row,
            Recorder(listening, row, figures, tags | words[name], keep_lineage(row, workspace)),
            frozenset(plan.folds),
        )
        for name, row in plan.plans.items()
    ]
    course = _Course(plan, files, track.experiment, describe)
    with (
        closing_runs(jobs),
        shown.task(f"grid {plan.grid.name}", epochs_of(jobs), "epochs") as advance,
    ):
        finish_all(jobs, advance, limits, course.end)
    return GridResult(plan, course.results, course.failed, note)


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
        if waiting or not (row.folder.path / "lineage.parquet").is_file():
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


class _Course:
    """Writes down what came of rows as they end."""

    def __init__(
        self, plan: GridPlan, files: GridFiles, experiment: str, describe: Describe | None
    ) -> None:
        self.plan, self.files, self.experiment, self.describe = plan, files, experiment, describe
        self.results: dict[str, CrossvalResult] = {}
        self.failed: dict[str, Mapping[int, str]] = {}
        known = {row["name"]: row for row in files.read().get("rows", ())}
        self._rows = {row.name: self._before(row, known.get(row.name)) for row in plan.grid.rows}

    def end(self, job: Job, failed: Mapping[int, str]) -> None:
        """Write what came of a row, and close its run."""
        name = job.plan.name
        result = job.collect()
        finished = [] if result is None else [fold.trial.settings.fold for fold in result.folds]
        self._rows[name] |= {
            "group_id": job.plan.group,
            "run_id": result and result.run_id,
            "folds": sorted({*self.plan.folds, *finished}),
            "finished": finished,
            "failed": {str(fold): why for fold, why in failed.items()},
        }
        if failed:
            self.failed[name] = failed
        if result is not None:
            self.results[name] = result
            self.files.write_row(name, result)
        self._write()
        if result is not None:
            words = self.describe(name) if self.describe else None
            job.recorder.conclude(result, failed=failed, description=words)

    def _write(self) -> None:
        grid = self.plan.grid
        record = {
            "name": grid.name,
            "title": grid.title,
            "source": grid.source,
            "note": grid.note,
            "data": self.plan.data,
            "experiment": self.experiment,
            "digests": self.plan.digests,
            "axes": list(dict.fromkeys(axis for row in grid.rows for axis in row.words)),
            "rows": list(self._rows.values()),
        }
        self.files.write(record)

    def _before(self, row: GridRow, known: Mapping[str, Any] | None) -> dict[str, object]:
        """Return what is told of a row at first: what came of it before, where that is still it."""
        told = {
            "name": row.name,
            "words": row.words,
            "paper": row.paper,
            "changes": row.changes,
            "recipe": self.plan.recipe(row.name),
        }
        if known and known.get("recipe") == told["recipe"]:
            return {**known, **told}
        self.files.drop_row(row.name)
        return told | {"group_id": None, "run_id": None, "folds": [], "finished": [], "failed": {}}
