"""A grid's tables and series: their numbers are those of scikit-learn and of hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from rodepil.config.workspace import Workspace
from rodepil.report.grid.figures.forest import forest
from rodepil.report.grid.outline import best_words, grid_outline
from rodepil.report.grid.read import read_grid
from rodepil.report.grid.records import Grid
from rodepil.report.grid.series import grid_series, metrics
from rodepil.report.grid.tables import beside_source, best_by_subject, differences, scores, table3
from rodepil.report.numbers import TRAINED_ONCE
from rodepil.report.sheet import to_csv, to_markdown
from rodepil.report.style import LIGHT
from tests.report.conftest import Recipe
from tests.report.grids import NAME, ROWS, Drawn, write_rows

DONE = [row for row in ROWS if row.finished]
BEST = DONE[0].name


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return write_rows(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="module")
def grid(workspace: Workspace) -> Grid:
    return read_grid(workspace, NAME)


@pytest.fixture(scope="module")
def series(grid: Grid, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("series")
    read = {}
    for name, text in grid_series(grid).items():
        (folder / name).write_text(text, encoding="utf-8")
        read[name] = pd.read_csv(folder / name)
    return read


def predicted(workspace: Workspace, row: str) -> pd.DataFrame:
    folder = workspace.results / "grids" / NAME / "rows"
    return pd.read_parquet(folder / f"{row}_predictions.parquet")


def f1_by(frame: pd.DataFrame, by: str) -> pd.Series:
    return frame.groupby(by).apply(
        lambda part: sk.f1_score(part["label"], part["score"] >= 0.5, zero_division=0),
        include_groups=False,
    )


def test_every_row_has_the_means_deviations_and_scores_of_scikit_learn(
    workspace: Workspace, series: dict[str, pd.DataFrame]
):
    table = series["table3.csv"].set_index("row")
    assert list(table.index) == [row.name for row in ROWS]
    for row in DONE:
        frame = predicted(workspace, row.name)
        f1, sensitivity = (
            [measure(part["label"], part["score"] >= 0.5) for _, part in frame.groupby("fold")]
            for measure in (sk.f1_score, sk.recall_score)
        )
        assert table.loc[row.name, "f1"] == pytest.approx(np.mean(f1))
        assert table.loc[row.name, "f1_sd"] == pytest.approx(np.std(f1, ddof=1))
        assert table.loc[row.name, "sensitivity"] == pytest.approx(np.mean(sensitivity))
        labels, score = frame["label"], frame["score"]
        assert table.loc[row.name, "auroc"] == pytest.approx(sk.roc_auc_score(labels, score))
        area = sk.average_precision_score(labels, score)
        assert table.loc[row.name, "auprc"] == pytest.approx(area)
        assert table.loc[row.name, "brier"] == pytest.approx(sk.brier_score_loss(labels, score))
        low, high = table.loc[row.name, ["f1_low", "f1_high"]]
        assert 0 < low < np.mean(f1) < high < 1


def test_the_sources_values_and_the_difference_stand_beside(
    workspace: Workspace, series: dict[str, pd.DataFrame], grid: Grid
):
    table = series["table3.csv"].set_index("row")
    mean = f1_by(predicted(workspace, BEST), "fold").mean()
    assert table.loc[BEST, "f1_printed"] == pytest.approx(0.97)
    assert table.loc[BEST, "f1_difference"] == pytest.approx(mean - 0.97)
    assert table.loc[BEST, "sensitivity_printed"] == pytest.approx(0.9781)
    assert "specificity_printed" not in table
    assert np.isnan(table.loc[ROWS[-1].name, "f1_difference"])
    sheet = beside_source(grid)
    first = dict(zip([column.flat_title for column in sheet.columns], sheet.rows[0], strict=True))
    assert first["printed (F1-score)"] == pytest.approx(0.97)
    assert first["difference (F1-score)"] == pytest.approx(mean - 0.97)


def test_the_table_says_words_in_the_grids_order_best_failed_and_open_folds(
    tmp_path: Path,
):
    rows = (*ROWS[:3], Drawn("RGB 224 16 SGD no", 0.8, (), (0,), {"1": "loss is NaN"}))
    grid = read_grid(write_rows(tmp_path, rows), NAME)
    axes = ["Modality", "Size", "Frames", "Optimizer", "Pretrained"]
    sheet = table3(grid)
    assert [column.title for column in sheet.columns[:6]] == [*axes, "Folds"]
    assert sheet.title == f"Table III: {grid.record.title}"
    text = to_markdown(sheet)
    assert "Data: simulated recordings." in text
    assert f"the best row by F1-score, {BEST}" in text
    assert "Failed: rgb-224-16-sgd-no/fold-1 (loss is NaN)." in text
    assert "Not run yet: 1 fold." in text
    assert [row[5] for row in sheet.rows] == ["3", "3", "3", "1 of 3"]
    assert [line.startswith("| **RGB**") for line in text.splitlines()[4:]] == [True, *[False] * 3]
    assert "97.00%" in text


def test_a_grid_without_a_source_has_no_column_for_one(tmp_path: Path):
    rows = [Drawn(row.words, row.quality) for row in ROWS[:2]]
    grid = read_grid(write_rows(tmp_path, rows, source=""), NAME)
    assert "printed" not in to_csv(table3(grid))
    assert table3(grid).title == grid.record.title
    assert not [name for name in grid_series(grid)["table3.csv"].split(",") if "printed" in name]


def test_differences_are_of_the_folds_that_both_rows_have(
    workspace: Workspace, series: dict[str, pd.DataFrame], grid: Grid
):
    table = series["differences.csv"]
    assert set(table["row"]) == {row.name for row in DONE[1:]}
    assert set(table["best"]) == {BEST}
    f1 = table[table["metric"] == "f1"].set_index("row")
    for row in DONE[1:]:
        ours, best = (f1_by(predicted(workspace, name), "fold") for name in (row.name, BEST))
        wanted = np.mean([ours[fold] - best[fold] for fold in row.finished])
        assert f1.loc[row.name, "difference"] == pytest.approx(wanted)
        assert f1.loc[row.name, "difference_low"] < wanted < f1.loc[row.name, "difference_high"]
        assert f1.loc[row.name, "folds"] == len(row.finished)
    sheet = {str(row[0]): row for row in differences(grid).rows}
    assert [row[1] for row in sheet.values()] == ["3", "3", "2"]
    assert sheet[DONE[1].name][2] == pytest.approx(f1.loc[DONE[1].name, "difference"])


def test_p_values_are_corrected_by_holm_over_the_rows(series: dict[str, pd.DataFrame]):
    table = series["differences.csv"]
    for _, part in table.groupby("metric"):
        ordered = part.sort_values("p")
        steps = ordered["p"].to_numpy() * np.arange(len(ordered), 0, -1)
        wanted = np.minimum(1, np.maximum.accumulate(steps))
        assert ordered["p_holm"].to_numpy() == pytest.approx(wanted)


def test_subjects_have_their_own_numbers_and_the_difference_from_the_best_row(
    workspace: Workspace, series: dict[str, pd.DataFrame]
):
    table = series["by_subject.csv"].set_index(["row", "subject"])
    best = f1_by(predicted(workspace, BEST), "subject_id")
    frame = predicted(workspace, DONE[1].name)
    found = f1_by(frame, "subject_id")
    positives = frame.groupby("subject_id")["label"].sum()
    assert (positives == 0).sum() == 1
    for subject, f1 in found.items():
        row = table.loc[(DONE[1].name, subject)]
        assert row["positives"] == positives[subject]
        if positives[subject]:
            assert row["f1"] == pytest.approx(f1)
            assert row["f1_less_best"] == pytest.approx(f1 - best[subject])
        else:
            assert np.isnan(row["f1"])
            assert np.isnan(row["f1_less_best"])


def test_sensitivity_at_a_rate_is_the_highest_point_of_the_roc_curve(
    workspace: Workspace, series: dict[str, pd.DataFrame], grid: Grid
):
    table = series["sensitivity_at_rates.csv"]
    assert sorted(set(table["false_positive_rate"])) == [0.01, 0.05, 0.10]
    for row in DONE:
        frame = predicted(workspace, row.name)
        false, true, _ = sk.roc_curve(frame["label"], frame["score"], drop_intermediate=False)
        for _, one in table[table["row"] == row.name].iterrows():
            wanted = true[false <= one["false_positive_rate"] + 1e-12].max()
            assert one["sensitivity"] == pytest.approx(wanted)
            called = frame["score"] >= one["threshold"]
            assert sk.recall_score(frame["label"], called) == pytest.approx(wanted)
    printed = scores(grid).rows[0][5]
    first = table.iloc[1]["sensitivity"]
    assert str(printed).startswith(f"{100 * first:.1f}")


def test_calibration_holds_every_clip_once(workspace: Workspace, series: dict[str, pd.DataFrame]):
    for name, part in series["calibration.csv"].groupby("row"):
        frame = predicted(workspace, str(name))
        assert part["clips"].sum() == len(frame)
        seizures = (part["clips"] * part["rate"]).sum()
        assert seizures == pytest.approx(frame["label"].sum())
        assert (part["clips"] * part["score"]).sum() == pytest.approx(frame["score"].sum())
        assert part["score"].is_monotonic_increasing
        assert ((part["rate_low"] <= part["rate"]) & (part["rate"] <= part["rate_high"])).all()


def test_learning_curves_hold_every_epoch_of_every_fold(series: dict[str, pd.DataFrame]):
    table = series["learning_curves.csv"]
    counted = table.groupby("row")["fold"].nunique()
    assert dict(counted) == {row.name: len(row.finished) for row in DONE}
    for _, part in table.groupby(["row", "fold"]):
        assert part["epoch"].tolist() == list(range(1, 13))
    assert {"train_loss", "test_loss", "test_f1"} <= set(table.columns)


def test_every_series_names_the_data(series: dict[str, pd.DataFrame]):
    assert len(series) == 7
    for table in series.values():
        assert set(table["data"]) == {"simulated recordings"}


def test_metrics_for_dvc_are_means_by_row(workspace: Workspace, grid: Grid):
    found = metrics(grid)
    assert set(found) == {"f1", "auroc"}
    for row in DONE:
        frame = predicted(workspace, row.name)
        assert found["f1"][row.name] == pytest.approx(f1_by(frame, "fold").mean())
        area = sk.roc_auc_score(frame["label"], frame["score"])
        assert found["auroc"][row.name] == pytest.approx(area)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("Some paper, Table IV (means)", "Table IV: "),
        ("Some paper, Table 2", "Table 2: "),
        ("Tablets of 1999", ""),
    ],
)
def test_the_table_is_called_as_its_source_calls_its_own(tmp_path: Path, source: str, title: str):
    grid = read_grid(write_rows(tmp_path, ROWS[:1], source=source), NAME)
    assert table3(grid).title == f"{title}{grid.record.title}"


def test_the_best_rows_subjects_are_a_table_of_its_page(workspace: Workspace, grid: Grid):
    sheet = best_by_subject(grid)
    assert sheet is not None
    assert BEST in sheet.title
    frame = predicted(workspace, BEST)
    wanted = f1_by(frame, "subject_id")
    rows = {str(row[0]): row for row in sheet.rows}
    assert set(rows) == set(frame["subject_id"])
    for subject, part in frame.groupby("subject_id"):
        row = rows[str(subject)]
        assert row[1:4] == (
            part["fold"].iloc[0],
            (part["label"] == 0).sum(),
            part["label"].sum(),
        )
        assert row[-1] == (pytest.approx(wanted[subject]) if part["label"].sum() else None)
    best = next(one for one in grid_outline(grid).sections if one.name == "best")
    assert sheet in best.items


def test_everything_with_an_interval_says_that_training_again_may_change_more(grid: Grid):
    said = [table3(grid).note, differences(grid).note, scores(grid).note, best_words(grid)]
    said += [forest(grid, LIGHT).get_supxlabel().replace("\n", " ")]
    assert [TRAINED_ONCE in words for words in said] == [True] * len(said)


def test_what_holm_does_not_correct_is_said_beside_every_corrected_test(grid: Grid):
    for words in (differences(grid).note, best_words(grid)):
        assert "corrected by Holm" in words
        assert "Holm's correction does not know of the picking." in words
        assert "one in eight" not in words


def test_how_often_the_best_of_nine_differs_is_said_of_nine_alone(tmp_path: Path):
    rows = [Drawn(f"RGB {at}", 1.0) for at in range(9)]
    grid = read_grid(write_rows(tmp_path, rows), NAME)
    for words in (differences(grid).note, best_words(grid)):
        assert "nine rows that are equally good, one in eight shows a difference" in words


def test_holms_correction_is_said_to_be_over_the_rows_that_share_a_fold(tmp_path: Path):
    rows = (*ROWS[:2], Drawn("RGB 224 16 SGD no", 0.8, (), (2,)))
    workspace = write_rows(tmp_path, rows)
    assert "by Holm over 2 rows." in differences(read_grid(workspace, NAME)).note
    apart = [Drawn(f"RGB {at}", 1.0, (), done) for at, done in enumerate(((0, 1), (0,), (2,)))]
    sheet = differences(read_grid(write_rows(tmp_path / "apart", apart), NAME))
    assert "Row less row ahead" in sheet.note
    assert "by Holm over 1 row." in sheet.note


def test_folds_of_one_subject_are_said_to_be_drawn_among_each_other(tmp_path: Path, grid: Grid):
    alone = read_grid(write_rows(tmp_path, ROWS[:1], recipe=Recipe(subjects=3, folds=3)), NAME)
    assert "Where folds hold one subject, these are drawn again among" in table3(alone).note
    assert "folds hold one subject" not in table3(grid).note
