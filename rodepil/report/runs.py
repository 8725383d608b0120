"""Recorded runs as tables of the terminal: cross-validations with the averages of their folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rodepil.io.wording import by_number
from rodepil.report.numbers import spread_text
from rodepil.report.run_numbers import (
    MAIN_OF,
    TESTED,
    main_key,
    numbers_of,
    orders_of,
    task_of,
)
from rodepil.report.run_rows import Row
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.track.protocol import RunFacts
from rodepil.track.reading import address_of

SHORT = 8
"""Digits of an id that are shown: enough to tell thousands of runs apart."""

MAIN = ("data", "task", "variant", "split", "modality", "control", "view")
"""Tags that tell runs apart, and stand first."""

PLACE = ("grid", "row")
AXIS = "grid."
"""Tags of a row of a grid: where it stands, and each of its words, as ``grid.size``."""

AGES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (0.0, "s"))
MODEL = "model/model.safetensors"
"""Where a run keeps its model."""

OF_A_RUN = ("fold", "group_id", "trial_id", "last_error")
"""What differs between any two runs."""


def listing(rows: Sequence[Row], now_s: float) -> Sheet:
    """Return one line for each row: its state, and F1 with its standard deviation over folds.

    Of localizations it is the mean mAP; where both kinds are, each number has a column. The
    experiment and the data stand in columns of their own where they are not the same for all.
    """
    tasks = {task_of(row.run) for row in rows}
    shown = [named for task, named in MAIN_OF.items() if task in tasks]
    columns = [
        Column("Run", whole=True), Column("Name", whole=True), Column("Status", whole=True),
        Column("Age", "count"),
        Column("Folds", "count"), *(Column(title, "percent") for _, title in shown),
        Column("SD", "percent"),
    ]  # fmt: skip
    lines = [_line(row, now_s, [key for key, _ in shown]) for row in rows]
    experiments = [row.run.experiment for row in rows]
    data = [row.run.tags.get("data") for row in rows]
    for title, cells in (("Experiment", experiments), ("Data", data)):
        if len(set(cells)) > 1:
            columns.append(Column(title))
            lines = [(*line, cell) for line, cell in zip(lines, cells, strict=True)]
    return _sheet("runs", tuple(columns), lines, (data[0] or "") if len(set(data)) == 1 else "")


def _line(row: Row, now_s: float, keys: Sequence[str]) -> tuple[Cell, ...]:
    folds = f"{len(row.finished)}/{len(row.folds)}" if row.folds else None
    return (
        row.run.id[:SHORT],
        row.run.name,
        row.run.status,
        age(now_s - row.run.start_s),
        folds,
        *(row.mean(key) for key in keys),
        row.deviation(main_key(row.run)),
    )


def models(row: Row, trials: Path) -> list[str]:
    """Return where the model of each finished fold lies: a file of the project, or the tracker."""
    found = []
    for run in row.finished:
        path = trials / run.tags.get("trial_id", "-") / "model.safetensors"
        found.append(str(path) if path.is_file() else address_of(run, MODEL))
    return found if row.folds or "trial_id" in row.run.tags else []


def model_lines(rows: Sequence[Row], trials: Path, root: Path) -> list[str]:
    """Return, for each row, where the model of its best fold lies, relative to the project."""
    lines = []
    for row in rows:
        lies = models(row, trials)
        if lies:
            reached = [run.metrics.get(main_key(row.run), 0.0) for run in row.finished]
            best = max(range(len(lies)), key=reached.__getitem__)
            path = _relative(lies[best], root)
            lines.append(f"{row.run.id[:SHORT]} {_part(row, row.finished[best])} {path}")
    return lines


def telling(row: Row, now_s: float) -> list[str]:
    """Return what a run is, as lines of a name and a text."""
    run = row.run
    took = None if run.end_s is None else age(run.end_s - run.start_s)
    told = {
        "run": f"{run.id} ({run.name})",
        "experiment": run.experiment,
        "status": ": ".join(filter(None, [run.status, run.tags.get("last_error")])),
        "began": f"{age(now_s - run.start_s)} ago" + (f", took {took}" if took else ""),
        **{tag: run.tags.get(tag) for tag in (*PLACE, *MAIN)},
        "words": words_of(run),
        "beside mAP": orders_of(run),
        **{tag: run.tags.get(tag) for tag in ("git_commit", "trial_id", "group_id")},
    }
    return [f"{name:11} {text}" for name, text in told.items() if text]


def words_of(run: RunFacts) -> str:
    """Return the words of a row of a grid: ``size 224, frames 16``."""
    named = {tag.removeprefix(AXIS): text for tag, text in run.tags.items() if tag.startswith(AXIS)}
    return ", ".join(f"{axis.replace('_', ' ')} {text}" for axis, text in sorted(named.items()))


def fold_sheet(row: Row) -> Sheet:
    """Return the numbers of each fold, with their mean and standard deviation.

    They are those of Table II, of localizations mAP at each threshold of tIoU and their mean.
    """
    told = numbers_of([row.run, *row.folds])
    columns = (
        Column("Run", whole=True),
        Column("Name", whole=True),
        Column("Status", whole=True),
        *(Column(title, "percent") for title in told.values()),
    )
    keys = list(told)
    lines: list[tuple[Cell, ...]] = [
        (run.id[:SHORT], _part(row, run), run.status, *(run.metrics.get(key) for key in keys))
        for run in row.folds or (row.run,)
    ]
    if row.folds:
        of = by_number(len(row.finished), "fold", "folds")
        lines.append(("mean", of, None, *(row.mean(key) for key in keys)))
        lines.append(("SD", of, None, *(row.deviation(key) for key in keys)))
    return _sheet("folds", columns, lines)


def comparison(rows: Sequence[Row]) -> Sheet:
    """Return runs side by side: their numbers (see `fold_sheet`), what settings and tags differ."""
    columns = (Column(""), *(Column(row.run.id[:SHORT]) for row in rows))
    lines: list[tuple[Cell, ...]] = [("name", *(row.run.name for row in rows))]
    lines.append(("folds", *(str(len(row.finished)) for row in rows)))
    lines += [
        (f"{key.removeprefix(TESTED)} %", *(_mean_text(row, key) for row in rows))
        for key in numbers_of([run for row in rows for run in (row.run, *row.folds)])
    ]
    lines += _differing([{tag: row.run.tags.get(tag) for tag in MAIN} for row in rows], ())
    lines += _differing([row.run.settings for row in rows], (*MAIN, *OF_A_RUN))
    lines += _differing([row.run.tags for row in rows], (*MAIN, *OF_A_RUN))
    return _sheet("comparison", columns, lines)


def _differing(
    held: Sequence[Mapping[str, str | None]], but: Sequence[str]
) -> list[tuple[Cell, ...]]:
    """Return a line for each name whose values are not the same for all."""
    names = sorted({name for one in held for name in one} - {*but})
    return [
        (name, *(one.get(name) for one in held))
        for name in names
        if len({one.get(name) for one in held}) > 1
    ]


def _mean_text(row: Row, key: str) -> str | None:
    mean, deviation = row.mean(key), row.deviation(key)
    if mean is None:
        return None
    return spread_text(mean, deviation)


def age(seconds: float) -> str:
    """Return a time span in its largest unit.

    >>> age(7300)
    '2 h'
    """
    unit_s, unit = next((pair for pair in AGES if seconds >= pair[0]), AGES[-1])
    return f"{max(0.0, seconds) / (unit_s or 1.0):.0f} {unit}"


def _part(row: Row, run: RunFacts) -> str:
    """Return a fold's name without that of its row, which stands beside or above."""
    return (
        run.name.rpartition("/")[2] if run is row.run else run.name.removeprefix(f"{row.run.name}/")
    )


def _relative(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}/")


def _sheet(
    name: str, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]], data: str = ""
) -> Sheet:
    return Sheet(name, name.capitalize(), "", data, columns, tuple(rows))
