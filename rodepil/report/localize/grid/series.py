"""A grid that localizes as CSV and JSON, for other tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rodepil.report.grid.series import Value, csv_of
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.localize.grid.tables import differences, mean_ap, trials
from rodepil.report.sheet import to_csv


def metrics(grid: LocalizedGrid) -> dict[str, dict[str, float]]:
    """Return what DVC compares: the mean mAP in [0, 1] by row."""
    return {"mean_map": {name: run.mean for name, run in grid.results.items()}}


def grid_series(grid: LocalizedGrid) -> Mapping[str, str]:
    """Return the CSV files of a grid by name; the last column of each names the data."""
    sheets = (mean_ap(grid), differences(grid), trials(grid))
    return {
        **{f"{sheet.name}.csv": to_csv(sheet) for sheet in sheets},
        "ap_by_unit.csv": csv_of(grid, _by_unit(grid)),
        "learning_curves.csv": csv_of(grid, _learning(grid)),
    }


def _by_unit(grid: LocalizedGrid) -> Iterator[Mapping[str, Value]]:
    """Yield AP of every unit of every row at each threshold, means over folds, in [0, 1]."""
    for name, run in grid.results.items():
        for label in dict.fromkeys(label for trial in run.record.trials for label in trial.ap):
            for tiou in run.record.tious:
                yield {"row": name, "unit": label, "tiou": tiou, "ap": run.ap(label, tiou)}


def _learning(grid: LocalizedGrid) -> Iterator[Mapping[str, Value]]:
    """Yield every epoch of every fold, epochs from 1."""
    for name, run in grid.results.items():
        for trial in run.record.trials:
            for at, epoch in enumerate(trial.history, 1):
                yield {"row": name, "fold": trial.fold, **epoch, "epoch": at}
