"""Recorded runs as tables: which is the best, in which order folds stand, and what differs."""

from __future__ import annotations

import pytest

from rodepil.errors import TrackingError
from rodepil.report.run_rows import best_of, best_rows, rows_of
from rodepil.report.runs import comparison, fold_sheet, listing, telling
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


def localized(name: str, variant: str, *maps: float) -> list[RunFacts]:
    """A localization whose folds have a mAP of `maps` at 0.5, a tenth less at 0.7."""
    tags = {"task": "localize", "variant": variant, "split": "subject"}
    folds = [
        RunFacts(
            f"{name}/fold-{n}", f"{name}/fold-{n}", "finished", 0.0, 1.0, parent=name, tags=tags,
            metrics={"test_mean_map": one - 0.05, "test_map_0.5": one, "test_map_0.7": one - 0.1,
                     "test_frame_accuracy": 0.625, "ap_0.5_staring": 0.9},
        )
        for n, one in enumerate(maps)
    ]  # fmt: skip
    return [RunFacts(name, name, "finished", 0.0, 1.0, tags=tags), *folds]


MIXED = [
    *localized("units", "raseformer", 0.5, 0.7), *localized("units, dense", "dense", 0.4, 0.5),
    *localized("units, shuffled", "shuffled", 0.9, 0.9), run("clips"),
    run("clips/fold-0", "clips", test_f1=0.8),
]  # fmt: skip


def test_of_localizations_the_highest_mean_map_is_the_best_and_of_clips_f1() -> None:
    told = best_rows([row for row in rows_of(MIXED) if row.run.name != "units, shuffled"])
    (clips, said), (row, of_units) = told
    assert clips.run.name == "clips"
    assert row.run.name == "units"
    assert said.startswith("best by the highest mean test_f1 over 1 fold, 0.8000")
    assert of_units == "best by the highest mean test_mean_map over 2 folds, 0.5500, of 2 runs"


def test_a_number_of_one_task_leaves_the_other_out() -> None:
    ((row, said),) = best_rows(rows_of(MIXED), "map_0.7")
    assert row.run.name == "units, shuffled"
    assert "test_map_0.7" in said
    with pytest.raises(TrackingError, match=r"no run has the number 'map_0\.9'; take one of"):
        best_rows(rows_of(MIXED), "map_0.9")


def test_a_localization_is_a_control_only_where_its_segments_were_shuffled() -> None:
    names = [row.run.name for row in rows_of(MIXED, control="shuffled")]
    assert names == ["units, shuffled"]
    names = [row.run.name for row in rows_of(MIXED, control="none", task="localize")]
    assert names == ["units", "units, dense"]


def test_a_fold_of_a_localization_tells_map_at_each_threshold() -> None:
    (row, *_) = rows_of(MIXED)
    sheet = fold_sheet(row)
    assert [column.title for column in sheet.columns][3:] == ["@0.5", "@0.7", "mAP"]
    assert sheet.rows[1][1:3] == ("fold-1", "finished")
    assert sheet.rows[1][3:] == pytest.approx((0.7, 0.6, 0.65))
    assert sheet.rows[2][3:] == pytest.approx((0.6, 0.5, 0.55))
    (alone,) = rows_of(row.folds[:1])
    assert fold_sheet(alone).rows[0][1] == "fold-0"
    told = telling(alone, 5.0)
    assert {"variant     raseformer", "split       subject"} <= set(told)
    assert "beside mAP  frames right 62.50 %" in told


def test_localizations_side_by_side_tell_map_and_name_each_difference_once() -> None:
    rows = [row for row in rows_of(MIXED) if row.run.name in {"units", "units, dense"}]
    lines = [line[0] for line in comparison(rows).rows]
    assert lines == ["name", "folds", "map_0.5 %", "map_0.7 %", "mean_map %", "variant"]
    both = comparison([rows[0], rows_of(MIXED)[-1]])
    held = {line[0]: line[1:] for line in both.rows}
    assert held["mean_map %"][1] is None
    assert held["f1 %"] == (None, "80.00")
    assert held["task"] == ("localize", None)


@pytest.mark.parametrize(
    ("task", "titles"),
    [("localize", ["mAP %"]), ("classify", ["F1 %"]), (None, ["F1 %", "mAP %"])],
)
def test_a_list_has_a_column_for_the_number_of_each_task(
    task: str | None, titles: list[str]
) -> None:
    sheet = listing(rows_of(MIXED, task=task), 5.0)
    at = [column.title for column in sheet.columns].index("Folds") + 1
    assert [column.title for column in sheet.columns][at:] == [*titles, "SD"]
    if task is None:
        units, clips = sheet.rows[0], sheet.rows[-1]
        assert (units[at], units[at + 1]) == (None, pytest.approx(0.55))
        assert units[at + 2] == pytest.approx(0.2 / 2**0.5)
        assert (clips[at], clips[at + 1], clips[at + 2]) == (pytest.approx(0.8), None, None)
