"""The table of a grid whose rows localize: mAP at each threshold of tIoU, and their mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io.files import write_text
from rodepil.report.sheet import UNDEFINED, Cell, Column, Sheet, to_csv, to_markdown


def localized_sheet(workspace: Workspace, name: str) -> Sheet:
    """Return a line a row: its words, folds, mAP at each threshold, and the mean over these.

    Numbers are plain means over the row's finished folds; the best mean is bold.

    Raises
    ------
    ReportError
        There is no such grid, or its files can't be read.
    """
    folder = workspace.results / "grids" / name
    grid = _read(folder / "localize.json")
    finished = [row["name"] for row in grid["rows"] if row["finished"]]
    own = {row: _read(folder / "rows" / f"{row}.json") for row in finished}
    tious = list(dict.fromkeys(f"{tiou:g}" for one in own.values() for tiou in one["tious"]))
    rows = [_line(row, grid["axes"], own.get(row["name"]), tious) for row in grid["rows"]]
    best = max((row[-1] for row in rows if isinstance(row[-1], float)), default=None)
    return Sheet(
        name="grid",
        title=grid["title"],
        note="\n".join(filter(None, [grid["note"], *_failures(grid)])),
        data=grid["data"],
        columns=(
            *(Column(axis) for axis in grid["axes"]),
            Column("Folds", "count"),
            *(Column(f"mAP@{tiou}", "percent") for tiou in tious),
            Column("Mean", "percent"),
        ),
        rows=tuple(rows),
        bold=frozenset(at for at, row in enumerate(rows) if best is not None and row[-1] == best),
    )


def write_localized(workspace: Workspace, name: str) -> list[Path]:
    """Write the table of a grid as CSV and Markdown into its folder, and return the files."""
    sheet = localized_sheet(workspace, name)
    folder = workspace.results / "grids" / name
    texts = {"table.csv": to_csv(sheet), "table.md": to_markdown(sheet)}
    for file, text in texts.items():
        write_text(folder / file, text)
    return [folder / file for file in texts]


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise ReportError(f"{path} can't be read: {error}; run 'rodepil tune' again") from error


def _line(
    row: Mapping[str, Any], axes: list[str], own: Mapping[str, Any] | None, tious: list[str]
) -> tuple[Cell, ...]:
    """Return a row's cells; null for numbers of a row without a finished fold."""
    trials = own["trials"] if own else []
    columns = [[trial["map"].get(tiou) for trial in trials] for tiou in tious]
    columns.append([trial["mean_map"] for trial in trials])
    means = [sum(values) / len(values) if values and None not in values else None
             for values in columns]  # fmt: skip
    words = [row["words"].get(axis, UNDEFINED) for axis in axes]
    return (*words, len(trials), *means)


def _failures(grid: Mapping[str, Any]) -> list[str]:
    return [
        f"{row['name']}/fold-{fold} failed: {why}"
        for row in grid["rows"]
        for fold, why in row["failed"].items()
    ]
