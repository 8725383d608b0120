"""Commands of the feature store."""

from __future__ import annotations

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

app = typer.Typer(no_args_is_help=True)


@app.callback()
def features() -> None:
    """Materialize stored features."""


@app.command("materialize")
def materialize(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """Compute what the store does not hold yet of the view in the settings."""
    from rodepil import stages  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(stages.features(project.settings, project.workspace, project.progress))
