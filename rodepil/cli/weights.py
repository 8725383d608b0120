"""Commands of pretrained weights: list, inspect, convert, pretrain."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project

app = typer.Typer(no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(help="A file, a folder, a name of 'rodepil weights list', or timm's name.")
]


class Target(StrEnum):
    """A format that weights can be written in."""

    rodepil = "rodepil"
    official = "official"
    hugging_face = "hugging_face"


@app.command("list")
def list_weights(root: Root = HERE) -> None:
    """List the weights that have a name, which are there, and where to get the others."""
    from rodepil.config.workspace import Workspace  # noqa: PLC0415 - help stays instant
    from rodepil.models.weights import CATALOG  # noqa: PLC0415

    folder = Workspace(root).weights
    for entry in CATALOG:
        place = folder / entry.file
        there = place.exists()
        typer.echo(f"{entry.name}  ({entry.learned})")
        typer.echo(f"    what     {entry.what}")
        typer.echo(f"    licence  {entry.licence}")
        typer.echo(f"    {'there  ' if there else 'missing'}  {place}")
        if not there:
            typer.echo(f"    get      {entry.how(folder)}")


@app.command("inspect")
def inspect(
    weights: Name,
    *,
    frames: Annotated[int | None, typer.Option("--frames", min=1, help="Frames of a clip.")] = None,
    size_px: Annotated[
        int | None, typer.Option("--size-px", min=1, help="Height and width of a frame.")
    ] = None,
    classes: Annotated[int, typer.Option("--classes", min=1, help="Logits of the head.")] = 2,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Tell what weights are, and what becomes of them in the network of the settings."""
    from rodepil.models import weights as door  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    given = {"frames": frames, "size_px": size_px}
    features = project.settings.features.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    workspace = project.workspace
    loaded = door.load(door.locate(weights, workspace.weights, Path.cwd()))
    told = door.describe(loaded)
    told |= door.describe_fit(loaded, project.settings.model, features, classes)
    for what, words in told.items():
        typer.echo(f"{what:14}{words}")


@app.command("convert")
def convert(
    weights: Name,
    target: Annotated[Target, typer.Option("--to", help="The format to write.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A new file, or folder.")],
    heads: Annotated[
        int | None, typer.Option("--heads", min=1, help="Attention heads, where unknown.")
    ] = None,
    root: Root = HERE,
) -> None:
    """Write weights in another format."""
    from rodepil.config.workspace import Workspace  # noqa: PLC0415
    from rodepil.models import weights as door  # noqa: PLC0415

    loaded = door.load(door.locate(weights, Workspace(root).weights, Path.cwd()))
    door.convert(loaded, out, target.value, heads)
    typer.echo(f"{out} holds them, sha256 {door.digest(out)}")


@app.command("pretrain")
def pretrain(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """Pretrain the network on simulated actions: a stand-in where real weights can't be had."""
    from rodepil import stages  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(stages.pretrain(project.settings, project.workspace, project.progress, always=True))
