"""The tables of a grid whose rows localize: mAP with intervals, differences, trials."""

from __future__ import annotations

from statistics import fmean

from rodepil.report.controls import interval_words
from rodepil.report.grid.naming import axes_of, folds_text, left_note, name_columns, named
from rodepil.report.localize.grid.records import LocalizedGrid, LocalizedRow
from rodepil.report.localize.grid.words import apart_note, drawn_again
from rodepil.report.numbers import interval_text
from rodepil.report.sheet import Cell, Column, Sheet

LEVEL = "95 % interval"
WHAT = "mAP@x: mean over action units of AP at a tIoU of x; Mean: over these."


def mean_ap(grid: LocalizedGrid) -> Sheet:
    """Return each row's mAP at every threshold, their mean and its interval; the best is bold."""
    axes, tious = axes_of(grid), grid.every_threshold
    bold = f" Bold: the best row by mean mAP, {grid.best}." if grid.best else ""
    return Sheet(
        name="table",
        title=grid.record.title,
        note=f"{grid.about} {WHAT} Means over folds. {drawn_again(grid)}{bold}{left_note(grid)}",
        data=grid.data,
        columns=(
            *name_columns(axes),
            Column("Folds", "count"),
            *(Column(f"mAP@{tiou:g}", "percent") for tiou in tious),
            Column("Mean", "percent"),
            Column(LEVEL, "percent"),
        ),
        rows=tuple(
            (
                *named(row, axes),
                folds_text(grid, row),
                *(row.at(tiou) for tiou in tious),
                *mean_cells(row),
            )
            for row in grid.rows
        ),
        bold=frozenset(at for at, row in enumerate(grid.rows) if row.name == grid.best),
    )


def mean_cells(row: LocalizedRow, to: str = " to ") -> tuple[Cell, Cell]:
    """Return a row's mean mAP and its interval as printed."""
    mean = row.mean
    return (None, None) if mean is None else (mean.value, interval_text(mean.interval, to=to))


def differences(grid: LocalizedGrid) -> Sheet:
    """Return every row less the one ahead: the paired difference with its interval."""
    rows: list[tuple[Cell, ...]] = []
    for name, apart in grid.apart.items():
        row = grid.row(name)
        if row is None or row.run is None:
            continue
        trials = row.run.record.trials
        rows.append(
            (
                name,
                str(len(grid.shared(row))),
                apart.value,
                interval_words(apart),
                fmean(trial.frame_accuracy for trial in trials),
                fmean(trial.edit_score for trial in trials),
            )
        )
    return Sheet(
        name="differences",
        title=f"Differences from {grid.ahead or 'no row'}",
        note=f"{grid.about} {apart_note(grid)} {drawn_again(grid)} Frames: share whose label is "
        "right. Edit score: of the order of labels, 100% where it is right.",
        data=grid.data,
        columns=(
            Column("Row"),
            Column("Folds", "count"),
            Column("Mean mAP", "points"),
            Column(LEVEL, "points"),
            Column("Frames", "percent"),
            Column("Edit score", "percent"),
        ),
        rows=tuple(rows),
    )


def trials(grid: LocalizedGrid) -> Sheet:
    """Return the trials: which row and fold, where its localizer lies, how long it took."""
    return Sheet(
        name="trials",
        title="Trials",
        note=f"{grid.about} A trial's id names its folder, in which its localizer lies; its run is "
        "that of the tracker.",
        data=grid.data,
        columns=(
            Column("Row"),
            Column("Fold"),
            Column("Trial"),
            Column("Run"),
            Column("Parameters", "count"),
            Column("Mean mAP", "percent"),
            Column("Time", "seconds"),
        ),
        rows=tuple(
            (
                row.name,
                f"fold {trial.fold}",
                trial.trial_id,
                trial.run_id,
                row.run.record.parameters,
                trial.mean_map,
                trial.seconds,
            )
            for row in grid.rows
            if row.run is not None
            for trial in sorted(row.run.record.trials, key=lambda trial: trial.fold)
        ),
        bold=frozenset(),
    )
