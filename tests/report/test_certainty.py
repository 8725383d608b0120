"""How sure the result is: its table, its series, and grids beside it in one report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.report import write as writing
from rodepil.report import write_report
from rodepil.report.certainty import certainty
from rodepil.report.figures import Plate
from rodepil.report.grid import chapter, write_grid
from rodepil.report.grid import write as grid_writing
from rodepil.report.inputs import ReportInputs
from rodepil.report.page import Picture
from rodepil.report.series import metrics, plots
from tests.report.conftest import Recipe, make_results
from tests.report.grids import NAME, ROWS, change, write_rows
from tests.report.test_write import read_page


def test_the_table_holds_scikit_learns_numbers_within_their_intervals(
    workspace: Workspace, inputs: ReportInputs
):
    frame = pd.read_parquet(workspace.results / "predictions.parquet")
    labels, score = frame["label"], frame["score"]
    f1 = [sk.f1_score(part["label"], part["score"] >= 0.5) for _, part in frame.groupby("fold")]
    false, true, _ = sk.roc_curve(labels, score, drop_intermediate=False)
    wanted = {
        "F1-score": 100 * np.mean(f1),
        "AUROC": sk.roc_auc_score(labels, score),
        "AUPRC": sk.average_precision_score(labels, score),
        "Brier score": sk.brier_score_loss(labels, score),
        "Sensitivity at 5% FPR": 100 * true[false <= 0.05].max(),
    }
    rows = {str(row[0]): row for row in certainty(inputs).rows}
    for name, value in wanted.items():
        digits = 2 if value > 1 else 3
        assert rows[name][1] == f"{value:.{digits}f}"
        low, high = map(float, str(rows[name][2]).split(" to "))
        assert low < value < high
    assert rows["F1-score"][3] == f"{100 * np.std(f1, ddof=1):.2f}"


def test_the_same_numbers_stand_in_metrics_and_series(workspace: Workspace, inputs: ReportInputs):
    frame = pd.read_parquet(workspace.results / "predictions.parquet")
    flat = metrics(inputs)
    assert flat["brier"] == pytest.approx(sk.brier_score_loss(frame["label"], frame["score"]))
    assert flat["f1_low"] < flat["f1"] < flat["f1_high"]
    false, true, _ = sk.roc_curve(frame["label"], frame["score"], drop_intermediate=False)
    assert flat["sensitivity_at_fpr_0.01"] == pytest.approx(true[false <= 0.01].max())
    head, *lines = plots(inputs.result)["calibration.csv"].splitlines()
    assert head == "score,rate,rate_low,rate_high,clips"
    bins = np.array([line.split(",") for line in lines], dtype=float)
    assert bins[:, 4].sum() == len(frame)
    assert (bins[:, 1] * bins[:, 4]).sum() == pytest.approx(frame["label"].sum())


@pytest.fixture
def both(tmp_path: Path) -> Workspace:
    """A workspace with a result and a grid."""
    recipe = Recipe(subjects=9, folds=3, static_quality=None)
    make_results(tmp_path, recipe)
    return write_rows(tmp_path, recipe=recipe)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let pictures be blank, and give the names of those that are drawn."""
    names: list[str] = []

    def picture(plate: Plate[object], _: object) -> Picture:
        names.append(plate.name)
        return Picture(b"light", b"dark", 1, 1)

    for module in (writing, grid_writing, chapter):
        monkeypatch.setattr(module, "picture", picture)
    return names


def test_the_report_has_a_section_for_every_grid_and_writes_the_grids_own(
    both: Workspace, drawn: list[str]
):
    written = write_report(both, ProjectSettings())
    assert drawn
    assert len(written) == len(set(written))
    folder = both.results / "grids" / NAME
    assert {folder / "forest.png", folder / "report.html", folder / "table3.csv"} <= set(written)
    page = read_page(both.results / "report.html")
    ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert f"grid-{NAME}" in ids
    words = "".join(page.words)
    assert f"The best row by F1-score is {ROWS[0].name}" in words
    assert "Table III: Ablation over modality" in words
    text = (both.results / "report.md").read_text(encoding="utf-8")
    for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        assert (both.results / link).is_file()
    assert f"(grids/{NAME}/forest.png)" in text


def sentence_of(workspace: Workspace) -> str:
    """Return what the report says in the section of the grid, where it shows nothing of it."""
    text = (workspace.results / "report.md").read_text(encoding="utf-8")
    _, _, after = text.partition(f"## Grid {NAME}\n\n")
    section = after.partition("\n## ")[0].strip()
    assert "\n" not in section
    return section


def test_a_grid_that_does_not_fit_has_a_sentence_and_does_not_stop_the_report(
    both: Workspace, drawn: list[str]
):
    (both.results / "grids" / NAME / "rows" / f"{ROWS[0].name}.json").unlink()
    written = write_report(both, ProjectSettings())
    assert re.search(
        f"{ROWS[0].name}.json is not there.*rodepil tune --grid {NAME}", sentence_of(both)
    )
    assert not [path for path in written if "grids" in path.parts]
    assert not [name for name in drawn if "forest" in name]
    with pytest.raises(ReportError, match=f"rodepil tune --grid {NAME}"):
        write_grid(both, NAME)


@pytest.mark.parametrize("what", ["clips", "folds"])
def test_a_grid_of_other_clips_or_folds_is_left_out_with_a_sentence(
    both: Workspace, drawn: list[str], what: str
):
    path = both.results / "grids" / NAME / "grid.json"
    digests = json.loads(path.read_bytes())["digests"]
    change(path, digests=digests | {what: "0" * 16})
    write_report(both, ProjectSettings())
    wanted = f"It was run before data/{what}.parquet changed; run 'rodepil tune --grid {NAME}'."
    assert sentence_of(both) == wanted
    assert "grids/ablation/forest" not in drawn


def test_the_forest_plot_is_drawn_once_for_both_pages(both: Workspace, drawn: list[str]):
    write_report(both, ProjectSettings())
    assert [name for name in drawn if "forest" in name] == [f"grids/{NAME}/forest"]
    assert (both.results / "grids" / NAME / "forest.png").read_bytes() == b"light"
