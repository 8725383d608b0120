"""Options that several commands share, each worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Root = Annotated[Path, typer.Option("--project", help="The project's folder, that of params.yaml.")]
Profile = Annotated[
    str | None, typer.Option("--profile", help="A file of experiments/ to overlay params.yaml.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.key=value, over params.yaml and profile; may be repeated."),
]
HERE = Path()

SeekerName = Literal["fixed", "motion", "yolo"]
"""What finds the one animal of a video."""

Seeker = Annotated[
    SeekerName,
    typer.Option("--detector", help="A fixed --box, what moves, or YOLO's network in --weights."),
]
Network = Annotated[
    Path | None,
    typer.Option(
        "--weights", help="The ONNX file of a YOLOv5 or YOLOv8 network; by default the demo's."
    ),
]
Box = Annotated[str | None, typer.Option("--box", help="x,y,width,height for the fixed detector.")]
Within = Annotated[
    str | None, typer.Option("--within", help="x,y,width,height of what is searched: a cage.")
]
Mask = Annotated[
    Path | None, typer.Option("--mask", help="A PNG of a drawn mask, white where walls mirror.")
]
