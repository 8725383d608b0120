"""Grids that localize in the report: a section each, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError
from rodepil.report.grid.outline import bare_section
from rodepil.report.localize.grid.figures import FOREST, below
from rodepil.report.localize.grid.outline import grid_section
from rodepil.report.localize.grid.read import localized_grids_of, read_localized_grid
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.outline import Section
from rodepil.report.page import Picture
from rodepil.report.pictures import picture


@dataclass(frozen=True)
class LocalizedChapter:
    """A grid's part of the report.

    Parameters
    ----------
    section
        What is said.
    grid
        What it is of; None where it can't be shown.
    pictures
        The figures of the section by the names that it has them under.
    drawn
        The same by their names on the grid's own page.
    """

    section: Section
    grid: LocalizedGrid | None = None
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    drawn: Mapping[str, Picture] = field(default_factory=dict)


def localized_chapters(workspace: Workspace, home: str = "") -> tuple[LocalizedChapter, ...]:
    """Return the part of every grid that localizes and has results.

    A grid of other clips than are there, or whose files can't be read, has a sentence.

    Parameters
    ----------
    workspace
        Where results and clips lie.
    home
        The way from where the report lies to results/; empty, it lies there.
    """
    return tuple(_chapter(workspace, name, home) for name in localized_grids_of(workspace))


def _chapter(workspace: Workspace, name: str, home: str) -> LocalizedChapter:
    try:
        grid = read_localized_grid(workspace, name)
        section = grid_section(grid, home)
        if not grid.results:
            return LocalizedChapter(section, grid)
        drawn = picture(FOREST, grid)
    except RodepilError as error:
        return LocalizedChapter(bare_section(name, f"It can't be shown: {error}."))
    return LocalizedChapter(
        section, grid, {below(FOREST, grid, home).name: drawn}, {FOREST.name: drawn}
    )
