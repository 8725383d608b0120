"""Commands that bring a lab's own files in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

Given = Annotated[
    list[Path], typer.Argument(help="Video files, and folders that hold some at any depth.")
]
Into = Annotated[
    Path | None, typer.Option("--into", help="The source's folder; by default data.folder.")
]


def recordings(
    given: Given,
    *,
    into: Into = None,
    clock: Annotated[
        str | None,
        typer.Option("--clock", help="Where the wall clock comes from: none, name or metadata."),
    ] = None,
    name_pattern: Annotated[
        str | None,
        typer.Option("--name-pattern", help="Of the clock in names, as %Y%m%d_%H%M%S (strptime)."),
    ] = None,
    sessions: Annotated[
        str | None,
        typer.Option("--sessions", help="What joins the files of a camera: none, clock or folder."),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            "--camera", help="Of all files; by default a file's nearest folder that is no date."
        ),
    ] = None,
    repaired: Annotated[
        bool,
        typer.Option(
            "--repaired",
            help="Files that changed are the same recordings: cages and annotations of them stay.",
        ),
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Take recordings into the source's table: probed by decoding, with clock and sessions.

    The files stay where they are. An import that was stopped goes on where it was; a second one
    probes only what is new or changed.
    """
    from rodepil.data.lab.importing import import_recordings  # noqa: PLC0415 - help stays instant

    given_here = {"clock": clock, "name_pattern": name_pattern, "sessions": sessions}
    options = {
        f"--{key.replace('_', '-')}": {"imports": {"recordings": {key: value}}}
        for key, value in given_here.items()
        if value is not None
    }
    project = open_project(root, profile=profile, overrides=overrides or (), options=options)
    settings = project.settings
    folder = into or project.workspace.root / settings.data.folder
    typer.echo(
        import_recordings(
            given,
            folder,
            settings.imports.recordings,
            camera=camera,
            repaired=repaired,
            progress=project.progress,
        )
    )


def forget(
    names: Annotated[
        list[str], typer.Argument(metavar="RECORDING...", help="Ids, or paths of their files.")
    ],
    *,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Withdraw recordings and their cages from the tables; no video is touched, marks wait."""
    from rodepil.data.marks.forget import forget_recordings  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = into or project.workspace.root / project.settings.data.folder
    typer.echo(forget_recordings(names, folder))
