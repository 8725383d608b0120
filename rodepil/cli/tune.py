"""The command that runs grids: tune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project
from rodepil.cli.sheets import show

if TYPE_CHECKING:
    from rodepil.trials.grid.state import TrialState

TRIALS_FAILED_STATUS = 1


def tune(
    grid: Annotated[str, typer.Option("--grid", help="A grid of experiments/: ablation, ...")],
    rows: Annotated[
        list[str] | None,
        typer.Option("--rows", help="Names or patterns of rows, as 'rgb-*'; may be repeated."),
    ] = None,
    folds: Annotated[
        str | None, typer.Option("--folds", help="Folds to test, as 0,2; by default all.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the trials and what is done; run nothing.")
    ] = False,
    max_concurrent: Annotated[
        int | None,
        typer.Option(
            "--max-concurrent", min=1, help="Trials side by side; by default all that fit."
        ),
    ] = None,
    gpus_per_trial: Annotated[
        float | None,
        typer.Option("--gpus-per-trial", min=0, help="0.5: two trials share a GPU."),
    ] = None,
    workers_per_trial: Annotated[
        int | None,
        typer.Option(
            "--workers-per-trial",
            min=1,
            help="As train.workers: other trials than those of another number.",
        ),
    ] = None,
    retries: Annotated[
        int | None, typer.Option("--retries", min=0, help="Of a trial that crashed; by default 2.")
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Run a grid of settings, each row cross-validated; nothing finished is run again."""
    from rodepil import grids  # noqa: PLC0415 - help stays instant

    workers = {} if workers_per_trial is None else {"workers": workers_per_trial}
    project = open_project(
        root,
        profile=profile,
        overrides=overrides or (),
        options={"--workers-per-trial": {"train": workers}} if workers else None,
    )
    settings, workspace = project.settings, project.workspace
    read = grids.read_grid_file(grid, settings, workspace, overrides or (), workers_per_trial)
    planned = grids.plan(
        read, settings, workspace, rows=rows or (), folds=grids.fold_numbers(folds)
    )
    limits = grids.limits(max_concurrent, gpus_per_trial, retries)
    if dry_run:
        from rodepil.trials.grid.state import states  # noqa: PLC0415

        found = states(planned, workspace)
        _show_states(found)
        grids.check_room(planned, limits, found)
        return
    typer.echo(grids.opening(planned))
    tuned = grids.tune(planned, settings, workspace, project.progress, limits)
    if tuned.sheet.data:
        typer.echo(f"Data: {tuned.sheet.data}")
    show(tuned.sheet)
    typer.echo("\n".join(filter(None, [tuned.sheet.note, *tuned.notes])))
    if tuned.failed:
        raise typer.Exit(TRIALS_FAILED_STATUS)


def _show_states(states: list[TrialState]) -> None:
    width = max(len(state.name) for state in states)
    for state in states:
        typer.echo(f"{state.trial_id}  {state.name:<{width}}  {state.state}")
    done = sum(state.done for state in states)
    typer.echo(f"{len(states)} trials, {done} done, {len(states) - done} to do")
