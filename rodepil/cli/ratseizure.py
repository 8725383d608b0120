"""Commands for RatSeizure's data: import it, and tell what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project
from rodepil.cli.sheets import shown

WIDE = 100
"""Columns of a terminal from which on tables are set wide."""


def import_ratseizure(
    annotations: Annotated[
        Path, typer.Argument(metavar="ANNOTATIONS.json", help="Clips and their segments.")
    ],
    *,
    features: Annotated[
        Path | None, typer.Option("--features", help="Folder with a VIDEO_ID.npy a clip.")
    ] = None,
    videos: Annotated[
        Path | None, typer.Option("--videos", help="Folder with a video a clip.")
    ] = None,
    subjects: Annotated[
        Path | None,
        typer.Option("--subjects", help="CSV: video_id,subject_id, where the animals are known."),
    ] = None,
    cages: Annotated[
        Path | None,
        typer.Option(
            "--cages", help="Boxes in the videos, as 'rodepil region find -o' writes them."
        ),
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Take what is sound, and list the rest.")
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Take RatSeizure's annotations with its features, its videos, or both.

    All is checked before anything is written; what an earlier import left is replaced. The JSON
    has ActivityNet's form, with seconds, and 'training' or 'testing':

    {"database": {"VIDEO_ID": {"subset": "training", "duration": 10.0, "annotations":
    [{"segment": [1.5, 4.0], "label": "rearing", "label_id": 9}]}}}
    """
    from rodepil.data.ratseizure.importing import Given, import_units  # noqa: PLC0415
    from rodepil.io.sequences import SequenceForm  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    grid = project.settings.sequence
    imported = import_units(
        Given(annotations, features, videos, subjects, cages),
        project.workspace.units_imported,
        SequenceForm(grid.fps, grid.window_frames, grid.stride_frames),
        keep_going=keep_going,
        slack_s=project.settings.curate.max_end_gap_s,
        progress=project.progress,
    )
    typer.echo(imported)
    model = "sequence.model=imported" if imported.features else "sequence.model=FILE of I3D"
    typer.echo(
        f"next: with ratseizure.source=imported and {model}, as the profile paper has them for "
        "features, run dvc repro localize (dvc exp run -S profile=paper localize)"
    )


def data_ratseizure(
    root: Root = HERE, profile: Profile = None, overrides: Overrides = None
) -> None:
    """Count action units by side, and say how they are split and what the split leaks."""
    from rodepil.config.origin import RATSEIZURE, SIMULATED  # noqa: PLC0415 - help stays instant
    from rodepil.data.ratseizure.importing import bare_line  # noqa: PLC0415
    from rodepil.data.ratseizure.records import are_made, read_split  # noqa: PLC0415
    from rodepil.data.ratseizure.source import ANNOTATIONS, read_units  # noqa: PLC0415
    from rodepil.report.units import class_sheet, fold_sheet  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    workspace, wanted = project.workspace, project.settings.ratseizure.source
    imported = (workspace.units_imported / ANNOTATIONS).is_file()
    made = (workspace.units_source / ANNOTATIONS).is_file()
    takes_imported = imported and (wanted == "imported" or not made)
    source = read_units(workspace.units_imported if takes_imported else workspace.units_source)
    held = source.videos.keys() | source.features.keys()
    every, data = source.annotations, SIMULATED if source.simulated else RATSEIZURE
    annotations = every.only(held)
    split = None
    if are_made(workspace.units_clips, every):
        split = read_split(workspace.localize_results)
    console = Console()
    gap = 2 if console.width >= WIDE else 1
    console.print(f"Data: {escape(data)}")
    for sheet in (class_sheet(annotations, data), *([fold_sheet(split, data)] if split else [])):
        console.print(f"\n[bold]{escape(sheet.title)}[/]")
        console.print(shown(sheet, gap=gap))
    typer.echo("")
    for line in annotations.lines():
        typer.echo(line)
    bare = [clip.video_id for clip in every.clips if clip.video_id not in held]
    if bare:
        typer.echo(bare_line(bare))
    told = ["what the split shares is told when these clips are made: dvc repro units_clips"]
    for line in split["lines"] if split else told:
        typer.echo(line)
    if imported and not takes_imported:
        typer.echo(
            f"note: imported clips are in {workspace.units_imported}; this tells of those that "
            "ratseizure.source names, and with --profile paper of the imported ones"
        )
