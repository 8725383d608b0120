"""The tables of a grid: Table III, what the source prints beside it, differences, scores."""

from __future__ import annotations

import re
from typing import Final

from rodepil.io.wording import by_number
from rodepil.report.grid.naming import axes_of, folds_text, left_note, name_columns, named
from rodepil.report.grid.records import Grid
from rodepil.report.numbers import (
    PLUS_MINUS,
    RATES,
    Numbers,
    interval_text,
    spread_text,
    with_interval,
)
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.subjects import OF_SUBJECTS, subject_columns
from rodepil.report.words import METRICS

LEVEL: Final = "95 %"
MANY_ROWS: Final = 9
PICKED: Final = "Holm's correction does not know of the picking"
PICKED_OF_MANY: Final = (
    ": of grids of nine rows that are equally good, one in eight shows a difference with p < 0.05"
)
"""Of 400 simulated grids 12 %; see ``tests/statistics/test_limits.py``."""


def table3(grid: Grid) -> Sheet:
    """Return Table III: each row's means with their standard deviations, F1 with its interval."""
    axes = axes_of(grid)
    rows = [
        (
            *named(row, axes),
            folds_text(grid, row),
            _spread(row.numbers, "f1"),
            _f1_interval(row.numbers),
            *((row.printed("f1"), row.beyond("f1")) if grid.source else ()),
            *(_spread(row.numbers, name) for name in METRICS if name != "f1"),
        )
        for row in grid.rows
    ]
    return Sheet(
        name="table3",
        title=heading(grid),
        note=f"{grid.about} Mean {PLUS_MINUS} standard deviation over folds, %; {LEVEL} "
        f"interval of the mean F1-score by bootstrap over subjects. {grid.caution}"
        f"{_source_note(grid)}{_best_note(grid)}{left_note(grid)}",
        data=grid.data,
        columns=(
            *name_columns(axes),
            Column("Folds", "count"),
            Column(METRICS["f1"], "percent"),
            Column(f"{LEVEL} interval", "percent"),
            *(_beside(grid) if grid.source else ()),
            *(Column(title, "percent") for name, title in METRICS.items() if name != "f1"),
        ),
        rows=tuple(rows),
        bold=frozenset(at for at, row in enumerate(grid.rows) if row.name == grid.best),
    )


def beside_source(grid: Grid) -> Sheet:
    """Return every number that the source prints, with ours and the difference."""
    names = [name for name in METRICS if any(name in row.record.paper for row in grid.rows)]
    rows: list[tuple[Cell, ...]] = []
    for row in grid.rows:
        mean = None if row.result is None else row.result.mean.as_dict()
        cells = [
            (None if mean is None else mean[name], row.printed(name), row.beyond(name))
            for name in names
        ]
        rows.append((row.name, *(cell for three in cells for cell in three)))
    return Sheet(
        name="table3_beside",
        title=f"Beside {grid.source}",
        note=f"{grid.about} Means over folds.{_source_note(grid)}",
        data=grid.data,
        columns=(
            Column("Row"),
            *(
                column
                for title in (METRICS[name] for name in names)
                for column in (
                    Column(title, "percent", title),
                    Column("printed", "percent", title, title),
                    Column("difference", "points", title, title),
                )
            ),
        ),
        rows=tuple(rows),
    )


def scores(grid: Grid) -> Sheet:
    """Return what needs no threshold, or another: AUROC, AUPRC, Brier score, sensitivity."""
    rows: list[tuple[Cell, ...]] = []
    for row in grid.rows:
        numbers = row.numbers
        rows.append(
            (row.name, *([None] * (3 + len(RATES)) if numbers is None else _scored(numbers)))
        )
    return Sheet(
        name="scores",
        title="Scores at every threshold",
        note=f"{grid.about} Over all clips of the folds that are done, with {LEVEL} "
        f"intervals by bootstrap over subjects. {grid.caution} Brier score: 0 is perfect. "
        "Sensitivity, %: the most that is found with no more than that share of normal clips "
        "called.",
        data=grid.data,
        columns=(
            Column("Row"),
            *(Column(title, "percent") for title in ("AUROC", "AUPRC", "Brier score")),
            *(Column(f"Sensitivity at {100 * rate:g}% FPR", "percent") for rate in RATES),
        ),
        rows=tuple(rows),
    )


def differences(grid: Grid) -> Sheet:
    """Return every row less the one ahead: paired difference, interval, corrected test."""
    best = grid.ahead or "no row"
    rows: list[tuple[Cell, ...]] = []
    for name, found in grid.comparisons.items():
        if not found.folds:
            rows.append((name, "0", *[None] * 5))
            continue
        f1 = found.differences["f1"]
        others = [found.differences[key].estimate.value for key in ("sensitivity", "specificity")]
        bounds = interval_text(f1.estimate.interval)
        folds = str(len(found.folds))
        rows.append((name, folds, f1.estimate.value, bounds, p_text(f1.p_holm), *others))
    return Sheet(
        name="differences",
        title=f"Differences from {best}",
        note=f"{grid.about} Row less {grid.ahead_words}, points, over the folds and subjects that "
        f"both have; {LEVEL} intervals by bootstrap over subjects. p: permutation test by subject "
        f"of the F1-score, two-sided, corrected by Holm over "
        f"{by_number(len(grid.compared), 'row', 'rows')}. {grid.caution} The {grid.ahead_words} "
        f"was picked for its F1-score, so that it looks a little better than it is. "
        f"{picked_words(grid)}",
        data=grid.data,
        columns=(
            Column("Row"),
            Column("Folds", "count"),
            Column("F1-score", "points"),
            Column(f"{LEVEL} interval", "points"),
            Column("p", "points"),
            Column("Sensitivity", "points"),
            Column("Specificity", "points"),
        ),
        rows=tuple(rows),
    )


def picked_words(grid: Grid) -> str:
    """Return what the correction for several rows leaves out, with what that does where known."""
    many = len(grid.compared) + 1 >= MANY_ROWS
    return f"{PICKED}{PICKED_OF_MANY if many else ''}."


def best_by_subject(grid: Grid) -> Sheet | None:
    """Return every subject's results under the row ahead; None before any fold is done."""
    row = grid.row(grid.ahead or "")
    if row is None or row.numbers is None:
        return None
    return Sheet(
        name="by_subject",
        title=f"Results by subject of {row.name}",
        note=f"{grid.about} {OF_SUBJECTS} by_subject.csv has every row.",
        data=grid.data,
        columns=subject_columns(),
        rows=tuple(
            (
                one.subject,
                one.fold,
                one.negatives,
                one.positives,
                *(getattr(one, name) for name in METRICS),
            )
            for one in row.numbers.subjects
        ),
    )


def heading(grid: Grid) -> str:
    """Return what the table of all rows is called, as the source calls its own."""
    called = re.search(r"\bTable (?:[IVX]+|\d+)\b", grid.source)
    return f"{called.group()}: {grid.record.title}" if called else grid.record.title


def p_text(p_value: float) -> str:
    """Return a p-value as printed."""
    least = 0.001
    return f"< {least}" if p_value < least else f"{p_value:.3f}"


def _spread(numbers: Numbers | None, name: str) -> str | None:
    found = None if numbers is None else numbers.summary.metrics[name]
    if found is None or found.mean.value is None:
        return None
    return spread_text(found.mean.value, found.deviation)


def _f1_interval(numbers: Numbers | None) -> str | None:
    return None if numbers is None else interval_text(numbers.summary.metrics["f1"].mean.interval)


def _scored(numbers: Numbers) -> tuple[str | None, ...]:
    ranking = numbers.ranking
    areas = (ranking.auroc, ranking.average_precision, numbers.calibration.brier)
    found = (one.sensitivity for one in ranking.at_rates)
    return (
        *(with_interval(area) for area in areas),
        *(with_interval(one, 100, 1) for one in found),
    )


def _beside(grid: Grid) -> tuple[Column, Column]:
    group = f"{grid.source} (its own data)"
    return Column("F1-score", "percent", group, "printed"), Column(
        "Difference", "points", group, "F1"
    )


def _source_note(grid: Grid) -> str:
    if not grid.source:
        return ""
    return f" Beside: the values of {grid.source}, measured on its own data; differences in points."


def _best_note(grid: Grid) -> str:
    return f" Bold: the best row by F1-score, {grid.best}." if grid.best else ""
