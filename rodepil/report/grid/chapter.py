"""Grids in the report of all: a section each, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, folds_digest
from rodepil.errors import RodepilError
from rodepil.report.grid.figures import FOREST, below
from rodepil.report.grid.outline import bare_section, grid_section
from rodepil.report.grid.read import grids_of, read_grid, remedy_of
from rodepil.report.grid.records import Grid
from rodepil.report.outline import Section
from rodepil.report.page import Picture
from rodepil.report.pictures import picture


@dataclass(frozen=True)
class Chapter:
    """A grid's part of the report.

    Parameters
    ----------
    section
        What is said.
    grid
        What it is of; None where it can't be shown.
    pictures
        The figures of the section by name, drawn once for this report and the grid's own page.
    """

    section: Section
    grid: Grid | None
    pictures: Mapping[str, Picture]


def chapters(workspace: Workspace, clips: pa.Table, folds: pa.Table) -> tuple[Chapter, ...]:
    """Return the part of every grid that has results.

    A grid of other clips or folds than these, or whose files can't be read, has a sentence.
    """
    now = {"clips": clips_digest(clips), "folds": folds_digest(folds)}
    return tuple(_chapter(workspace, name, now) for name in grids_of(workspace))


def _chapter(workspace: Workspace, name: str, now: Mapping[str, str]) -> Chapter:
    try:
        grid = read_grid(workspace, name)
        changed = [what for what in now if grid.record.digests.get(what) != now[what]]
        if changed:
            files = " and ".join(f"data/{what}.parquet" for what in changed)
            said = f"It was run before {files} changed; {remedy_of(name)}."
            return Chapter(bare_section(name, said), None, {})
        section = grid_section(grid)
        drawn = {}
        if grid.results:
            plate = below(FOREST, grid)
            drawn[plate.name] = picture(plate, grid)
    except RodepilError as error:
        return Chapter(bare_section(name, f"It can't be shown: {error}."), None, {})
    return Chapter(section, grid, drawn)
