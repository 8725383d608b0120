"""What a grid leaves and records, and that it does it once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from mlflow import MlflowClient

from rodepil.config.grid import load_grid
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import FoldError, ModelError, SettingError, TrialError
from rodepil.io import tables
from rodepil.report.grid import best_row, write_grid
from rodepil.report.grid.read import read_grid
from rodepil.trials.crossval import cross_validate
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import GridPlan, plan_grid
from rodepil.trials.grid.run import run_grid
from rodepil.trials.grid.state import states
from rodepil.trials.ray_session import Resources

Plan = Callable[..., GridPlan]
Gridded = Callable[[str], Workspace]


def rows_of(workspace: Workspace) -> dict[str, Any]:
    record = json.loads((workspace.results / "grids" / "small" / "grid.json").read_bytes())
    return {row["name"]: row for row in record["rows"]}


def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "rodepil.trials.tuning.run_side_by_side", lambda *_: pytest.fail("it trained")
    )


def copied(done: Any, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(done.workspace.root, tmp_path / "copy"))


def test_every_row_has_a_result_of_every_fold(done: Any) -> None:
    assert {name: len(result.folds) for name, result in done.result.results.items()} == {
        "4": 3, "2": 3
    }  # fmt: skip
    assert not done.result.failed
    told = rows_of(done.workspace)
    assert {name: row["finished"] for name, row in told.items()} == {"4": [0, 1, 2], "2": [0, 1, 2]}
    assert told["4"]["paper"] == {"f1": 90}


def test_row_is_the_cross_validation_of_its_settings(
    done: Any, trained: Any, settings: ProjectSettings
) -> None:
    # The row '4' changes nothing, so that its trials are those of the cross-validation itself.
    mine, other = done.result.results["4"], trained.result
    assert [fold.trial.id for fold in mine.folds] == [fold.trial.id for fold in other.folds]
    assert mine.predictions.equals(other.predictions)
    assert settings.features.frames == 4


def test_tracker_holds_a_parent_a_row_and_a_child_a_fold(done: Any) -> None:
    client = MlflowClient(f"sqlite:///{done.workspace.mlflow_database}")
    experiment = client.get_experiment_by_name("small/small")
    runs = client.search_runs([experiment.experiment_id])
    named = {run.info.run_id: run.info.run_name for run in runs}
    children = {
        run.info.run_name: named[run.data.tags["mlflow.parentRunId"]]
        for run in runs
        if "mlflow.parentRunId" in run.data.tags
    }
    assert children == {f"{row}/fold-{fold}": row for row in ("4", "2") for fold in range(3)}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["grid"] for run in runs} == {"small"}
    of_row = client.search_runs(
        [experiment.experiment_id], "tags.row = '2' AND tags.`grid.frames` = '2'"
    )
    assert {run.info.run_name for run in of_row} == {"2", *(f"2/fold-{n}" for n in range(3))}
    for name, row in rows_of(done.workspace).items():
        assert named[row["run_id"]] == name
        tags = client.get_run(row["run_id"]).data.tags
        assert tags["mlflow.note.content"] == f"This is row {name}."
        assert (tags["row"], tags["grid.frames"]) == (name, name)


def test_finished_grid_trains_nothing(
    done: Any, small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_training(monkeypatch)
    workspace = copied(done, tmp_path)
    before = (workspace.results / "grids" / "small" / "rows" / "4.json").read_bytes()
    result = run_grid(small_plan(workspace), workspace)
    for name, wanted in done.result.results.items():
        assert result.results[name].predictions.equals(wanted.predictions)
    after = (workspace.results / "grids" / "small" / "rows" / "4.json").read_bytes()
    assert json.loads(after)["trials"] == json.loads(before)["trials"]


def test_report_reads_what_a_grid_leaves(done: Any, tmp_path: Path) -> None:
    workspace = copied(done, tmp_path)
    grid = read_grid(workspace, "small")
    assert [row.name for row in grid.rows] == ["4", "2"]
    assert [row.name for row in grid.complete] == ["4", "2"]
    assert best_row(workspace, "small") in {"4", "2"}
    assert (workspace.results / "grids" / "small" / "report.html") in write_grid(workspace, "small")


def test_dry_run_tells_every_trial_and_runs_nothing(
    done: Any, gridded: Gridded, small_plan: Plan
) -> None:
    fresh = gridded("dry")
    todo = states(small_plan(fresh), fresh)
    assert [state.name for state in todo] == [f"{row}/fold-{n}" for row in "42" for n in range(3)]
    assert {state.state for state in todo} == {"to do"}
    assert not fresh.results.exists()
    assert not fresh.mlflow_database.exists()
    finished = states(done.plan, done.workspace)
    assert {state.state for state in finished} == {"done"}
    assert [state.trial_id for state in finished] == [state.trial_id for state in todo]


def test_trials_that_only_the_tracker_holds_are_not_trained_again(
    done: Any, small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_training(monkeypatch)
    workspace = copied(done, tmp_path)
    for trial in small_plan(workspace).trials("2"):
        shutil.rmtree(trial.folder.path)
    told = [state for state in states(small_plan(workspace), workspace) if "2/" in state.name]
    assert {(state.state, state.done) for state in told} == {("done, only in the tracker", True)}
    result = run_grid(small_plan(workspace), workspace)
    wanted = done.result.results["2"].predictions
    assert result.results["2"].predictions.equals(wanted)


def test_failed_trial_is_told_and_the_others_end_and_a_second_call_tries_it_again(
    gridded: Gridded, small_plan: Plan, resources: Resources
) -> None:
    assert resources
    workspace = gridded("failing")
    plan = small_plan(workspace, rows=["2"])
    broken = plan.trials("2")[1].folder
    broken.path.mkdir(parents=True)
    (broken.path / "checkpoint.pt").write_bytes(b"no checkpoint")
    result = run_grid(plan, workspace)
    assert list(result.failed) == ["2"]
    assert list(result.failed["2"]) == [1]
    assert [fold.trial.settings.fold for fold in result.results["2"].folds] == [0, 2]
    row = rows_of(workspace)["2"]
    assert (row["finished"], list(row["failed"])) == ([0, 2], ["1"])
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    found = client.search_runs(
        [client.get_experiment_by_name("small/small").experiment_id],
        "attributes.status = 'FAILED'",
    )
    assert sorted(run.info.run_name for run in found) == ["2", "2/fold-1"]
    child = next(run for run in found if "/" in run.info.run_name)
    assert "checkpoint" in child.data.tags["last_error"]
    (broken.path / "checkpoint.pt").unlink()
    again = run_grid(plan, workspace)
    assert not again.failed
    assert len(again.results["2"].folds) == 3
    assert rows_of(workspace)["2"]["failed"] == {}
    assert client.get_run(row["run_id"]).info.status == "FINISHED"


def test_result_of_some_folds_does_not_shrink_that_of_all(
    done: Any, small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_training(monkeypatch)
    workspace = copied(done, tmp_path)
    run_grid(small_plan(workspace, rows=["4"], folds=[1]), workspace)
    told = rows_of(workspace)
    assert {name: row["folds"] for name, row in told.items()} == {"4": [0, 1, 2], "2": [0, 1, 2]}


def test_changed_folds_make_new_trials_and_keep_the_former_results_apart(
    done: Any, small_plan: Plan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = copied(done, tmp_path)
    dealt = tables.read("folds", workspace.folds)
    turned = [(fold + 1) % 3 for fold in dealt.column("fold").to_pylist()]
    at = dealt.schema.get_field_index("fold")
    column = tables.schema("folds").field("fold")
    tables.write(
        "folds", dealt.set_column(at, column, pa.array(turned, column.type)), workspace.folds
    )
    plan = small_plan(workspace, rows=["4"], folds=[0])
    assert not {trial.id for trial in plan.trials("4")} & {
        fold.trial.id for fold in done.result.results["4"].folds
    }
    result = run_grid(plan, workspace)
    assert result.note.startswith("the folds changed since grid 'small' was run")
    assert result.note in caplog.text
    (former,) = (workspace.results / "grids_former").iterdir()
    assert json.loads((former / "rows" / "4.json").read_bytes())["trials"][0]["trial_id"] in {
        fold.trial.id for fold in done.result.results["4"].folds
    }
    assert rows_of(workspace)["2"]["finished"] == []


def test_unknown_fold_and_row_are_refused_with_those_that_there_are(
    gridded: Gridded, small_plan: Plan
) -> None:
    workspace = gridded("unknown")
    with pytest.raises(FoldError, match=r"has no fold 7; it has \[0, 1, 2\]"):
        small_plan(workspace, folds=[7])
    with pytest.raises(SettingError, match="no such row; its rows: 4, 2"):
        small_plan(workspace, rows=["5"])


def test_row_without_its_weights_is_named_before_anything_starts(
    gridded: Gridded, small_plan: Plan
) -> None:
    workspace = gridded("weightless")
    path = workspace.root / "experiments" / "small.yaml"
    text = path.read_text().replace("2: {features.frames: 2}", "2: {model.pretrained: kinetics}")
    path.write_text(text)
    with pytest.raises(ModelError, match=r"^row '2': "):
        small_plan(workspace)
    assert not workspace.results.exists()


def test_rows_that_are_the_same_trials_are_refused(gridded: Gridded, small_plan: Plan) -> None:
    workspace = gridded("twins")
    path = workspace.root / "experiments" / "small.yaml"
    text = path.read_text().replace("2: {features.frames: 2}", "2: {train.flow.winsize: 7}")
    path.write_text(text)
    with pytest.raises(SettingError, match="rows '4' and '2' are the same trials"):
        small_plan(workspace)


def test_cross_validation_takes_what_the_grid_has_trained(
    done: Any, settings: ProjectSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_training(monkeypatch)
    workspace = copied(done, tmp_path)
    result = cross_validate(settings, workspace)
    assert result.predictions.equals(done.result.results["4"].predictions)
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    experiment = client.get_experiment_by_name("small")
    assert len(client.search_runs([experiment.experiment_id])) == 4


def test_failure_of_a_fold_that_is_not_tried_again_is_kept(
    done: Any, small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_training(monkeypatch)
    workspace = copied(done, tmp_path)
    plan = small_plan(workspace, rows=["2"], folds=[0])
    shutil.rmtree(plan.plans["2"].trials[1].folder.path)
    path = workspace.results / "grids" / "small" / "grid.json"
    record = json.loads(path.read_bytes())
    record["rows"][1] |= {"finished": [0, 2], "failed": {"1": "out of luck"}}
    path.write_text(json.dumps(record))
    run_grid(plan, workspace)
    row = rows_of(workspace)["2"]
    assert (row["folds"], row["finished"]) == ([0, 1, 2], [0, 2])
    assert row["failed"] == {"1": "out of luck"}


def test_results_of_other_settings_are_put_aside_and_said(
    done: Any, settings: ProjectSettings, resources: Resources, tmp_path: Path
) -> None:
    assert resources
    workspace = copied(done, tmp_path)
    train = settings.train.model_copy(update={"epochs": 1, "decay_epochs": ()})
    grid = load_grid("small", workspace.root, "demo")
    quick = settings.model_copy(update={"train": train})
    result = run_grid(plan_grid(grid, quick, workspace, rows=["2"], folds=[0]), workspace)
    assert result.note.startswith("settings or code changed since grid 'small' was run")
    told = rows_of(workspace)
    assert {name: row["finished"] for name, row in told.items()} == {"4": [], "2": [0]}
    left = sorted(path.name for path in (workspace.results / "grids" / "small" / "rows").iterdir())
    assert left == ["2.json", "2_predictions.parquet"]
    (former,) = (workspace.results / "grids_former").iterdir()
    kept = json.loads((former / "grid.json").read_bytes())
    assert [row["finished"] for row in kept["rows"]] == [[0, 1, 2], [0, 1, 2]]
    assert (former / "rows" / "4.json").is_file()


def test_second_process_on_one_grid_is_refused(done: Any, tmp_path: Path) -> None:
    workspace = copied(done, tmp_path)
    with (
        GridFiles(workspace, "small").alone(),
        pytest.raises(TrialError, match="grid 'small' is being run by another process"),
    ):
        run_grid(done.plan, workspace)


def test_grid_whose_results_were_thrown_away_goes_on_in_the_runs_of_the_tracker(
    done: Any, small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_training(monkeypatch)
    workspace = copied(done, tmp_path)
    shutil.rmtree(workspace.results)
    result = run_grid(small_plan(workspace), workspace)
    assert {name: one.run_id for name, one in result.results.items()} == {
        name: one.run_id for name, one in done.result.results.items()
    }
    for name, wanted in done.result.results.items():
        assert result.results[name].predictions.equals(wanted.predictions)
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    experiment = client.get_experiment_by_name("small/small")
    assert len(client.search_runs([experiment.experiment_id])) == 8
