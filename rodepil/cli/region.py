"""Commands of regions of interest: train, find, show, cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rodepil.cli.options import HERE, Box, Mask, Network, Root, Seeker, SeekerName, Within
from rodepil.cli.progress import Bars

if TYPE_CHECKING:
    from rodepil.data.region.found import XYWH, Detector

app = typer.Typer(no_args_is_help=True)


@app.command("train")
def train(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The ONNX file.")],
    recordings: Annotated[int, typer.Option(min=1, help="Simulated recordings to learn from.")] = 8,
    steps: Annotated[int, typer.Option(min=1, help="Steps of training.")] = 500,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train the tiny detector on simulated cages; for the demo, not for recordings of a lab."""
    from rodepil.detect.region.learn import Lessons, learn_tiny  # noqa: PLC0415 - help stays instant

    learn_tiny(out, recordings, Lessons(steps=steps, seed=seed), Bars())
    typer.echo(out)


@app.command("find")
def find(
    videos: Annotated[list[Path], typer.Argument(help="Videos of one animal each.")],
    *,
    detector: Seeker = "motion",
    weights: Network = None,
    box: Box = None,
    within: Within = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a video without an animal.")
    ] = False,
    position: Annotated[int, typer.Option(min=0, help="The cage's position.")] = 0,
    subject: Annotated[str, typer.Option(help="The animal's name.")] = "unknown",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A sheet (.csv) or cages table (.parquet).")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", help="A source's folder, whose cages they become.")
    ] = None,
    root: Root = HERE,
) -> None:
    """Find one steady box for each video; printed as the sheet that 'cages import' reads.

    A column of remarks is added where a box is the whole picture or may hold several animals.
    """
    from rodepil.data.region import keep, locate  # noqa: PLC0415
    from rodepil.detect.region.remarks import remark_on, remarked  # noqa: PLC0415

    if out is not None:
        keep.check_out(out)
    part, seek = _sought(within, detector, weights, box, root)
    regions, refused = keep.find_all(
        videos,
        lambda video: locate(video, seek, within=part, missing="error" if strict else "all"),
        Bars(),
    )
    cages = keep.cages_from(regions, position, subject)
    remarks = {video.stem: remark_on(video, region) for video, region in regions.items()}
    typer.echo(remarked(cages, remarks), nl=False)
    for video, region in regions.items():
        typer.echo(f"{video.name}: {region}", err=True)
    if out is not None:
        keep.write_cages(out, cages)
    refused += keep.put_regions(into, cages) if into is not None else []
    for line in refused:
        typer.echo(f"refused: {line}", err=True)
    if refused:
        raise typer.Exit(1)


@app.command("show")
def show(
    video: Annotated[Path, typer.Argument(help="A video of one animal.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture, .png or .jpg.")],
    detector: Seeker = "motion",
    weights: Network = None,
    box: Box = None,
    within: Within = None,
    mask: Mask = None,
    keep_mask: Annotated[
        Path | None, typer.Option("--keep-mask", help="A PNG for the mask that was found.")
    ] = None,
    root: Root = HERE,
) -> None:
    """Write box, mirror mask and the filled frame beside each other, and say what was found."""
    from rodepil.data.region import look  # noqa: PLC0415

    part, seek = _sought(within, detector, weights, box, root)
    for line in look.show(
        video, out, seek, within=part, mask=mask, keep=keep_mask, progress=Bars()
    ):
        typer.echo(line)


@app.command("cut")
def cut(
    video: Annotated[Path, typer.Argument(help="A video of one animal.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The new video, .avi.")],
    detector: Seeker = "motion",
    weights: Network = None,
    box: Box = None,
    within: Within = None,
    mask: Mask = None,
    fps: Annotated[int, typer.Option(min=1, help="Frames a second of the new video.")] = 30,
    root: Root = HERE,
) -> None:
    """Write a video of the region alone, with walls that mirror filled with the background."""
    from rodepil.data.region.cut import cut_region  # noqa: PLC0415

    part, seek = _sought(within, detector, weights, box, root)
    region = cut_region(video, out, seek, within=part, mask=mask, fps=fps, progress=Bars())
    typer.echo(region)


def _sought(
    within: str | None, kind: SeekerName, weights: Path | None, box: str | None, root: Path
) -> tuple[XYWH | None, Detector]:
    """Return where to search and the detector that options ask for; say what to know of it."""
    from rodepil.config.workspace import Workspace  # noqa: PLC0415
    from rodepil.detect.region.usual import detector_of  # noqa: PLC0415

    part = _numbers(within, "--within") if within else None
    given = _numbers(box, "--box") if box is not None else None
    detector, notes = detector_of(kind, Workspace(root), weights=weights, box=given)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    return part, detector


def _numbers(text: str, option: str) -> XYWH:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):  # noqa: PLR2004
        raise typer.BadParameter(
            f"'{text}' is no box; write x,y,width,height in pixels", param_hint=option
        )
    x, y, width, height = map(int, parts)
    return x, y, width, height
