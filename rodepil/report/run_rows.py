"""Rows of recorded runs: a parent run with the folds of it, and which of some is the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from rodepil.errors import TrackingError
from rodepil.io.wording import by_number
from rodepil.report.run_numbers import TESTED, main_key, tag_of, task_of
from rodepil.track.protocol import RunFacts

LESS_IS_BETTER = ("loss", "brier", "error", "seconds", "learning_rate")
"""What the name of a number holds of which less is better."""


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
    task: str | None = None,
    status: str | None = None,
) -> list[Row]:
    """Return parents with their folds, in the order of `runs`, those that fit alone."""
    ids = {run.id for run in runs}
    parts: dict[str, list[RunFacts]] = {}
    for run in runs:
        if run.parent in ids:
            parts.setdefault(str(run.parent), []).append(run)
    wanted = {"control": control, "modality": modality, "task": task}
    return [
        Row(run, tuple(sorted(parts.get(run.id, []), key=_place)))
        for run in runs
        if run.parent not in ids
        and all(value is None or tag_of(run, tag) == value for tag, value in wanted.items())
        and status in {None, run.status}
    ]


def nothing_fits(runs: Sequence[RunFacts], **wanted: str | None) -> str:
    """Return what is said where no row fits: what was wanted, and what there is of each."""
    parts = {run.id for run in runs}
    rows = [run for run in runs if run.parent not in parts]
    said = []
    for name, value in wanted.items():
        if value is not None:
            held = {run.status if name == "status" else tag_of(run, name) for run in rows}
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


def best_rows(rows: Sequence[Row], metric: str | None = None) -> list[tuple[Row, str]]:
    """Return the best row of each task, and by what number it is, as a sentence.

    Parameters
    ----------
    rows
        Those that take part.
    metric
        The number, as `metric_key` takes it; without, F1, and of localizations the mean mAP. With
        it, rows of a task that has no such number are left out.

    Raises
    ------
    TrackingError
        No run has the number, or none that has it is finished.
    """
    wanted = metric_key(metric, rows) if metric else None
    told = []
    for some in by_task(rows):
        key = wanted or main_key(some[0].run)
        if any(row.values(key) for row in some):
            best = best_of(some, key)
            told.append((best, best_by(best, key, some)))
    if not told:
        number = wanted or " or ".join(dict.fromkeys(main_key(row.run) for row in rows))
        raise TrackingError(f"no finished run has the number '{number}'; see: rodepil runs list")
    return told


def best_by(best: Row, metric: str, rows: Sequence[Row]) -> str:
    """Return by what number a row is the best, and of how many, as a sentence."""
    whole, folds = _with_most_folds(rows, metric), len(best.values(metric))
    which = "lowest" if _is_less_better(metric) else "highest"
    mean = fmean(best.values(metric))
    over = f"mean {metric} over {by_number(folds, 'fold', 'folds')}" if best.folds else metric
    return f"best by the {which} {over}, {mean:.4f}, of {by_number(len(whole), 'run', 'runs')}"


def by_task(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows apart by what they train: numbers of one task say nothing of the other."""
    tasks = dict.fromkeys(task_of(row.run) for row in rows)
    return [[row for row in rows if task_of(row.run) == task] for task in sorted(tasks)]


def _with_most_folds(rows: Sequence[Row], metric: str) -> list[Row]:
    """Return the finished rows that have a number of as many folds as any."""
    finished = [row for row in rows if row.run.status == "finished" and row.values(metric)]
    most = max((len(row.values(metric)) for row in finished), default=0)
    return [row for row in finished if len(row.values(metric)) == most]


def _is_less_better(metric: str) -> bool:
    return any(word in metric for word in LESS_IS_BETTER)
