"""Recorded runs as tables: which is the best, in which order folds stand, and what differs."""

from __future__ import annotations

import pytest

from rodepil.report.runs import best_of, comparison, fold_sheet, rows_of
from rodepil.track.protocol import RunFacts


def run(name: str, parent: str | None = None, **metrics: float) -> RunFacts:
    return RunFacts(name, name, "finished", 0.0, 1.0, parent=parent, metrics=metrics)


@pytest.mark.parametrize(
    ("metric", "best"),
    [
        ("test_f1", "high"),
        ("test_auroc", "high"),
        ("test_loss", "low"),
        ("brier", "low"),
        ("calibration_error", "low"),
        ("seconds", "low"),
    ],
)
def test_of_errors_and_times_the_lowest_is_the_best(metric: str, best: str) -> None:
    rows = rows_of([run("low", **{metric: 0.1}), run("high", **{metric: 0.9})])
    assert best_of(rows, metric).run.name == best


def test_folds_stand_by_their_number() -> None:
    parts = [run(f"row/fold-{fold}", "row", test_f1=fold / 100) for fold in (10, 2, 0, 9, 1)]
    (row,) = rows_of([run("row"), *parts])
    assert [fold.name for fold in row.folds] == [f"row/fold-{fold}" for fold in (0, 1, 2, 9, 10)]
    assert [line[1] for line in fold_sheet(row).rows[:5]] == [f"fold-{n}" for n in (0, 1, 2, 9, 10)]


def test_a_mean_stands_with_its_deviation() -> None:
    parts = [run(f"a/fold-{fold}", "a", test_f1=value) for fold, value in ((0, 0.5), (1, 0.7))]
    rows = rows_of([run("a"), *parts, run("b", test_f1=0.25)])
    lines = {line[0]: line[1:] for line in comparison(rows).rows}
    assert lines["f1 %"] == ("60.00 \N{PLUS-MINUS SIGN} 14.14", "25.00")


def test_best_is_of_the_rows_with_the_most_finished_folds() -> None:
    def row(name: str, *values: float) -> list[RunFacts]:
        folds = [run(f"{name}/fold-{n}", name, test_f1=f1) for n, f1 in enumerate(values)]
        return [run(name), *folds]

    rows = rows_of([*row("fewer", 0.9, 0.9), *row("whole", 0.5, 0.6, 0.7), run("alone", test_f1=1)])
    assert best_of(rows, "test_f1").run.name == "whole"
    assert best_of(rows[:1], "test_f1").run.name == "fewer"
