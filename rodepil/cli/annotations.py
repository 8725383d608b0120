"""Commands of annotations: import, remove, agreement, show."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import Project, open_project

app = typer.Typer(no_args_is_help=True)

Into = Annotated[
    Path | None,
    typer.Option("--into", help="The folder of the tables; by default the setting data.folder."),
]


class Form(StrEnum):
    """What a file is."""

    auto = "auto"
    sheet = "sheet"
    boris = "boris"


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV, TSV or .xlsx; or exports of BORIS.")],
    *,
    into: Into = None,
    annotator: Annotated[
        str | None,
        typer.Option("--annotator", help="Who marked; by default a column, or the file's name."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="What the files are.")] = Form.auto,
    watched: Annotated[
        list[str] | None,
        typer.Option("--watched", help="A recording or session without seizures; or 'all'."),
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Take annotators' marks, and make of them the annotations that label clips."""
    from rodepil.data.marks.summary import say_import, say_unwatched  # noqa: PLC0415 - help stays instant
    from rodepil.data.marks.take import import_annotations  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    folder = _folder(project, into)
    done = import_annotations(
        files,
        folder,
        project.settings.imports.annotations,
        annotator=annotator,
        form=form.value,
        watched=watched or (),
        progress=project.progress,
    )
    typer.echo(say_import(done, project.settings.curate.min_agreement))
    if unwatched := say_unwatched(folder):
        typer.echo(unwatched)


@app.command("remove")
def remove(
    names: Annotated[
        list[str], typer.Argument(help="Files that were imported, or annotators, as 'show' lists.")
    ],
    *,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Withdraw what files or annotators gave, and remake the annotations of what stays."""
    from rodepil.data.marks.remove import remove_annotations, say_removed  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    done = remove_annotations(names, _folder(project, into), project.settings.imports.annotations)
    typer.echo(say_removed(done, project.settings.curate.min_agreement))


@app.command("agreement")
def agreement(
    *,
    into: Into = None,
    label: Annotated[str, typer.Option("--label", help="What is compared.")] = "seizure",
    bin_s: Annotated[float, typer.Option("--bin-s", min=0.01, help="A time bin's length.")] = 1.0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A CSV for the conflicts.")
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Compare each two annotators: matched events, tIoU, Cohen's kappa, and conflicts."""
    from rodepil.data.marks.compare import write_conflicts  # noqa: PLC0415 - help stays instant
    from rodepil.data.marks.summary import pairs_of, say_pairs  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    least = project.settings.curate.min_agreement
    pairs = pairs_of(_folder(project, into), label, bin_s, least)
    typer.echo(say_pairs(pairs, label, bin_s))
    if out is not None:
        write_conflicts(pairs, out)
        typer.echo(f"conflicts are in {out}")


@app.command("show")
def show(
    *,
    into: Into = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Count events by label and subject, and hours by annotator."""
    from rodepil.data.marks.summary import say_annotations  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(say_annotations(_folder(project, into), project.settings.curate.min_agreement))


def _folder(project: Project, into: Path | None) -> Path:
    return into or project.workspace.root / project.settings.data.folder
