"""Grids whose rows localize: their table with intervals, figures and page, and how to use them."""

from rodepil.report.localize.grid.describe import localized_grid_markdown, localized_row_markdown
from rodepil.report.localize.grid.read import localized_grids_of, read_localized_grid
from rodepil.report.localize.grid.summary import best_models, localized_grid_summary
from rodepil.report.localize.grid.write import write_localized_grid

__all__ = [
    "best_models",
    "localized_grid_markdown",
    "localized_grid_summary",
    "localized_grids_of",
    "localized_row_markdown",
    "read_localized_grid",
    "write_localized_grid",
]
