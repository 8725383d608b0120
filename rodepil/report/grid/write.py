"""Writing the tables, figures and page of a grid whose rows are cross-validated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from rodepil.config.workspace import Workspace
from rodepil.report.grid.chapter import Chapter
from rodepil.report.grid.figures import below, plates_of
from rodepil.report.grid.made import made_once, publish_all
from rodepil.report.grid.outline import grid_outline
from rodepil.report.grid.read import grid_folder, read_grid, read_grid_record
from rodepil.report.grid.records import Grid
from rodepil.report.grid.series import grid_series, metrics
from rodepil.report.grid.tables import beside_source, differences, scores, table3
from rodepil.report.page import Picture, render_page
from rodepil.report.pictures import picture
from rodepil.report.sheet import to_markdown


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

    def make() -> list[Path]:
        grid = read_grid(workspace, name) if read is None or read.grid is None else read.grid
        return _write(grid, folder, {} if read is None else read.pictures)

    return made_once(folder, _read(workspace, name), make)


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
    return publish_all(folder, pictures, texts)


def _read(workspace: Workspace, name: str) -> list[Path]:
    """Return the files that a grid is read from."""
    folder = grid_folder(workspace, name)
    stems = [folder / "rows" / row.name for row in read_grid_record(workspace, name).rows]
    ends = (".json", "_predictions.parquet")
    return [folder / "grid.json", *(Path(f"{stem}{end}") for stem in stems for end in ends)]
