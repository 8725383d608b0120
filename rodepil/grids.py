"""A grid from its file to its report: what `rodepil tune` does, and a notebook can call as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rodepil.config.files import EXPERIMENTS_FOLDER
from rodepil.config.grid import Grid, hidden_overrides, load_grid
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError, SettingError, TrackingError
from rodepil.io.progress import Progress
from rodepil.io.wording import by_number

if TYPE_CHECKING:
    from rodepil.report.sheet import Sheet
    from rodepil.track import Tracker
    from rodepil.trials.grid.plan import GridPlan
    from rodepil.trials.grid.run import GridResult
    from rodepil.trials.grid.state import TrialState
    from rodepil.trials.limits import Limits
    from rodepil.trials.localize.grid import LocalizeGridPlan


@dataclass(frozen=True)
class Tuned:
    """What came of a grid, to be told.

    Attributes
    ----------
    sheet
        A line a row.
    notes
        What else there is to say.
    failed
        How many trials failed.
    """

    sheet: Sheet
    notes: tuple[str, ...]
    failed: int


def read_grid_file(
    name: str,
    settings: ProjectSettings,
    workspace: Workspace,
    overrides: Sequence[str] = (),
    workers: int | None = None,
) -> Grid:
    """Return a grid, and refuse overrides that every row of it sets itself.

    Raises
    ------
    SettingError
        There is no such grid, its file is wrong, or an override changes nothing.
    """
    file = Path(name)
    stem = file.stem if file.suffix == ".yaml" and file.parent.name == EXPERIMENTS_FOLDER else name
    grid = load_grid(stem, workspace.root, settings.profile)
    given = {f"--set {key}": key for key in overrides}
    if workers is not None:
        given["--workers-per-trial"] = f"train.workers={workers}"
    for said, override in given.items():
        if hidden_overrides(grid, [override]):
            raise SettingError(
                f"{said} changes nothing: every row of {grid.rows[0].file} sets it; change it there"
            )
    return grid


def fold_numbers(text: str | None) -> list[int] | None:
    """Return the folds of a list with commas, None for none.

    Raises
    ------
    SettingError
        One is no whole number.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise SettingError(f"--folds {text}: wanted numbers with commas, as 0,2")
    return [int(part) for part in parts]


def limits(max_concurrent: int | None, gpus_per_trial: float | None, retries: int | None) -> Limits:
    """Return what may run at once; None takes the usual.

    Raises
    ------
    SettingError
        A trial shall have a broken number of GPUs above 1.
    """
    from rodepil.trials.limits import MAX_FAILURES, Limits  # noqa: PLC0415

    if gpus_per_trial is not None and gpus_per_trial > 1 and not gpus_per_trial.is_integer():
        raise SettingError(
            f"--gpus-per-trial {gpus_per_trial:g}: wanted a whole number, or a part of one GPU"
        )
    return Limits(max_concurrent, gpus_per_trial, MAX_FAILURES if retries is None else retries)


def plan(
    grid: Grid,
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    rows: Sequence[str] = (),
    folds: Sequence[int] | None = None,
) -> GridPlan | LocalizeGridPlan:
    """Return the trials of a grid; see `plan_grid` and `plan_localize_grid` of trials."""
    if grid.task == "localize":
        from rodepil.trials.localize.grid import plan_localize_grid  # noqa: PLC0415

        return plan_localize_grid(grid, settings, workspace, rows=rows, folds=folds)
    from rodepil.trials.grid.plan import plan_grid  # noqa: PLC0415 - imports torch

    return plan_grid(grid, settings, workspace, rows=rows, folds=folds)


def opening(planned: GridPlan | LocalizeGridPlan) -> str:
    """Return what is said before a grid is run, for Ray takes a while to start."""
    trials = [trial for row in planned.plans for trial in planned.trials(row)]
    done = sum(trial.folder.finished() is not None for trial in trials)
    begin = "; starting Ray" if done < len(trials) else ""
    return (
        f"grid {planned.grid.name}: {by_number(len(trials), 'trial', 'trials')}, {done} done{begin}"
    )


def check_room(
    planned: GridPlan | LocalizeGridPlan, limited: Limits, states: Sequence[TrialState]
) -> None:
    """Refuse what no worker has the CPUs or GPUs for, as running it would; a cluster is asked.

    Parameters
    ----------
    planned, limited
        What is to be run, and what a trial is given.
    states
        Of the trials; those that are done want nothing.

    Raises
    ------
    TrialError
        A row's trial takes more than there is, or the cluster does not answer.
    """
    from rodepil.trials.grid.room import check_room as check  # noqa: PLC0415 - imports torch

    check(planned, limited, dict.fromkeys(state.row for state in states if not state.done))


def tune(
    planned: GridPlan | LocalizeGridPlan,
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    limited: Limits | None = None,
) -> Tuned:
    """Run what is not finished, write the grid's report, and register its best classifier.

    Raises
    ------
    RodepilError
        What `run_grid` raises: nothing of it is one failed trial, which is told.
    """
    from rodepil.trials.localize.grid import LocalizeGridPlan  # noqa: PLC0415 - imports torch

    if isinstance(planned, LocalizeGridPlan):
        return _tune_localizers(planned, settings, workspace, progress, limited)
    return _tune_classifiers(planned, settings, workspace, progress, limited)


def _tune_localizers(
    planned: LocalizeGridPlan,
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    limited: Limits | None,
) -> Tuned:
    """Run a grid of localizers, write its report and say how its best row is used."""
    from rodepil.report.localize.grid import (  # noqa: PLC0415
        best_models,
        localized_grid_markdown,
        localized_grid_summary,
        localized_row_markdown,
        read_localized_grid,
        write_localized_grid,
    )
    from rodepil.report.localize.of_run import RunFigures  # noqa: PLC0415
    from rodepil.track import open_tracker  # noqa: PLC0415
    from rodepil.trials.grid.run import grid_track  # noqa: PLC0415
    from rodepil.trials.localize.grid import run_localize_grid  # noqa: PLC0415

    name = planned.grid.name
    tracker = open_tracker(grid_track(settings.track, name), workspace)
    result = run_localize_grid(
        planned,
        workspace,
        limits=limited,
        tracker=tracker,
        figures=partial(RunFigures.of(settings, workspace), "raseformer"),
        describe=partial(localized_row_markdown, workspace, name),
        progress=progress,
    )
    grid = read_localized_grid(workspace, name)
    paths = write_localized_grid(workspace, name, grid)
    tracker.describe(localized_grid_markdown(grid))
    notes = (_failed_words(result), best_models(workspace, grid), _written(paths))
    sheet = localized_grid_summary(grid)
    return Tuned(sheet, tuple(filter(None, notes)), _failed(result))


def _tune_classifiers(
    planned: GridPlan,
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    limited: Limits | None,
) -> Tuned:
    """Run a grid of cross-validations, write its report and register its best row."""
    from rodepil.report import fold_figures  # noqa: PLC0415
    from rodepil.report.grid import (  # noqa: PLC0415
        grid_markdown,
        grid_summary,
        grid_table_markdown,
        write_grid,
    )
    from rodepil.track import open_tracker  # noqa: PLC0415
    from rodepil.trials.grid.run import grid_track, run_grid  # noqa: PLC0415

    name = planned.grid.name
    tracker = open_tracker(grid_track(settings.track, name), workspace)
    result = run_grid(
        planned,
        workspace,
        limits=limited,
        tracker=tracker,
        figures=partial(fold_figures, data=planned.data),
        describe=partial(grid_table_markdown, workspace, name),
        progress=progress,
    )
    paths = write_grid(workspace, name)
    tracker.describe(grid_markdown(workspace, name))
    notes = (_failed_words(result), _champion(result, tracker, workspace), _written(paths))
    return Tuned(grid_summary(workspace, name), tuple(filter(None, notes)), _failed(result))


def _failed(result: GridResult) -> int:
    return sum(len(why) for why in result.failed.values())


def _failed_words(result: GridResult) -> str:
    """Return how many trials failed, as a note; empty where none did."""
    count = _failed(result)
    trials = by_number(count, "trial", "trials")
    return f"{trials} failed; the same command tries again" if count else ""


def _written(paths: Sequence[Path]) -> str:
    folder = paths[0].parent
    page = folder / "report.html"
    return f"{len(paths)} files in {folder}; open {page}\nnext: rodepil report, which takes it up"


def _champion(result: GridResult, tracker: Tracker, workspace: Workspace) -> str:
    """Register the models of the best row, once all rows have all folds, and say where they are."""
    from rodepil.report.grid import best_row, champion_markdown  # noqa: PLC0415
    from rodepil.served.publish import ALIAS, model_name, publish_champion  # noqa: PLC0415
    from rodepil.trials.grid.run import grid_track  # noqa: PLC0415

    name = result.plan.grid.name
    best = best_row(workspace, name)
    whole = len(result.plan.every_fold)
    rows = [result.results.get(row.name) for row in result.plan.grid.rows]
    if best is None or not all(row and len(row.folds) == whole for row in rows):
        return "" if best is None else f"best row so far: {best}"
    own, settings = result.results[best], result.plan.settings[best]
    named = model_name(grid_track(settings.track, name).experiment)
    named = named if settings.profile == "demo" else f"{named}-{settings.profile}"
    try:
        address = publish_champion(
            [fold.trial.folder.path for fold in own.folds],
            named,
            own.run_id,
            tracker,
            champion_markdown(workspace, name, best, f"models:/{named}@{ALIAS}"),
        )
    except (ModelError, TrackingError) as error:
        return f"best row: {best}; it is not registered as a model: {error}"
    return f"best row: {best}, registered as {address}"
