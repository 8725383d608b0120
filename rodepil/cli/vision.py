"""Commands that show what networks see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

app = typer.Typer(no_args_is_help=True)


@app.callback()
def vision() -> None:
    """Look at what a network gets of a clip."""


@app.command("show")
def show(
    clip: Annotated[
        str, typer.Argument(help="A video file, or a clip's id, the beginning of one, or its path.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture: .png or .jpg.")],
    *,
    frames: Annotated[int, typer.Option("--frames", min=1, help="Frames to show.")] = 8,
    epoch: Annotated[
        int, typer.Option("--epoch", min=0, help="First epoch whose augmentation is shown.")
    ] = 0,
    size_px: Annotated[
        int | None,
        typer.Option("--size-px", min=16, help="Size of the frames; by default the settings'."),
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Draw a contact sheet: frames, differences, optical flow, and augmented versions."""
    from rodepil.io.pictures import check_picture  # noqa: PLC0415 - help stays instant

    check_picture(out)
    from rodepil.report.sight import Wish, show_clip  # noqa: PLC0415 - a wrong name is said at once
    from rodepil.store.know.project import StoreProject  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    asked = StoreProject(project.settings, project.workspace)
    typer.echo(show_clip(asked, clip, out, Wish(frames, epoch, size_px)))
