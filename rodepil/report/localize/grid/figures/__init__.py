"""The figures of a grid that localizes, each a function of the grid and a theme."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matplotlib.figure import Figure

from rodepil.report.figures import Plate
from rodepil.report.figures.forest import Line, draw_forest
from rodepil.report.localize.grid.figures.learning import learning
from rodepil.report.localize.grid.figures.two_axes import combinations, two_axes
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.localize.grid.words import drawn_again
from rodepil.report.style import Style


def forest(grid: LocalizedGrid, style: Style) -> Figure:
    """Draw each row's mean mAP with its interval."""
    is_whole = all(row.run is not None for row in grid.rows)
    left = "" if is_whole else " A row without a dot has no fold that is done."
    return draw_forest(
        [Line(row.name, row.mean, is_best=row.name == grid.best) for row in grid.rows],
        style,
        title="Mean mAP of every row",
        note=f"{grid.about} Mean over folds and thresholds of tIoU. {drawn_again(grid)}"
        f"{' Bold: the best row.' if grid.best else ''}{left}",
        x="Mean mAP (%)",
    )


FOREST: Final = Plate[LocalizedGrid]("forest", "Mean mAP of every row with its interval.", forest)
AXES: Final = Plate("axes", "Mean mAP by the two things in which rows differ.", two_axes)
LEARNING: Final = Plate(
    "learning_curves", "Mean mAP of tested clips by epoch, a panel for each row.", learning
)


def plates_of(grid: LocalizedGrid) -> tuple[Plate[LocalizedGrid], ...]:
    """Return the figures of a grid: all that its rows that are done allow."""
    if not grid.results:
        return ()
    return (FOREST, *([AXES] if combinations(grid) else []), LEARNING)


def below(plate: Plate[LocalizedGrid], grid: LocalizedGrid, home: str = "") -> Plate[LocalizedGrid]:
    """Return a figure of a grid under its name in results/, for the report of all.

    Parameters
    ----------
    plate, grid
        The figure, and of which grid it is.
    home
        The way from where the report lies to results/.
    """
    return replace(plate, name=f"{home}grids/{grid.record.name}/{plate.name}")
