"""Writing the tables, figures and page of a grid whose rows localize."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from rodepil.config.workspace import Workspace
from rodepil.report.grid.made import made_once, publish_all
from rodepil.report.grid.read import grid_folder
from rodepil.report.localize.grid.chapter import LocalizedChapter
from rodepil.report.localize.grid.figures import plates_of
from rodepil.report.localize.grid.outline import grid_outline
from rodepil.report.localize.grid.read import RECORDED, read_localized_grid, read_localized_record
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.localize.grid.series import grid_series, metrics
from rodepil.report.localize.grid.tables import differences, mean_ap
from rodepil.report.page import Picture, render_page
from rodepil.report.pictures import picture
from rodepil.report.sheet import to_markdown


def write_localized_grid(
    workspace: Workspace,
    name: str,
    read: LocalizedGrid | None = None,
    drawn: Mapping[str, Picture] | None = None,
) -> list[Path]:
    """Write tables, figures, series and the page of a grid to results/grids/NAME/.

    Nothing is made again while the grid, its rows' files, the clips and the code are the same and
    what was written still lies there.

    Parameters
    ----------
    workspace, name
        The project, and the grid's name.
    read, drawn
        The grid, and those of its figures that are drawn, where they are had already.

    Returns
    -------
    list of Path
        What lies there: the figures as PNG, the CSV files, metrics.json, table.md,
        differences.md and report.html.

    Raises
    ------
    ReportError
        There is no such grid, it is of other clips, or a row's files are not that row's; nothing
        is written then.
    """
    folder = grid_folder(workspace, name)

    def make() -> list[Path]:
        grid = read_localized_grid(workspace, name) if read is None else read
        return _write(grid, folder, drawn or {})

    return made_once(folder, _read(workspace, name), make)


def write_localized_grids(workspace: Workspace, read: Iterable[LocalizedChapter]) -> list[Path]:
    """Write the files of every grid that a report shows, and return them."""
    return [
        path
        for one in read
        if one.grid is not None
        for path in write_localized_grid(workspace, one.grid.record.name, one.grid, one.drawn)
    ]


def _write(grid: LocalizedGrid, folder: Path, drawn: Mapping[str, Picture]) -> list[Path]:
    """Make everything that is not drawn yet, then publish it file by file."""
    pictures = {
        plate.name: drawn.get(plate.name) or picture(plate, grid) for plate in plates_of(grid)
    }
    texts = {
        **grid_series(grid),
        "metrics.json": json.dumps(metrics(grid), indent=2) + "\n",
        "table.md": to_markdown(mean_ap(grid)),
        "differences.md": to_markdown(differences(grid)),
        "report.html": render_page(grid_outline(grid), pictures),
    }
    return publish_all(folder, pictures, texts)


def _read(workspace: Workspace, name: str) -> list[Path]:
    """Return the files that a grid is read from."""
    folder = grid_folder(workspace, name)
    stems = [folder / "rows" / row.name for row in read_localized_record(workspace, name).rows]
    ends = (".json", "_detections.parquet")
    units = (workspace.units_clips, workspace.units_events, workspace.units_folds)
    return [folder / RECORDED, *units, *(Path(f"{stem}{end}") for stem in stems for end in ends)]
