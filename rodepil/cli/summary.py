"""The command that tells what data there is: data summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

if TYPE_CHECKING:
    from rodepil.report.sheet import Sheet

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
        console.print(_shown(sheet, gap=2 if console.width >= WIDE else 1))
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
    console.print(_shown(sheet, gap=2 if console.width >= WIDE else 1))


def _shown(sheet: Sheet, gap: int) -> Table:
    """Return a sheet as a table of the terminal: long words are folded, numbers never cut."""
    from rodepil.report.sheet import UNDEFINED, cell_text  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for column in sheet.columns:
        words = column.kind == "text"
        shown.add_column(
            escape(column.title),
            justify="left" if words else "right",
            overflow="fold",
            no_wrap=not words,
        )
    for row in sheet.rows:
        cells = (
            cell_text(column.kind, cell) or UNDEFINED
            for column, cell in zip(sheet.columns, row, strict=True)
        )
        shown.add_row(*map(escape, cells))
    return shown
