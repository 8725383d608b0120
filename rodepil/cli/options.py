"""Options that several commands share, each worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
