"""Commands for RodEpil's published clips: fetch them, and import them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

fetch_app = typer.Typer(no_args_is_help=True)


@fetch_app.callback()
def fetching() -> None:
    """Keep `fetch` a group while it holds a single command."""


@fetch_app.command("rodepil")
def fetch(
    into: Annotated[
        Path | None, typer.Option("--into", help="Folder; by default data/rodepil.")
    ] = None,
    *,
    record: Annotated[
        str, typer.Option("--record", help="The record's number on the server.")
    ] = "17601357",
    url: Annotated[
        str, typer.Option("--url", help="A server with Zenodo's REST API.")
    ] = "https://zenodo.org",
    listing: Annotated[
        bool, typer.Option("--list", help="List the record's files and fetch nothing.")
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Download the published clips from Zenodo and unpack them.

    Goes on where it was stopped; what is there with the right checksum is not fetched again.
    """
    from rodepil.data.published.fetch import fetch as fetch_record  # noqa: PLC0415
    from rodepil.data.published.http import Http  # noqa: PLC0415 - help stays instant
    from rodepil.data.published.zenodo import read_record  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = into or project.workspace.root / "data" / "rodepil"
    with Http() as http:
        found = read_record(http, url, record)
        typer.echo(found)
        if listing:
            typer.echo(found.listing())
        else:
            typer.echo(fetch_record(found, folder, http, progress=project.progress))
            typer.echo(f"next: rodepil import rodepil {shlex.quote(str(folder))}")


def import_rodepil(
    given: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders that hold the clips.")
    ],
    into: Annotated[
        Path | None, typer.Option("--into", help="Folder of the tables; by default data.folder.")
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Take published clips into the tables; their names say date, cage, animal and label.

    Every clip becomes a recording with one cage, its whole frame, and is curated like any other.
    """
    from rodepil.data.published.clips import import_clips  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = into or project.workspace.root / project.settings.data.folder
    typer.echo(import_clips(given, folder, progress=project.progress))
