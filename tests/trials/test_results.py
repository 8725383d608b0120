"""What a cross-validation writes for the report, and how it is summed up in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rodepil.config.workspace import Workspace
from rodepil.report.inputs import read_inputs
from rodepil.trials.crossval import CrossvalResult, write_results


def test_report_reads_what_is_written(trained: Any) -> None:
    write_results(trained.result, trained.workspace)
    inputs = read_inputs(trained.workspace)
    assert inputs.result.predictions.equals(trained.result.predictions)
    assert inputs.result.mean == trained.result.mean
    assert inputs.data == "simulated recordings"
    record = json.loads((trained.workspace.results / "crossval.json").read_text())
    assert record["parent_run_id"] == trained.result.run_id
    assert [trial["run_id"] for trial in record["trials"]] == [
        fold.run_id for fold in trained.result.folds
    ]


def test_control_is_written_beside_and_not_over_the_result(trained: Any, tmp_path: Path) -> None:
    static = trained.result.settings.model_copy(update={"control": "static"})
    control = CrossvalResult(
        trained.result.run_id, static, trained.result.predictions, trained.result.folds
    )
    write_results(control, Workspace(tmp_path))
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["controls"]
    written = {path.name for path in (tmp_path / "results" / "controls").iterdir()}
    assert written == {"static.json", "static_predictions.parquet"}


def test_summary_is_a_row_for_each_fold_and_the_average(trained: Any) -> None:
    lines = str(trained.result).splitlines()
    assert [line.split()[0] for line in lines] == ["accuracy", "fold", "fold", "fold", "average"]
    assert lines[-1].split()[-1] == f"{100 * trained.result.mean.f1:.2f}"
