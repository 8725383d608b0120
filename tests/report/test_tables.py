from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from sklearn import metrics as sk

from rodepil.config.workspace import Workspace
from rodepil.report import tables as report_tables
from rodepil.report.inputs import ReportInputs, read_inputs
from rodepil.report.sheet import Sheet

PAPER_AVERAGE = (98.55, 97.81, 99.12, 96.31, 97.00)
TITLES = ["Accuracy", "Sensitivity", "Specificity", "Precision", "F1-score"]


def frame(sheet: Sheet) -> pd.DataFrame:
    return pd.DataFrame(sheet.rows, columns=[column.flat_title for column in sheet.columns])


def by_hand(labels: pd.Series, scores: pd.Series) -> list[float]:
    called = scores >= 0.5
    return [
        sk.accuracy_score(labels, called),
        sk.recall_score(labels, called),
        sk.recall_score(labels, called, pos_label=0),
        sk.precision_score(labels, called),
        sk.f1_score(labels, called),
    ]


def test_table_two_holds_what_scikit_learn_measures(inputs: ReportInputs) -> None:
    table = frame(report_tables.table2(inputs))
    predictions = inputs.result.predictions.to_pandas()
    measured = [by_hand(part["label"], part["score"]) for _, part in predictions.groupby("fold")]
    assert table["CV"].tolist() == [*(f"fold {fold}" for fold in range(5)), "Average"]
    for fold, row in enumerate(measured):
        assert list(table.loc[fold, TITLES]) == pytest.approx(row)
    means = [sum(column) / 5 for column in zip(*measured, strict=True)]
    assert list(table.loc[5, TITLES]) == pytest.approx(means)


def test_table_two_has_the_papers_columns_and_its_values_beside(inputs: ReportInputs) -> None:
    sheet = report_tables.table2(inputs)
    table = frame(sheet)
    assert list(table)[:6] == ["CV", *TITLES]
    beside = [f"{title} (paper)" for title in TITLES]
    assert list(table)[6:] == beside
    assert list(100 * table.loc[5, beside]) == pytest.approx(PAPER_AVERAGE)
    assert {column.group for column in sheet.columns[6:]} == {"RodEpil paper (its own data)"}


def test_table_two_of_other_folds_leaves_the_papers_places_empty(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    table = frame(report_tables.table2(read_inputs(results(new_recipe(folds=7, subjects=14)))))
    assert table["CV"].tolist() == [*(f"fold {fold}" for fold in range(7)), "Average"]
    assert table["F1-score (paper)"].isna().tolist() == [False] * 5 + [True] * 2 + [False]
    assert not table["F1-score"].isna().any()


def test_table_two_says_which_fold_lacks_a_class(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    # One subject a fold, the last of them without a seizure.
    sheet = report_tables.table2(read_inputs(results(new_recipe(folds=6, subjects=6))))
    assert "One class only in fold 5" in sheet.note
    assert frame(sheet).loc[5, "F1-score"] == 0


def test_table_one_counts_kept_clips_alone(inputs: ReportInputs, workspace: Workspace) -> None:
    clips = pd.read_parquet(workspace.clips)
    kept = clips[clips["kept"]]
    assert len(kept) < len(clips)
    sheet = report_tables.table1(inputs)
    ours = dict(zip(frame(sheet)["Characteristic"], frame(sheet).iloc[:, 1], strict=True))
    assert ours["Total subjects"] == str(kept["subject_id"].nunique())
    assert ours["Negative clips (normal activity)"] == str((kept["label"] == 0).sum())
    assert ours["Positive clips (convulsions)"] == str((kept["label"] == 1).sum())
    assert [ours["Clip duration"], ours["Frame rate"]] == ["10 s", "30 FPS"]
    assert ours["Resolution"] == "224\N{MULTIPLICATION SIGN}224"
    assert frame(sheet).iloc[:, 2].tolist() == [
        "19", "10,101", "2,952", "10 s", "30 FPS", "224\N{MULTIPLICATION SIGN}224",
    ]  # fmt: skip


def test_a_subjects_row_is_measured_on_its_clips(inputs: ReportInputs) -> None:
    table = frame(report_tables.by_subject(inputs)).set_index("Subject")
    predictions = inputs.result.predictions.to_pandas()
    assert table.index.tolist() == sorted(predictions["subject_id"].unique())
    for subject, part in predictions.groupby("subject_id"):
        row = table.loc[subject]
        assert row["Fold"] == part["fold"].iloc[0]
        assert row["Seizure clips"] == part["label"].sum()
        assert row["Normal clips"] == (1 - part["label"]).sum()
        if part["label"].sum():
            assert row[TITLES].tolist() == pytest.approx(by_hand(part["label"], part["score"]))
        else:
            assert pd.isna(row["Sensitivity"])
            assert row["Specificity"] == pytest.approx((part["score"] < 0.5).mean())


def test_a_control_is_compared_over_the_same_folds(inputs: ReportInputs) -> None:
    table = frame(report_tables.controls(inputs)).set_index("Control")
    assert table.index.tolist() == ["none", "static", "chance"]
    assert table.loc["static", "Condition"] == "one frame repeated"
    means = []
    for run in (inputs.result, inputs.controls["static"]):
        parts = run.predictions.to_pandas().groupby("fold")
        f1 = [by_hand(part["label"], part["score"])[-1] for _, part in parts]
        means.append(sum(f1) / len(f1))
    assert table["F1-score"].tolist()[:2] == pytest.approx(means)
    assert table.loc["static", "Difference"] == pytest.approx(means[1] - means[0])


def test_without_a_control_the_table_says_how_to_get_one(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    sheet = report_tables.controls(read_inputs(results(new_recipe(static_quality=None))))
    assert [row[0] for row in sheet.rows] == ["none", "chance"]
    assert "rodepil crossval --control static" in sheet.note


def test_folds_name_every_subject_once(inputs: ReportInputs, workspace: Workspace) -> None:
    table = frame(report_tables.folds(inputs))
    named = [name for cell in table["Test subjects"] for name in cell.split(", ")]
    kept = pd.read_parquet(workspace.clips).query("kept")
    assert sorted(named) == sorted(kept["subject_id"].unique())
    assert table["Normal clips"].sum() + table["Seizure clips"].sum() == len(kept)


def test_trials_name_run_and_seconds_of_result_and_control(inputs: ReportInputs) -> None:
    table = frame(report_tables.trials(inputs))
    assert table["Control"].tolist() == ["none"] * 5 + ["static"] * 5
    assert table["Modality"].tolist() == ["rgb"] * 10
    assert table["Trial"].tolist() == [f"{tag}{fold}" * 4 for tag in "ab" for fold in range(5)]
    assert table["Training"].tolist() == [31.25 + fold for fold in range(5)] * 2
