"""Commands that tell of recorded runs and deliver what trackers missed: runs."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import Project, open_project
from rodepil.cli.sheets import show as show_sheet
from rodepil.config.controls import CONTROLS
from rodepil.config.controls import Control as ControlName
from rodepil.config.grid_file import Task

if TYPE_CHECKING:
    from rodepil.report.run_rows import Row
    from rodepil.report.sheet import Sheet
    from rodepil.track.reading import Reading

app = typer.Typer(no_args_is_help=True)


class StatusName(StrEnum):
    """What a run can be."""

    running = "running"
    finished = "finished"
    failed = "failed"
    killed = "killed"


Experiment = Annotated[
    str | None, typer.Option("--experiment", help="This one alone, as rodepil/NAME of a grid.")
]
Modality = Annotated[str | None, typer.Option("--modality", help="rgb, flow, absdiff, ...")]
Control = Annotated[
    ControlName | None, typer.Option("--control", help=f"none, {', '.join(CONTROLS)}.")
]
Trained = Annotated[
    Task | None, typer.Option("--task", help="What runs train: clips' labels, or where units are.")
]
Named = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name or id, or how the id begins.")
]


@app.callback()
def runs() -> None:
    """Tell of recorded runs."""


@app.command("list")
def list_runs(
    experiment: Experiment = None,
    control: Control = None,
    modality: Modality = None,
    task: Trained = None,
    *,
    status: Annotated[StatusName | None, typer.Option("--status")] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """List cross-validations, localizations and rows of grids with means of folds, the last first.

    The mean is F1 of classified clips, and of localizations mAP, the mean over thresholds of tIoU.
    """
    from rodepil.report.run_rows import nothing_fits, rows_of  # noqa: PLC0415 - help is instant
    from rodepil.report.runs import listing, model_lines  # noqa: PLC0415

    project, reading = _read(root, profile, overrides, experiment)
    state = status.value if status else None
    wanted = {"control": control, "modality": modality, "task": task, "status": state}
    rows = rows_of(reading.runs, **wanted)
    if not rows:
        typer.echo(nothing_fits(reading.runs, **wanted))
    else:
        _print(listing(rows, time.time()))
    lines = model_lines(rows, project.workspace.trials, project.workspace.root)
    if lines:
        typer.echo("\n".join(["\nmodel of the best fold:", *lines]))
    _say_source(reading)


@app.command("show")
def show(
    named: Named,
    experiment: Experiment = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Show one run: what it is, the numbers of its folds, and where their models lie."""
    project, reading = _read(root, profile, overrides, experiment)
    _show(_row(named, reading), project)
    _say_source(reading)


@app.command("compare")
def compare(
    named: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Names or ids.")],
    experiment: Experiment = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Show runs side by side: their numbers, and the settings in which they differ."""
    from rodepil.errors import TrackingError  # noqa: PLC0415
    from rodepil.report.runs import comparison  # noqa: PLC0415

    if len(named) == 1:
        raise TrackingError(f"'{named[0]}' is one run; name two or more, or: rodepil runs show")
    _, reading = _read(root, profile, overrides, experiment)
    _print(comparison([_row(name, reading) for name in named]))
    _say_source(reading)


@app.command("best")
def best(
    metric: Annotated[
        str | None,
        typer.Option(
            help="f1, accuracy, map_0.5, ...; by default f1, and of localizations mean_map."
        ),
    ] = None,
    control: Control = "none",
    modality: Modality = None,
    task: Trained = None,
    experiment: Experiment = None,
    *,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Show the best of the finished runs with the most folds; controls do not take part.

    Where clips were classified and action units localized, the best of each is shown.
    """
    from rodepil.errors import TrackingError  # noqa: PLC0415
    from rodepil.report.run_rows import best_rows, nothing_fits, rows_of  # noqa: PLC0415

    project, reading = _read(root, profile, overrides, experiment)
    wanted = {"control": control, "modality": modality, "task": task}
    rows = rows_of(reading.runs, **wanted)
    if not rows:
        raise TrackingError(nothing_fits(reading.runs, **wanted))
    for number, (row, said) in enumerate(best_rows(rows, metric)):
        typer.echo(f"\n{said}" if number else said)
        _show(row, project)
    _say_source(reading)


@app.command("sync")
def sync(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """Deliver what the journal holds and a tracker missed; nothing is delivered twice."""
    from rodepil.track.sync import sync as deliver  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    told = deliver(project.settings.track, project.workspace, progress=project.progress)
    typer.echo("\n".join(map(str, told)) or "the journal holds no run")


def _read(
    root: Root, profile: Profile, overrides: Overrides, experiment: str | None
) -> tuple[Project, Reading]:
    from rodepil.track.reading import read_runs  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    track = project.settings.track
    if experiment:
        track = track.model_copy(update={"experiment": experiment})
    return project, read_runs(track, project.workspace, below=not experiment)


def _row(named: str, reading: Reading) -> Row:
    """Return the row of a run; a fold stands alone."""
    from rodepil.report.run_rows import Row, rows_of  # noqa: PLC0415
    from rodepil.track.reading import find_run  # noqa: PLC0415

    run = find_run(named, reading.runs)
    return next((row for row in rows_of(reading.runs) if row.run is run), Row(run, ()))


def _show(row: Row, project: Project) -> None:
    from rodepil.report.runs import fold_sheet, models, telling  # noqa: PLC0415

    typer.echo("\n".join([*telling(row, time.time()), ""]))
    _print(fold_sheet(row))
    lies = models(row, project.workspace.trials)
    if lies:
        typer.echo("\n".join(["\nmodels:", *lies]))


def _print(sheet: Sheet) -> None:
    if sheet.data:
        typer.echo(f"Data: {sheet.data}")
    show_sheet(sheet)


def _say_source(reading: Reading) -> None:
    console = Console()
    console.print(f"\n[dim]{escape(reading.note or f'from {reading.source}')}[/]", highlight=False)
