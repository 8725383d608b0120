"""Commands of the feature store."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import Project, open_project

if TYPE_CHECKING:
    from rodepil.report.sheet import Sheet
    from rodepil.store.know.project import StoreProject

app = typer.Typer(no_args_is_help=True)

NARROW = 100
"""Columns of a terminal below which tables are set close."""

View = Annotated[str, typer.Argument(help="A view of the settings.")]
Views = Annotated[
    list[str] | None, typer.Argument(metavar="[VIEW]...", help="Views; by default all.")
]


class FormatName(StrEnum):
    """What an export is written as."""

    webdataset = "webdataset"
    npz = "npz"
    parquet = "parquet"


@app.callback()
def features() -> None:
    """Make stored features, tell what there is of them, and hand them out."""


@app.command("materialize")
def materialize(
    views: Views = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Compute the features that the store does not hold yet.

    Of the views named, or of all views of the settings. Without names those are left out that a
    network makes which this project trains, unless all of their features are stored; and views
    that left the settings leave the snapshot. What is finished is kept: after an interrupt run it
    again.
    """
    from rodepil import stages  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    parts = project.settings, project.workspace, project.progress
    typer.echo(stages.features(*parts, views or ()))


@app.command("list")
def list_views(root: Root = HERE, profile: Profile = None, overrides: Overrides = None) -> None:
    """List the views of settings, snapshot and store.

    Of each: its size, its clips in the snapshot of those that the manifest keeps, how long ago
    something was added, and its state. Below: its kind with its settings, and its folder in the
    store with the features and shards (files of some features each) that lie there.

    current: a feature for every kept clip, by names and sizes of files ('verify' reads them).
    stale: made of other clips, or with other settings, code, libraries or weights, than now.
    not materialized: nothing of it is stored.
    """
    from rodepil.store.know.listed import listed_lines  # noqa: PLC0415
    from rodepil.store.know.listing import holdings  # noqa: PLC0415

    asked = _asked(open_project(root, profile=profile, overrides=overrides or ()))
    typer.echo("\n".join(listed_lines(asked, holdings(asked))))


@app.command("describe")
def describe(
    view: View,
    *,
    test_fold: Annotated[
        int | None,
        typer.Option("--test-fold", help="The fold to leave out; by default the first."),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Where all numbers go.")] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Tell what a view is, and what its training clips are like.

    Its schema, settings and versions, a clip traced back to its recording, and statistics over the
    training clips of a fold.
    """
    from rodepil.io.files import write_json  # noqa: PLC0415
    from rodepil.store.know.describe import describe as look  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    told = look(_asked(project), view, test_fold=test_fold, progress=project.progress)
    typer.echo("\n".join(told.lines()))
    if json is not None:
        write_json(json, told.as_dict())
        typer.echo(f"all numbers are in {json}")


@app.command("verify")
def verify(
    views: Views = None,
    *,
    mend: Annotated[
        bool, typer.Option("--mend", help="Remove damaged shards; materialize makes them again.")
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Hash every stored feature again; exit 1 where one is wrong.

    Only this finds a flipped bit in what nobody reads; 'list' and 'materialize' look at names and
    sizes of files.
    """
    from rodepil.store.know.verify import verify as look  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    found = look(_asked(project), views or (), mend=mend, progress=project.progress)
    typer.echo(found)
    found.raise_if_wrong()


@app.command("gc")
def gc(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    not_shared: Annotated[
        bool,
        typer.Option("--not-shared", help="No other project uses the store, which is elsewhere."),
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Remove what nothing in this project refers to any more.

    What a snapshot (of clips, of action units), a run under results/trials or a view of the
    settings refers to stays; so does what is less than an hour old, for a materialization may be
    at work on it. Other projects that use the same store, and views that a script made without a
    snapshot, are not known.
    """
    from rodepil.store.know.collect import collect  # noqa: PLC0415
    from rodepil.store.know.collected import collected_lines  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    collected = collect(_asked(project), dry_run=dry_run, not_shared=not_shared)
    typer.echo("\n".join(collected_lines(collected, dry_run=dry_run)))


@app.command("export")
def export(
    view: View,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="An empty or new folder.")],
    form: Annotated[
        FormatName, typer.Option("--format", help="What to write.")
    ] = FormatName.webdataset,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Write a view's features for other tools.

    With each clip's subject, label, fold and key: WebDataset's tar files, npz, or Parquet.
    """
    from rodepil.store.know.export import export as write  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(write(_asked(project), view, form.value, out, progress=project.progress))


@app.command("get")
def get(
    clip: Annotated[str, typer.Argument(help="A clip's id, the beginning of one, or its path.")],
    view: Annotated[str, typer.Argument(help="A view of the snapshot.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A .png or .jpg to look at; .npy, .npz: arrays.")
    ],
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Write one clip's feature as a picture, or as arrays.

    Ids of clips stand in the column clip_id of data/clips.parquet, of exports and of what
    'rodepil features lineage RUN -o FILE' writes; the names of files in data/clips do as well.
    """
    from rodepil.store.know.get import get as write  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    typer.echo(write(_asked(project), clip, view, out))


@app.command("lineage")
def lineage(
    run: Annotated[
        str, typer.Argument(help="The id of a trial, a group or a run in MLflow; or its beginning.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .csv or .parquet with a row a clip.")
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Hash the recordings' files again.")
    ] = False,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Go back from a run to its clips and recordings.

    Of a trial: which fold it tests, the weights that it starts from, and apart from each other the
    clips that it learned from and those that it was tested on. With -o a row for every clip, with
    side, fold, subject and the hashes from its recording to its feature.
    """
    from rodepil.report.store import recordings_sheet  # noqa: PLC0415
    from rodepil.store.know.lineage import refuse_format, save  # noqa: PLC0415
    from rodepil.trials.trace import trace_run  # noqa: PLC0415

    if out is not None:
        refuse_format(out)
    project = open_project(root, profile=profile, overrides=overrides or ())
    traced = trace_run(run, project.workspace, check=check, progress=project.progress)
    typer.echo(traced)
    if traced.recordings:
        _show(recordings_sheet(traced.recordings, traced.origin.group))
    if out is not None:
        save(traced.rows, out)
        typer.echo(f"a row for every clip is in {out}")


def _asked(project: Project) -> StoreProject:
    from rodepil.store.know.project import StoreProject  # noqa: PLC0415

    return StoreProject(project.settings, project.workspace)


def _show(sheet: Sheet) -> None:
    """Print a table."""
    from rich.console import Console  # noqa: PLC0415

    from rodepil.cli.sheets import shown  # noqa: PLC0415

    console = Console()
    console.print(shown(sheet, gap=2 if console.width >= NARROW else 1))
