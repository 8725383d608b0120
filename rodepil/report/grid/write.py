"""Writing a grid's tables, figures and page, unless nothing that they are made from has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict

import matplotlib as mpl
import numpy as np

import rodepil
from rodepil.config.workspace import Workspace
from rodepil.io.files import publish, sha256_file, short_hash, write_json, write_text
from rodepil.report.grid.chapter import Chapter
from rodepil.report.grid.figures import below, plates_of
from rodepil.report.grid.outline import grid_outline
from rodepil.report.grid.read import grid_folder, read_grid, read_record
from rodepil.report.grid.records import Grid
from rodepil.report.grid.series import grid_series, metrics
from rodepil.report.grid.tables import beside_source, differences, scores, table3
from rodepil.report.page import Picture, render_page
from rodepil.report.pictures import picture
from rodepil.report.sheet import to_markdown

STAMP: Final = ".made.json"
"""What the files were made from, and what they held; written last."""

MADE_BY: Final = ("statistics", "report", "train")
"""The packages that the files follow from."""


class Stamp(TypedDict):
    """A digest of what files were made from, and the files with digests of what they held."""

    key: str
    files: list[tuple[str, str]]


def write_grid(workspace: Workspace, name: str, read: Chapter | None = None) -> list[Path]:
    """Write tables, figures, series and the page of a grid to results/grids/NAME/.

    Nothing is made again while the grid, its rows' files and the code are the same and what was
    written still lies there.

    Parameters
    ----------
    workspace, name
        The project, and the grid's name.
    read
        The grid and those of its figures that are drawn, where a report has them already.

    Returns
    -------
    list of Path
        What lies there: table3.md and differences.md, the CSV files, metrics.json, the figures
        as PNG, and report.html.

    Raises
    ------
    ReportError
        There is no such grid, or a row's files are not that row's; nothing is written then.
    """
    folder = grid_folder(workspace, name)
    key, before = _key(workspace, name), _stamp(folder)
    if before["key"] == key and all(_lies(folder / one, held) for one, held in before["files"]):
        return [folder / one for one, _ in before["files"]]
    grid = read_grid(workspace, name) if read is None or read.grid is None else read.grid
    written = _write(grid, folder, {} if read is None else read.pictures)
    for stale in {one for one, _ in before["files"]} - {path.name for path in written}:
        (folder / stale).unlink(missing_ok=True)
    held = [(path.name, sha256_file(path)) for path in written]
    write_json(folder / STAMP, {"key": key, "files": held})
    return written


def _write(grid: Grid, folder: Path, drawn: Mapping[str, Picture]) -> list[Path]:
    """Make everything that is not drawn yet, then publish it file by file."""
    pictures = {
        plate.name: drawn.get(below(plate, grid).name) or picture(plate, grid)
        for plate in plates_of(grid)
    }
    sheets = (table3(grid), *((beside_source(grid),) if grid.source else ()), scores(grid))
    texts = {
        **grid_series(grid),
        "metrics.json": json.dumps(metrics(grid), indent=2) + "\n",
        "table3.md": "\n".join(map(to_markdown, sheets)),
        "differences.md": to_markdown(differences(grid)),
        "report.html": render_page(grid_outline(grid), pictures),
    }
    for name, one in pictures.items():
        with publish(folder / f"{name}.png") as beside:
            beside.write_bytes(one.light)
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in (*(f"{name}.png" for name in pictures), *texts)]


def _key(workspace: Workspace, name: str) -> str:
    """Return a digest of all that the files are made from: the grid, its rows, the code."""
    folder = grid_folder(workspace, name)
    read = [folder / "grid.json"]
    for row in read_record(workspace, name).rows:
        read += [folder / "rows" / f"{row.name}{end}" for end in (".json", "_predictions.parquet")]
    package = Path(rodepil.__file__).parent
    code = sorted(path for part in MADE_BY for path in (package / part).rglob("*.py"))
    digests = [sha256_file(path) for path in (*read, *code) if path.is_file()]
    return short_hash(digests, mpl.__version__, np.__version__)


def _stamp(folder: Path) -> Stamp:
    """Return what was written down when the files were last made; empty, nothing was."""
    try:
        found = json.loads((folder / STAMP).read_bytes())
        return {"key": str(found["key"]), "files": [(str(a), str(b)) for a, b in found["files"]]}
    except (OSError, ValueError, KeyError, TypeError):
        return {"key": "", "files": []}


def _lies(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_file(path) == digest
