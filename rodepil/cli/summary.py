"""The command that tells what data there is: data summary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project
from rodepil.cli.sheets import shown

WIDE = 64
"""Columns of a terminal from which on tables are set wide."""

app = typer.Typer(no_args_is_help=True)


@app.callback()
def data() -> None:
    """Tell what data there is."""


@app.command("summary")
def summary(
    json: Annotated[Path | None, typer.Option("--json", help="Where all numbers go.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A PNG of the activity over the day.")
    ] = None,
    *,
    source: Annotated[
        bool, typer.Option("--source", help="Of what was imported, before the pipeline took it.")
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Count what is there: recordings, cages, seizures, clips, dropped windows, folds, faults."""
    from dataclasses import asdict  # noqa: PLC0415 - help stays instant

    from rodepil.data.overview import read_dataset, summarize  # noqa: PLC0415
    from rodepil.io.files import write_json  # noqa: PLC0415
    from rodepil.report.activity import write_activity  # noqa: PLC0415
    from rodepil.report.summary import summary_sheets  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    dataset = read_dataset(project.settings, project.workspace, source=source)
    counted = summarize(dataset, project.settings.curate.min_agreement)
    console = Console()
    console.print(f"Data: {escape(counted.data)}")
    for sheet in summary_sheets(counted, dataset):
        console.print(f"\n[bold]{escape(sheet.title)}[/]")
        console.print(shown(sheet, gap=2 if console.width >= WIDE else 1))
    if json is not None:
        write_json(json, asdict(counted))
        typer.echo(f"all numbers are in {json}")
    if out is not None:
        write_activity(dataset, out)
        typer.echo(f"the activity over the day is in {out}")


@app.command("recordings")
def recordings(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """List the recordings by the ids that other commands take: what was imported, if anything."""
    from rodepil.data.overview import list_recordings, read_imported  # noqa: PLC0415
    from rodepil.report.summary import recordings_sheet  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    dataset = read_imported(project.settings, project.workspace)
    console = Console()
    console.print(f"Data: {escape(dataset.data)}")
    sheet = recordings_sheet(list_recordings(dataset), dataset.data)
    console.print(shown(sheet, gap=2 if console.width >= WIDE else 1))
