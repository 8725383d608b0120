"""The figures of a grid, each a function of the grid and a theme."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matplotlib.figure import Figure

from rodepil.errors import ReportError
from rodepil.report.figures import Plate
from rodepil.report.figures.calibration import calibration_figure
from rodepil.report.figures.means import draw_means
from rodepil.report.figures.modalities import draw_modalities
from rodepil.report.grid.alike import alike_but_modality
from rodepil.report.grid.figures.forest import forest
from rodepil.report.grid.figures.learning import learning
from rodepil.report.grid.records import Grid
from rodepil.report.style import Style

MODALITIES: Final = "Bars of the mean F1-score of rows that differ in modality alone."
MEANS: Final = "Bars of the five mean metrics of the {}."
FOREST: Final = Plate[Grid]("forest", "Mean F1-score of every row with its interval.", forest)


def plates_of(grid: Grid) -> tuple[Plate[Grid], ...]:
    """Return the figures of a grid: all that its rows that are done allow."""
    if not grid.results:
        return ()
    compared = alike_but_modality(grid)
    return (
        FOREST,
        Plate("calibration", "Share of seizures by score, a panel for each row.", _calibration),
        Plate("learning_curves", "F1-score by epoch, a panel for each row.", learning),
        Plate("fig3_mean_metrics", MEANS.format(grid.ahead_words), _means),
        *([Plate("fig2_modalities", MODALITIES, _modalities)] if compared else []),
    )


def below(plate: Plate[Grid], grid: Grid) -> Plate[Grid]:
    """Return a figure of a grid under its name in results/, for the report of all."""
    return replace(plate, name=f"grids/{grid.record.name}/{plate.name}")


def _calibration(grid: Grid, style: Style) -> Figure:
    curves = {row.name: row.numbers.calibration for row in grid.rows if row.numbers is not None}
    return calibration_figure(curves, grid.data, style)


def _means(grid: Grid, style: Style) -> Figure:
    row = grid.row(grid.ahead or "")
    if row is None or row.result is None:
        raise ReportError(f"no row of grid '{grid.record.name}' has a fold that is done")
    printed = {name: value / 100 for name, value in row.record.paper.items()}
    return draw_means(row.result, printed, grid.source, style, row.name)


def _modalities(grid: Grid, style: Style) -> Figure:
    rows = alike_but_modality(grid)
    runs = {name: row.result for name, row in rows.items() if row.result is not None}
    printed = {
        name: value for name, row in rows.items() if (value := row.printed("f1")) is not None
    }
    return draw_modalities(runs, printed, grid.source, style)
