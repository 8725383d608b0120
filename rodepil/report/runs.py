"""Recorded runs as tables of the terminal: cross-validations with the averages of their folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from rodepil.errors import TrackingError
from rodepil.io.wording import by_number
from rodepil.report.numbers import spread_text
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.track.protocol import RunFacts
from rodepil.track.reading import address_of

SHORT = 8
"""Digits of an id that are shown: enough to tell thousands of runs apart."""

TESTED = "test_"
TABLE_II = {
    "f1": "F1", "accuracy": "Acc.", "sensitivity": "Sens.", "specificity": "Spec.",
    "precision": "Prec.",
}  # fmt: skip
"""The numbers of Table II, with titles for narrow columns."""

LESS_IS_BETTER = ("loss", "brier", "error", "seconds", "learning_rate")
"""What the name of a number holds of which less is better."""

MAIN = ("data", "modality", "control", "view")
"""Tags that tell runs apart, and stand first."""

PLACE = ("grid", "row")
AXIS = "grid."
"""Tags of a row of a grid: where it stands, and each of its words, as ``grid.size``."""

AGES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (0.0, "s"))
MODEL = "model/model.safetensors"
"""Where a run keeps its model."""

OF_A_RUN = ("fold", "group_id", "trial_id", "last_error")
"""What differs between any two runs."""


@dataclass(frozen=True)
class Row:
    """A cross-validation, or a run that stands alone.

    Attributes
    ----------
    run
        The parent run.
    folds
        Its parts, in the order of their folds' numbers.
    """

    run: RunFacts
    folds: tuple[RunFacts, ...]

    @property
    def finished(self) -> list[RunFacts]:
        """The folds that are done; the run itself where it has no folds."""
        return [fold for fold in self.folds or (self.run,) if fold.status == "finished"]

    def values(self, metric: str) -> list[float]:
        """Return a number of each fold that is done."""
        return [run.metrics[metric] for run in self.finished if metric in run.metrics]

    def mean(self, metric: str) -> float | None:
        """Return the plain mean over the folds that are done."""
        values = self.values(metric)
        return fmean(values) if values else None

    def deviation(self, metric: str) -> float | None:
        """Return the standard deviation over the folds that are done, that of a sample (n - 1)."""
        values = self.values(metric)
        return stdev(values) if len(values) > 1 else None


def rows_of(
    runs: Sequence[RunFacts],
    *,
    control: str | None = None,
    modality: str | None = None,
    status: str | None = None,
) -> list[Row]:
    """Return parents with their folds, in the order of `runs`, those that fit alone."""
    ids = {run.id for run in runs}
    parts: dict[str, list[RunFacts]] = {}
    for run in runs:
        if run.parent in ids:
            parts.setdefault(str(run.parent), []).append(run)
    wanted = {"control": control, "modality": modality}
    return [
        Row(run, tuple(sorted(parts.get(run.id, []), key=_place)))
        for run in runs
        if run.parent not in ids
        and all(value is None or run.tags.get(tag) == value for tag, value in wanted.items())
        and status in {None, run.status}
    ]


def nothing_fits(runs: Sequence[RunFacts], **wanted: str | None) -> str:
    """Return what is said where no row fits: what was wanted, and what there is of each."""
    parts = {run.id for run in runs}
    rows = [run for run in runs if run.parent not in parts]
    said = []
    for name, value in wanted.items():
        if value is not None:
            held = {run.status if name == "status" else run.tags.get(name) for run in rows}
            there = ", ".join(sorted(filter(None, held))) or "nothing"
            said.append(f"--{name} {value} (recorded are {there})")
    return " ".join(["no run fits", " and ".join(said)]).strip()


def _place(part: RunFacts) -> tuple[str, int]:
    """Return what sorts parts by name, and by the number that ends it: fold 10 after fold 9."""
    stem = part.name.rstrip("0123456789")
    return (stem, int(part.name.removeprefix(stem) or 0))


def metric_key(name: str, rows: Iterable[Row]) -> str:
    """Return the name that runs record a number under: ``f1`` stands for ``test_f1``.

    Raises
    ------
    TrackingError
        No run has such a number.
    """
    known = sorted({key for row in rows for run in (row.run, *row.folds) for key in run.metrics})
    for key in (f"{TESTED}{name}", name):
        if key in known:
            return key
    raise TrackingError(f"no run has the number '{name}'; take one of {known}")


def best_of(rows: Sequence[Row], metric: str) -> Row:
    """Return the finished row with the highest mean of a number, the lowest of an error or time.

    Rows with the most finished folds alone take part: a mean over fewer is of other subjects.

    Raises
    ------
    TrackingError
        No row is finished and has it.
    """
    whole = _with_most_folds(rows, metric)
    if not whole:
        raise TrackingError(f"no finished run has the number '{metric}'; see: rodepil runs list")
    choose = min if _is_less_better(metric) else max
    return choose(whole, key=lambda row: fmean(row.values(metric)))


def best_by(best: Row, metric: str, rows: Sequence[Row]) -> str:
    """Return by what number a row is the best, and of how many, as a sentence."""
    whole, folds = _with_most_folds(rows, metric), len(best.values(metric))
    which = "lowest" if _is_less_better(metric) else "highest"
    mean = fmean(best.values(metric))
    over = f"mean {metric} over {folds} folds" if best.folds else metric
    return f"best by the {which} {over}, {mean:.4f}, of {by_number(len(whole), 'run', 'runs')}"


def _with_most_folds(rows: Sequence[Row], metric: str) -> list[Row]:
    """Return the finished rows that have a number of as many folds as any."""
    finished = [row for row in rows if row.run.status == "finished" and row.values(metric)]
    most = max((len(row.values(metric)) for row in finished), default=0)
    return [row for row in finished if len(row.values(metric)) == most]


def _is_less_better(metric: str) -> bool:
    return any(word in metric for word in LESS_IS_BETTER)


def listing(rows: Sequence[Row], now_s: float) -> Sheet:
    """Return one line for each row: its state, and F1 with its standard deviation over folds.

    The experiment and the data stand in columns of their own where they are not the same for all.
    """
    columns = [
        Column("Run", whole=True), Column("Name", whole=True), Column("Status", whole=True),
        Column("Age", "count"),
        Column("Folds", "count"), Column("F1 %", "percent"), Column("SD", "percent"),
    ]  # fmt: skip
    lines = [_line(row, now_s) for row in rows]
    experiments = [row.run.experiment for row in rows]
    data = [row.run.tags.get("data") for row in rows]
    for title, cells in (("Experiment", experiments), ("Data", data)):
        if len(set(cells)) > 1:
            columns.append(Column(title))
            lines = [(*line, cell) for line, cell in zip(lines, cells, strict=True)]
    return _sheet("runs", tuple(columns), lines, (data[0] or "") if len(set(data)) == 1 else "")


def _line(row: Row, now_s: float) -> tuple[Cell, ...]:
    f1 = f"{TESTED}f1"
    folds = f"{len(row.finished)}/{len(row.folds)}" if row.folds else None
    return (
        row.run.id[:SHORT],
        row.run.name,
        row.run.status,
        age(now_s - row.run.start_s),
        folds,
        row.mean(f1),
        row.deviation(f1),
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
            f1 = [run.metrics.get(f"{TESTED}f1", 0.0) for run in row.finished]
            best = max(range(len(lies)), key=f1.__getitem__)
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
        **{tag: run.tags.get(tag) for tag in ("git_commit", "trial_id", "group_id")},
    }
    return [f"{name:11} {text}" for name, text in told.items() if text]


def words_of(run: RunFacts) -> str:
    """Return the words of a row of a grid: ``size 224, frames 16``."""
    named = {tag.removeprefix(AXIS): text for tag, text in run.tags.items() if tag.startswith(AXIS)}
    return ", ".join(f"{axis.replace('_', ' ')} {text}" for axis, text in sorted(named.items()))


def fold_sheet(row: Row) -> Sheet:
    """Return the numbers of Table II for each fold, with their mean and standard deviation."""
    columns = (
        Column("Run", whole=True),
        Column("Name", whole=True),
        Column("Status", whole=True),
        *(Column(title, "percent") for title in TABLE_II.values()),
    )
    keys = [f"{TESTED}{name}" for name in TABLE_II]
    lines: list[tuple[Cell, ...]] = [
        (run.id[:SHORT], _part(row, run), run.status, *(run.metrics.get(key) for key in keys))
        for run in row.folds or (row.run,)
    ]
    if row.folds:
        of = f"{len(row.finished)} folds"
        lines.append(("mean", of, None, *(row.mean(key) for key in keys)))
        lines.append(("SD", of, None, *(row.deviation(key) for key in keys)))
    return _sheet("folds", columns, lines)


def comparison(rows: Sequence[Row]) -> Sheet:
    """Return runs side by side: the numbers of Table II, and what settings and tags differ."""
    columns = (Column(""), *(Column(row.run.id[:SHORT]) for row in rows))
    lines: list[tuple[Cell, ...]] = [("name", *(row.run.name for row in rows))]
    lines.append(("folds", *(str(len(row.finished)) for row in rows)))
    lines += [
        (f"{name} %", *(_mean_text(row, f"{TESTED}{name}") for row in rows)) for name in TABLE_II
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
    """Return a fold's name without that of its row, which stands beside."""
    return run.name.removeprefix(f"{row.run.name}/")


def _relative(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}/")


def _sheet(
    name: str, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]], data: str = ""
) -> Sheet:
    return Sheet(name, name.capitalize(), "", data, columns, tuple(rows))
