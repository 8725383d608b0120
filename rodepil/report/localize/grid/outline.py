"""What the page of a grid that localizes says, and its section in the report of all."""

from __future__ import annotations

from dataclasses import replace

from rodepil.report.figures import Plate
from rodepil.report.localize.grid.figures import FOREST, below, plates_of
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.localize.grid.tables import differences, mean_ap, trials
from rodepil.report.localize.grid.words import best_words, rows_words, tested_words
from rodepil.report.numbers import interval_text, percent_text
from rodepil.report.outline import Headline, Outline, Section, warning_words
from rodepil.report.sheet import UNDEFINED, Sheet
from rodepil.report.words import folds_words

HALF = 0.5
AXES_WORDS = (
    "Every combination that was trained. Intervals of single rows overlap even where rows differ, "
    "for all rows are tested on the same clips: the table of differences takes them in pairs."
)


def grid_outline(grid: LocalizedGrid) -> Outline:
    """Return the order of things of a grid's page."""
    return Outline(
        title=grid.record.title,
        subtitle=f"{rows_words(grid)}; {tested_words(grid)}; experiment "
        f"{grid.record.experiment} in MLflow",
        data=grid.data,
        warning=warning_words(grid.data, beside=False),
        headlines=_headlines(grid),
        sections=_sections(grid),
    )


def grid_section(grid: LocalizedGrid, home: str = "") -> Section:
    """Return a grid's section in the report of all: the forest plot and the table.

    Parameters
    ----------
    grid
        The grid.
    home
        The way from where the report lies to results/; empty, it lies there.
    """
    name = grid.record.name
    drawn = (below(FOREST, grid, home),) if grid.results else ()
    more = f"Differences from the best row, learning curves and trials of grid {name}"
    return Section(
        f"grid-{name}",
        f"Grid {name}",
        (f"{grid.record.title}: {rows_words(grid)}, {tested_words(grid)}.", best_words(grid)),
        (*drawn, replace(mean_ap(grid), name=f"{name}-table")),
        grid.missing,
        grid.data,
        {f"{home}grids/{name}/report.html": more},
    )


def _headlines(grid: LocalizedGrid) -> tuple[Headline, ...]:
    done = f"{len(grid.complete)} of {len(grid.rows)}"
    failed = sum(len(row.failed) for row in grid.rows)
    folds = len(grid.folds)
    each = f"with all {folds_words(folds)}" if folds > 1 else "one fold each"
    found = [Headline("Rows done", done, each)]
    if failed:
        found.append(Headline("Failed", str(failed), "fold" if failed == 1 else "folds"))
    row = grid.row(grid.ahead or "")
    if row is None or row.mean is None:
        return tuple(found)
    highest = "Best mean mAP" if grid.best else "Mean mAP ahead"
    found.append(Headline(highest, percent_text(row.mean.value or 0.0), row.name))
    bounds = interval_text(row.mean.interval, to=UNDEFINED)
    if bounds:
        found.append(Headline("95 % interval", bounds, f"mean mAP of the {grid.ahead_words}"))
    at_half = row.at(HALF)
    if at_half is not None:
        found.append(Headline(f"mAP@{HALF}", percent_text(at_half), grid.ahead_words))
    return tuple(found)


def _sections(grid: LocalizedGrid) -> tuple[Section, ...]:
    plate = {one.name: one for one in plates_of(grid)}

    def drawn(*names: str) -> tuple[Plate[LocalizedGrid], ...]:
        return tuple(plate[name] for name in names if name in plate)

    compared: tuple[Sheet, ...] = (differences(grid),) if grid.apart else ()
    trained: tuple[Sheet, ...] = (trials(grid),) if grid.results else ()
    rows = Section(
        "rows", "The rows", (best_words(grid),), (*drawn("forest"), mean_ap(grid)), grid.missing
    )
    made = (
        rows,
        Section("axes", "By what rows differ in", (AXES_WORDS,), drawn("axes")),
        Section("differences", f"Differences from the {grid.ahead_words}", (), compared),
        Section("training", "Training", (), (*drawn("learning_curves"), *trained)),
        Section("again", "Make it again, and use it", (_again_words(grid),), ()),
    )
    return tuple(section for section in made if section.items or section.name == "again")


def _again_words(grid: LocalizedGrid) -> str:
    name = grid.record.name
    row = grid.row(grid.ahead or "")
    first = None if row is None or row.run is None else row.run.record.trials[0].trial_id
    use = (
        f" The localizer of the {grid.ahead_words} finds units in other recordings: rodepil "
        f"localize VIDEOS --model results/trials/{first}."
        if first
        else ""
    )
    return (
        f"rodepil tune --grid {name} runs what is missing and writes this page; mlflow ui shows "
        f"every run in experiment {grid.record.experiment}.{use} Every number, AP of every unit "
        "among them, stands in the CSV files beside this page."
    )
