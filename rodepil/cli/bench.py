"""Commands that measure: bench."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from rodepil.cli.progress import Bars

if TYPE_CHECKING:
    from rodepil.bench.rows import Row

app = typer.Typer(no_args_is_help=True)


class Precision(StrEnum):
    """What a network computes in."""

    bf16 = "bf16"
    fp32 = "fp32"


@app.callback()
def bench() -> None:
    """Measure speed and memory against others' code, by turns and in one run."""


@app.command("model")
def model(
    json: Annotated[Path | None, typer.Option("--json", help="Where the rows go.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    batch: Annotated[int, typer.Option("--batch", min=1, help="Clips of a batch.")] = 2,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Rounds; their median counts.")
    ] = 5,
    precision: Annotated[Precision, typer.Option("--precision")] = Precision.bf16,
    *,
    compiled: Annotated[
        bool, typer.Option(help="Also against Hugging Face compiled, which takes minutes.")
    ] = True,
) -> None:
    """TimeSformer-B beside Hugging Face's with the same weights: scoring, training, memory."""
    from rodepil.bench.model import Plan, bench_model  # noqa: PLC0415 - help stays instant
    from rodepil.bench.rows import describe_machine, write_rows  # noqa: PLC0415
    from rodepil.train.world import choose_device  # noqa: PLC0415

    plan = Plan(
        device=choose_device(device),
        batch=batch,
        repeats=repeats,
        precision=precision.value,
        compiled=compiled,
    )
    rows = bench_model(plan, Bars())
    _show(rows)
    if json is not None:
        write_rows(json, describe_machine(plan.device), rows, ["transformers"])


@app.command("curate")
def curate(
    recordings: Annotated[
        list[Path] | None, typer.Argument(help="Videos to measure besides the simulated one.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Where the rows go.")] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Length of the simulated recording; 0: none.")
    ] = 180.0,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Rounds; their median counts.")
    ] = 3,
) -> None:
    """Curation beside only decoding, and beside FFmpeg's command line making the same clips."""
    from rodepil.bench.curate import Plan, bench_curate, machine  # noqa: PLC0415
    from rodepil.bench.rows import describe_processor, write_rows  # noqa: PLC0415

    rows = bench_curate(Plan(tuple(recordings or ()), seconds, repeats), Bars())
    _show(rows)
    if json is not None:
        write_rows(json, describe_processor() | machine(), rows, [])


@app.command("store")
def store(
    clips: Annotated[
        Path | None, typer.Argument(help="A manifest, as data/clips.parquet; else simulated.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Where the rows go.")] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=30, help="Length of the simulated recording.")
    ] = 300.0,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Rounds; their median counts.")
    ] = 5,
) -> None:
    """Reading and filling the store beside copies, plain files, decoding and OpenCV."""  # noqa: D401 - help says what is measured
    from rodepil.bench.rows import describe_processor, write_rows  # noqa: PLC0415
    from rodepil.bench.store import Plan, bench_store, machine  # noqa: PLC0415

    plan = Plan(clips, seconds, repeats)
    rows = bench_store(plan, Bars())
    _show(rows)
    if json is not None:
        write_rows(json, describe_processor() | machine(plan), rows, [])


@app.command("vision")
def vision(
    videos: Annotated[
        list[Path] | None, typer.Argument(help="Videos on which flow is compared besides.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Where the rows go.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Rounds; their median counts.")
    ] = 5,
) -> None:
    """Optical flow, differences and augmentation beside OpenCV and kornia, and a training step."""
    from rodepil.bench.rows import describe_machine, write_rows  # noqa: PLC0415
    from rodepil.bench.vision import Plan, bench_vision, machine  # noqa: PLC0415
    from rodepil.train.world import choose_device  # noqa: PLC0415

    plan = Plan(choose_device(device), tuple(videos or ()), repeats)
    rows = bench_vision(plan, Bars())
    _show(rows)
    if json is not None:
        write_rows(json, describe_machine(plan.device) | machine(), rows, ["kornia"])


@app.command("scoring")
def scoring(
    json: Annotated[Path | None, typer.Option("--json", help="Where the rows go.")] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Rounds; their median counts.")
    ] = 3,
) -> None:
    """Mean average precision of found action units beside the same rules in plain loops."""
    from rodepil.bench.rows import describe_processor, write_rows  # noqa: PLC0415
    from rodepil.bench.scoring import ScoringPlan, bench_scoring  # noqa: PLC0415

    rows = bench_scoring(ScoringPlan(repeats=repeats), Bars())
    _show(rows)
    if json is not None:
        write_rows(json, describe_processor(), rows, ["numpy"])


@app.command("raseformer")
def raseformer(
    json: Annotated[Path | None, typer.Option("--json", help="Where the rows go.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Rounds; their median counts.")
    ] = 5,
) -> None:
    """Attention to salient keys in both its forms, and I3D's windows sharing what they can."""
    from rodepil.bench.raseformer import RaseformerPlan, bench_raseformer  # noqa: PLC0415
    from rodepil.bench.rows import describe_machine, write_rows  # noqa: PLC0415
    from rodepil.train.world import choose_device  # noqa: PLC0415

    plan = RaseformerPlan(choose_device(device), repeats=repeats)
    rows = bench_raseformer(plan, Bars())
    _show(rows)
    if json is not None:
        write_rows(json, describe_machine(plan.device), rows, [])


def _show(rows: Sequence[Row]) -> None:
    shown = Table("what", "rodepil", "peer", "", "unit", "ratio", box=None, pad_edge=False)
    for row in rows:
        values = (f"{row.value:.3f}", f"{row.peer_value:.3f}")
        shown.add_row(row.name, values[0], row.peer, values[1], row.unit, f"{row.ratio:.2f}")
    Console().print(shown)
