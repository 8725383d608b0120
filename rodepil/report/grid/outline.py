"""What a grid's page says and in which order, and its section in the report of all."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rodepil.io.wording import by_number
from rodepil.report.figures import Plate
from rodepil.report.grid.figures import FOREST, below, plates_of
from rodepil.report.grid.naming import axes_of, left_note
from rodepil.report.grid.records import Grid
from rodepil.report.grid.tables import (
    beside_source,
    best_by_subject,
    differences,
    heading,
    picked_words,
    scores,
    table3,
)
from rodepil.report.numbers import interval_text, percent_text
from rodepil.report.outline import Headline, Outline, Section, warning_words
from rodepil.report.sheet import UNDEFINED, Sheet
from rodepil.report.words import folds_words

SIGNIFICANT: Final = 0.05


def grid_outline(grid: Grid) -> Outline:
    """Return the order of things of a grid's page."""
    return Outline(
        title=heading(grid),
        subtitle=_subtitle(grid),
        data=grid.data,
        warning=warning_words(grid.data, beside=bool(grid.source)),
        headlines=_headlines(grid),
        sections=_sections(grid),
    )


def grid_section(grid: Grid) -> Section:
    """Return a grid's section in the report of all: the forest plot and Table III."""
    name = grid.record.name
    drawn = (below(FOREST, grid),) if grid.results else ()
    more = f"Differences, calibration and learning curves of grid {name}"
    return Section(
        f"grid-{name}",
        f"Grid {name}",
        (best_words(grid),),
        (*drawn, replace(table3(grid), name=f"{name}-table3")),
        links={f"grids/{name}/report.html": more},
    )


def bare_section(name: str, said: str) -> Section:
    """Return the section of a grid that can't be shown: the sentence that says why."""
    return Section(f"grid-{name}", f"Grid {name}", (said,), ())


def best_words(grid: Grid) -> str:
    """Return which row is best, and from how many rows it can be told apart."""
    best = grid.row(grid.best or "")
    if best is None or best.numbers is None:
        return "No row is complete yet, so that none is called the best." + left_note(grid)
    mean = best.numbers.summary.metrics["f1"].mean
    bounds = interval_text(mean.interval)
    apart = sum(one.differences["f1"].p_holm < SIGNIFICANT for one in grid.compared)
    others = by_number(len(grid.compared), "other row", "other rows")
    differs = (
        f" It differs from {apart} of {others} by a permutation test by subject at 5 %, corrected "
        f"by Holm. {picked_words(grid)}"
    )
    return (
        f"The best row by F1-score is {best.name} with {percent_text(mean.value or 0.0)}"
        f"{f' (95 % interval {bounds})' if bounds else ''}.{differs if grid.compared else ''} "
        f"{grid.caution}{left_note(grid)}"
    )


def _subtitle(grid: Grid) -> str:
    rows = by_number(len(grid.rows), "row", "rows")
    differ = ", ".join(axis.replace("_", " ") for axis in axes_of(grid))
    said = f" that differ in {differ}" if differ else ""
    return f"{rows}{said}; {_tested(grid)}; experiment {grid.record.experiment} in MLflow"


def _tested(grid: Grid) -> str:
    """Return what the row ahead was tested on, which is what all were."""
    row = grid.row(grid.ahead or "")
    if row is None or row.numbers is None:
        return "nothing is tested yet"
    found = row.numbers.summary
    return f"{found.clips:,} clips of {found.subjects} subjects in {folds_words(len(found.folds))}"


def _headlines(grid: Grid) -> tuple[Headline, ...]:
    done = f"{len(grid.complete)} of {len(grid.rows)}"
    failed = sum(len(row.failed) for row in grid.rows)
    found = [Headline("Rows done", done, f"with all {folds_words(len(grid.folds))}")]
    if failed:
        found.append(Headline("Failed", str(failed), "fold" if failed == 1 else "folds"))
    row = grid.row(grid.ahead or "")
    if row is None or row.numbers is None:
        return tuple(found)
    f1 = row.numbers.summary.metrics["f1"]
    auroc = row.numbers.ranking.auroc
    highest = "Best F1-score" if grid.best else "F1-score ahead"
    found.append(Headline(highest, percent_text(f1.mean.value or 0.0), row.name))
    bounds = interval_text(f1.mean.interval, to=UNDEFINED)
    if bounds:
        found.append(Headline("95 % interval", bounds, "F1-score, over subjects"))
    if auroc.value is not None:
        detail = f"{grid.ahead_words}, all test clips together"
        found.append(Headline("AUROC", f"{auroc.value:.3f}", detail))
    brier = row.numbers.calibration.brier.value
    if brier is not None:
        found.append(Headline("Brier score", f"{brier:.3f}", f"{grid.ahead_words}; 0 is perfect"))
    return tuple(found)


def _sections(grid: Grid) -> tuple[Section, ...]:
    plate = {one.name: one for one in plates_of(grid)}

    def drawn(*names: str) -> tuple[Plate[Grid], ...]:
        return tuple(plate[name] for name in names if name in plate)

    beside: tuple[Sheet, ...] = (beside_source(grid),) if grid.source else ()
    compared: tuple[Sheet, ...] = (differences(grid),) if grid.comparisons else ()
    own = best_by_subject(grid)
    subjects: tuple[Sheet, ...] = () if own is None else (own,)
    made = (
        Section("rows", "The rows", (best_words(grid),), (*drawn("forest"), table3(grid))),
        Section("beside", f"Beside {grid.source}", (), beside),
        Section("differences", f"Differences from the {grid.ahead_words}", (), compared),
        Section("modalities", "What the model sees", (), drawn("fig2_modalities")),
        Section("best", f"The {grid.ahead_words}", (), (*drawn("fig3_mean_metrics"), *subjects)),
        Section("scores", "What scores are worth", (), (scores(grid), *drawn("calibration"))),
        Section("training", "Training", (), drawn("learning_curves")),
        Section("again", "Make it again", (_again_words(grid),), ()),
    )
    return tuple(section for section in made if section.items or section.name == "again")


def _again_words(grid: Grid) -> str:
    name = grid.record.name
    return (
        f"rodepil tune --grid {name} runs what is missing and writes this page; mlflow ui shows "
        f"every run in experiment {grid.record.experiment}. Every number stands in the CSV files "
        "beside this page."
    )
