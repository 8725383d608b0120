"""Commands that use a localizer and score events: localize, score events."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import Interrupted, open_project

if TYPE_CHECKING:
    from rodepil.config.workspace import Workspace
    from rodepil.detect.localize import Localized, Where

score_app = typer.Typer(no_args_is_help=True)
BEGINS_ANEW = (
    "run the same command again: finished videos stay as they are, and the video at work begins "
    "anew"
)


class DetectorName(StrEnum):
    """What finds the animal of a video."""

    motion = "motion"
    yolo = "yolo"


class DeviceChoice(StrEnum):
    """Where networks compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


@score_app.callback()
def score() -> None:
    """Compare what was found with what is true."""


def localize(
    videos: Annotated[list[Path], typer.Argument(help="Video files, or folders of them.")],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="A localizer's model.safetensors, its trial's folder, the trial's id or how it "
            "begins, or its run.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for what is found.")] = Path(
        "localized"
    ),
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Clear what the folder holds of other videos; else that is refused."
        ),
    ] = False,
    cages: Annotated[
        Path | None,
        typer.Option("--cages", help="Boxes: a sheet as for 'cages import', or cages.parquet."),
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option("--box", help="left,top,width,height in pixels; may be repeated."),
    ] = None,
    detector: Annotated[
        DetectorName | None, typer.Option("--detector", help="Find the one animal of each video.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="YOLO's ONNX file; by default the demo's."),
    ] = None,
    extractor: Annotated[
        Path | None,
        typer.Option("--extractor", help="The network of the features, where it lies elsewhere."),
    ] = None,
    min_score: Annotated[
        float, typer.Option("--min-score", help="Tell events of this score or more.")
    ] = 0.3,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "--labels", help="Tell this unit alone; may be repeated."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", help="Annotated events, for the pictures."),
    ] = None,
    device: Annotated[DeviceChoice, typer.Option("--device")] = DeviceChoice.auto,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Find action units in recordings: tables, BORIS's form and pictures; finished videos stay.

    Without --box, --cages or --detector the whole picture is looked at as one animal.
    """
    from rodepil.detect.event_files import read_events  # noqa: PLC0415 - help stays instant
    from rodepil.detect.localize import (  # noqa: PLC0415
        Told,
        clear_former,
        find_localizer,
        localize_recordings,
        open_tools,
        write_localized,
    )
    from rodepil.detect.localize.boxes import places_of  # noqa: PLC0415
    from rodepil.report.timelines import is_annotated, write_timelines  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    where, notes = _where(cages, box or (), detector, weights, project.workspace)
    told = Told(min_score, tuple(label or ()))
    boxes = len(box or ()) or 1
    true = None if truth is None else read_events(truth, places_of(cages), cages=boxes).events
    path = find_localizer(model, project.workspace)
    tools = open_tools(path, project.workspace.root, extractor_file=extractor, device=device.value)
    try:
        found = localize_recordings(
            videos,
            tools,
            out,
            where=where,
            told=told,
            curate=project.settings.curate,
            replace_others=replace,
            progress=project.progress,
            warn=lambda line: typer.echo(f"warning: {line}", err=True),
        )
    except KeyboardInterrupt as interrupt:
        raise Interrupted(BEGINS_ANEW) from interrupt
    if replace:
        clear_former(out)
    write_localized(found, out, named=where.named)
    write_timelines(found, out, true)
    _say(found, out)
    for note in notes:
        typer.echo(f"note: {note}")
    if true is not None and not is_annotated(found, true):
        typer.echo(f"note: no event in {truth} is of these videos; name recordings as their files")
    if found.failed:
        raise typer.Exit(1)


@score_app.command("events")
def score_events(
    predicted: Annotated[Path, typer.Argument(help="Found events: Parquet, CSV, JSON, BORIS's.")],
    true: Annotated[Path, typer.Argument(help="True events: Parquet, CSV, JSON, BORIS's.")],
    *,
    tiou: Annotated[
        list[float] | None, typer.Option("--tiou", help="A threshold; may be repeated.")
    ] = None,
    min_score: Annotated[
        float, typer.Option("--min-score", help="From which frames are compared; mAP takes all.")
    ] = 0.3,
    fps: Annotated[float, typer.Option("--fps", help="Frames a second to compare.")] = 30.0,
    out: Annotated[
        Path | None, typer.Option("--json", help="Write the numbers to this file.")
    ] = None,
) -> None:
    """Compare two files of events: mAP at tIoU, frame-wise accuracy, edit score."""
    from rodepil.detect.score import score_event_files  # noqa: PLC0415 - help stays instant
    from rodepil.io.files import write_text  # noqa: PLC0415
    from rodepil.scoring import THRESHOLDS  # noqa: PLC0415

    limits = tuple(tiou or THRESHOLDS)
    scores = score_event_files(predicted, true, tious=limits, min_score=min_score, fps=fps)
    typer.echo("\n".join(scores.lines()))
    if out is not None:
        write_text(out, json.dumps(scores.as_json(), indent=2) + "\n")


def _where(
    cages: Path | None,
    boxes: list[str] | tuple[str, ...],
    detector: DetectorName | None,
    weights: Path | None,
    workspace: Workspace,
) -> tuple[Where, tuple[str, ...]]:
    """Return where to look, and what to know of the detector."""
    from rodepil.detect.localize import Where, parse_box  # noqa: PLC0415 - help stays instant
    from rodepil.detect.localize.finding import by_detector  # noqa: PLC0415

    found, notes = by_detector(detector.value if detector else None, weights, workspace)
    return Where(cages, tuple(map(parse_box, boxes)), found), notes


def _say(found: Localized, out: Path) -> None:
    """Say what was found in which video, what it rests on, and what could not be done."""
    from rodepil.io.wording import by_number  # noqa: PLC0415

    for video in found.videos:
        mine = [row for row in found.told.to_pylist() if row["recording_id"] == video.recording_id]
        cages = by_number(len(video.cages), "cage", "cages")
        told = by_number(len(mine), "event", "events")
        typer.echo(f"{video.recording_id}: {told} in {video.duration_s:.1f} s of {cages}")
        for start_s, end_s in video.gaps_s:
            typer.echo(f"note: {video.recording_id}: frames are missing in {start_s:g}-{end_s:g} s")
    for path, reason in found.failed:
        typer.echo(f"failed: {path}: {reason}")
    for note in found.about["notes"]:
        typer.echo(f"note: {note}")
    if found.told.num_rows:
        typer.echo(f"{found.about['rule']}; they are in {out}")
    else:
        typer.echo(f"nothing is told; all that was found, however unsure, is in {out}")
