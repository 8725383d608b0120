"""Commands that make data: simulate, curate, folds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

folds_app = typer.Typer(no_args_is_help=True)


def simulate(
    out: Annotated[Path | None, typer.Option("--out", help="Folder; by default data/raw.")] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Make simulated recordings with their cages and true annotations."""
    from rodepil.simulate import simulate as make  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = out or project.workspace.raw
    make(project.settings.data.simulate, folder, progress=project.progress)
    typer.echo(f"recordings, cages and annotations are in {folder}")


def curate(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """Cut recordings into uniform clips and write the manifest."""
    from rodepil import stages  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(stages.curate(project.settings, project.workspace, project.progress))


@folds_app.command("make")
def folds_make(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """Deal subjects to folds, balanced by label."""
    from rodepil import stages  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(stages.folds(project.settings, project.workspace, project.progress))


@folds_app.command("check")
def folds_check(root: Root = HERE) -> None:
    """Check that no subject stands in two folds and that every fold can be tested."""
    from rodepil import stages  # noqa: PLC0415
    from rodepil.config.workspace import Workspace  # noqa: PLC0415

    typer.echo(stages.check_folds(Workspace(root)))
