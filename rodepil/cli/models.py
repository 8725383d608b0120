"""Commands that use a trained model: predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rodepil.cli.options import HERE, Root
from rodepil.cli.run import open_project


def predict(
    clips: Annotated[list[Path], typer.Argument(help="Video files, or folders of them.")],
    model: Annotated[
        str,
        typer.Option(
            "--model", help="A model.safetensors, a trial's folder or id, or an MLflow run."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where the scores go, as Parquet.")
    ] = Path("scores.parquet"),
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    root: Root = HERE,
) -> None:
    """Score clips that the model never saw; print a table and write Parquet."""
    from rodepil.detect.clips import predict_clips  # noqa: PLC0415 - help stays instant
    from rodepil.io import tables  # noqa: PLC0415
    from rodepil.trials.models import find_model  # noqa: PLC0415

    project = open_project(root)
    path = find_model(model, project.workspace)
    scores = predict_clips(clips, path, device=device, progress=project.progress)
    tables.write("scores", scores, out)
    shown = Table("clip", "score", "predicted", "error", box=None, pad_edge=False)
    for row in scores.to_pylist():
        score = "" if row["score"] is None else f"{row['score']:.4f}"
        label = {None: "", 0: "normal", 1: "seizure"}[row["predicted"]]
        shown.add_row(escape(row["path"]), score, label, escape(row["error"] or ""))
    Console().print(shown)
    failed = scores.column("error").drop_null()
    typer.echo(f"{scores.num_rows - len(failed)} clips scored, {len(failed)} failed; {out}")
    if failed and len(failed) == scores.num_rows:
        raise typer.Exit(1)
