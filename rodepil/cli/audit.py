"""The command that looks for labels given away: audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project


def audit(
    *,
    source: Annotated[
        bool,
        typer.Option("--source", help="Audit the recordings as they came, before curation."),
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="With --source: the tables' folder, if not the project's."),
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Find what gives the label away without a look at behaviour; exit 1 where the files do."""
    from rodepil import stages  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    parts = project.settings, project.workspace, project.progress
    if source or folder is not None:
        typer.echo(stages.audit_source(*parts, folder))
    else:
        typer.echo(stages.audit_with_folds(*parts))
