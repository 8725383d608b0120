"""The command that looks at the machine: doctor."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rodepil.cli.options import HERE, Root


def doctor(root: Root = HERE) -> None:
    """Check versions, devices, MLflow, Ray, disk and project, with the command that mends it."""
    from rodepil.config.workspace import Workspace  # noqa: PLC0415 - help stays instant
    from rodepil.doctor import examine  # noqa: PLC0415

    findings = examine(Workspace(root))
    table = Table("", "what", box=None, pad_edge=False)
    for title in ("found", "what to do"):
        table.add_column(title, overflow="fold")  # paths stay whole
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "fault": "[red]fault[/]"}
    for finding in findings:
        words = (finding.what, finding.found, finding.remedy)
        table.add_row(marks[finding.state], *map(escape, words))
    Console().print(table)
    if any(finding.state == "fault" for finding in findings):
        raise typer.Exit(1)
