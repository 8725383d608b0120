"""Grids: Table III with statistics, their figures and page, and the same facts in few words."""

from rodepil.report.grid.describe import champion_markdown, grid_markdown, grid_table_markdown
from rodepil.report.grid.read import grids_of
from rodepil.report.grid.summary import best_row, grid_summary
from rodepil.report.grid.write import write_grid

__all__ = [
    "best_row",
    "champion_markdown",
    "grid_markdown",
    "grid_summary",
    "grid_table_markdown",
    "grids_of",
    "write_grid",
]
