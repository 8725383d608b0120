"""A grid as CSV and JSON: every number of its tables and figures, for other tools and for DVC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rodepil.report.grid.naming import axes_of
from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.grid.rows import AnyGrid
from rodepil.report.numbers import Numbers
from rodepil.report.series import Row, csv_text
from rodepil.report.words import METRICS
from rodepil.statistics.intervals import Estimate

Value = str | int | float | None


def metrics(grid: Grid) -> dict[str, dict[str, float]]:
    """Return what DVC compares: numbers in [0, 1] by name and row."""
    done = {row.name: row.numbers for row in grid.rows if row.numbers is not None}
    found: dict[str, dict[str, float | None]] = {
        "f1": {name: one.summary.metrics["f1"].mean.value for name, one in done.items()},
        "auroc": {name: one.ranking.auroc.value for name, one in done.items()},
    }
    return {
        number: {row: value for row, value in held.items() if value is not None}
        for number, held in found.items()
    }


def grid_series(grid: Grid) -> Mapping[str, str]:
    """Return the CSV files of a grid by name; the last column of each names the data."""
    return {
        "table3.csv": csv_of(grid, _table(grid)),
        "differences.csv": csv_of(grid, _differences(grid)),
        "by_subject.csv": csv_of(grid, _by_subject(grid)),
        "sensitivity_at_rates.csv": csv_of(grid, _sensitivity(grid)),
        "calibration.csv": csv_of(grid, _calibration(grid)),
        "learning_curves.csv": csv_of(grid, _learning(grid)),
        "forest.csv": csv_of(grid, _forest(grid)),
    }


def csv_of(grid: AnyGrid, rows: Iterator[Mapping[str, Value]]) -> str:
    """Return rows as CSV under the names that any of them has; empty where it has no value."""
    held = list(rows)
    names = list(dict.fromkeys(name for row in held for name in row)) or ["row"]
    cells: list[Row] = [
        [*("" if (value := row.get(name)) is None else value for name in names), grid.data]
        for row in held
    ]
    return csv_text([*names, "data"], cells)


def _table(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield every row's words, folds, and numbers; the source's and the difference beside."""
    for row in grid.rows:
        printed = {name: value for name in METRICS if (value := row.printed(name)) is not None}
        yield {
            "row": row.name,
            **{axis: row.record.words.get(axis) for axis in axes_of(grid)},
            "folds_wanted": len(grid.folds),
            "folds_failed": len(row.failed),
            **_numbers(row, row.numbers),
            **{f"{name}_printed": value for name, value in printed.items()},
            **{f"{name}_difference": row.beyond(name) for name in printed},
        }


def _numbers(row: GridRow, numbers: Numbers | None) -> dict[str, Value]:
    """Return the numbers of a row, shares in [0, 1]."""
    found: dict[str, Value] = {"folds": len(row.finished)}
    if numbers is None:
        return found
    found |= {"subjects": numbers.summary.subjects, "clips": numbers.summary.clips}
    for name, spreading in numbers.summary.metrics.items():
        found |= _estimate(name, spreading.mean)
        found[f"{name}_sd"] = spreading.deviation
    found |= _estimate("auroc", numbers.ranking.auroc)
    found |= _estimate("auprc", numbers.ranking.average_precision)
    found |= _estimate("brier", numbers.calibration.brier)
    return found | {"calibration_error": numbers.calibration.error}


def _estimate(name: str, estimate: Estimate) -> dict[str, Value]:
    bounds = estimate.interval
    return {
        name: estimate.value,
        f"{name}_low": None if bounds is None else bounds.low,
        f"{name}_high": None if bounds is None else bounds.high,
    }


def _differences(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield the difference of every metric of every row from the best."""
    for name, found in grid.comparisons.items():
        for metric, one in found.differences.items():
            yield {
                "row": name,
                "best": found.best,
                "metric": metric,
                "folds": len(found.folds),
                **_estimate("difference", one.estimate),
                "p": one.p_value,
                "p_holm": one.p_holm,
                "swaps": found.swaps,
                "exact": str(found.exact).lower(),
            }


def _by_subject(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield every subject of every row, with its difference of F1 from the best row."""
    for row in grid.rows:
        beside = grid.comparisons.get(row.name)
        for one in row.numbers.subjects if row.numbers else ():
            less = None if beside is None else beside.f1_by_subject.get(one.subject)
            yield {"row": row.name, **vars(one), "f1_less_best": less}


def _sensitivity(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield the sensitivity of every row at each false positive rate."""
    for row in grid.rows:
        for one in row.numbers.ranking.at_rates if row.numbers else ():
            yield {
                "row": row.name,
                "false_positive_rate": one.limit,
                **_estimate("sensitivity", one.sensitivity),
                "threshold": one.threshold,
            }


def _calibration(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield every bin of every row's calibration curve."""
    for row in grid.rows:
        for one in row.numbers.calibration.bins if row.numbers else ():
            low, high = one.interval.low, one.interval.high
            yield {
                "row": row.name,
                "score": one.score,
                "rate": one.rate,
                "rate_low": low,
                "rate_high": high,
                "clips": one.clips,
            }


def _learning(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield every epoch of every fold, epochs from 1."""
    for row in grid.rows:
        for trial in row.result.record.trials if row.result else ():
            for at, epoch in enumerate(trial.history, 1):
                yield {"row": row.name, "fold": trial.fold, **epoch, "epoch": at}


def _forest(grid: Grid) -> Iterator[Mapping[str, Value]]:
    """Yield what the forest plot draws, in percent."""
    for row in grid.rows:
        if row.numbers is None:
            continue
        drawn = _estimate("f1", row.numbers.summary.metrics["f1"].mean)
        drawn["f1_printed"] = row.printed("f1")
        yield {
            "row": row.name,
            **{
                name: 100 * value if isinstance(value, int | float) else None
                for name, value in drawn.items()
            },
        }
