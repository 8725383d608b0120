"""Commands of cages: draw, import, show, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import Project, open_project

app = typer.Typer(no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(help="A recording's id, path, or a part of one that no other has.")
]
Into = Annotated[
    Path | None,
    typer.Option("--into", help="The folder of the tables; by default the setting data.folder."),
]
Camera = Annotated[
    bool, typer.Option("--camera", help="The same boxes for all recordings of the camera.")
]
Rename = Annotated[
    bool,
    typer.Option("--rename", help="With --camera: replace the names that those have already."),
]
Frame = Annotated[int | None, typer.Option("--frame", min=0, help="The frame's number, from 0.")]
At = Annotated[float | None, typer.Option("--at", min=0, help="Seconds from the first frame.")]


@app.command("draw")
def draw(
    recording: Name,
    *,
    frame: Frame = None,
    at: At = None,
    camera: Camera = False,
    rename: Rename = False,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Draw cages in a window: drag boxes, name the rats, save; h in the window shows all keys."""
    from rodepil.data.boxes.draw import draw_cages  # noqa: PLC0415 - help stays instant
    from rodepil.data.boxes.look import Moment  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = _folder(project, into)
    moment = Moment(frame, at)
    for line in draw_cages(folder, recording, moment, camera=camera, rename=rename):
        typer.echo(line)


@app.command("import")
def import_sheet(
    sheet: Annotated[
        Path,
        typer.Argument(
            help="CSV or Excel: recording, position, subject, x, y, width, height (pixels)."
        ),
    ],
    *,
    camera: Camera = False,
    rename: Rename = False,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Take boxes from a sheet; a recording with a bad row is refused whole."""
    from rodepil.data.boxes.take import import_cages  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = _folder(project, into)
    taken = import_cages(sheet, folder, camera=camera, rename=rename)
    for name, count in taken.cages.items():
        typer.echo(f"{name}: {count} cages")
    for line in taken.notes:
        typer.echo(f"note: {line}")
    for line in taken.refused:
        typer.echo(f"refused: {line}")
    typer.echo(f"{len(taken.cages)} recordings taken, {len(taken.refused)} lines refused")


@app.command("show")
def show(
    recording: Annotated[
        str | None, typer.Argument(help="As for 'draw'; without it all recordings.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="A PNG file, or a folder.")],
    frame: Frame = None,
    at: At = None,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Write a frame with its boxes, positions and names as PNG."""
    from rodepil.data.boxes.look import Moment, show_all, show_cages  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = _folder(project, into)
    moment = Moment(frame, at)
    if recording is not None:
        typer.echo(show_cages(folder, recording, out, moment))
        return
    written, refused = show_all(folder, out, moment, project.progress)
    for line in refused:
        typer.echo(f"refused: {line}")
    typer.echo(f"{len(written)} recordings are shown in {out}")


@app.command("check")
def check(
    *,
    tags: Annotated[
        bool, typer.Option("--tags/--no-tags", help="Look into the videos for tags (a heuristic).")
    ] = True,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Say what is wrong with the cages; status 1 on faults, 0 on warnings."""
    from rodepil.data.boxes.check import check_folder, verdict  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    found = check_folder(_folder(project, into), tags=tags, progress=project.progress)
    for finding in found:
        typer.echo(f"{finding.gravity}: {finding.text}")
    typer.echo(verdict(found))


def _folder(project: Project, into: Path | None) -> Path:
    return into or project.workspace.root / project.settings.data.folder
