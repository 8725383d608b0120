"""Runs in a real MLflow database, read back by MLflow's own client."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track import open_tracker
from rodepil.track.dataset import Dataset
from rodepil.track.mlflow_door import talking_to
from rodepil.track.mlflow_tracker import MlflowTracker

Open = Callable[[], MlflowTracker]


def artifact(tracker: MlflowTracker, run_id: str, path: str) -> Path:
    return Path(MlflowClient(tracker.uri).download_artifacts(run_id, path))


def steps(tracker: MlflowTracker, run_id: str, key: str) -> list[tuple[int, float]]:
    history = MlflowClient(tracker.uri).get_metric_history(run_id, key)
    return sorted((metric.step, metric.value) for metric in history)


def test_run_holds_settings_metrics_tags_and_status(experiment: Open) -> None:
    tracker = experiment()
    parent = tracker.start("parent")
    run = tracker.start("fold-0", parent=parent.id, tags={"git_commit": "0123abc"})
    run.settings({"train": {"epochs": 3, "decay_epochs": [1, 2]}, "control": "none"})
    run.metrics({"loss": 0.75, "f1": 0.5}, step=0)
    run.metrics({"loss": 0.25, "f1": float("nan")}, step=1)
    run.end()
    held = MlflowClient(tracker.uri).get_run(run.id)
    assert held.info.run_name == "fold-0"
    assert held.info.status == "FINISHED"
    assert held.data.params == {
        "train.epochs": "3", "train.decay_epochs": "[1, 2]", "control": "none"
    }  # fmt: skip
    assert steps(tracker, run.id, "loss") == [(0, 0.75), (1, 0.25)]
    assert held.data.tags["mlflow.parentRunId"] == parent.id
    assert held.data.tags["mlflow.source.git.commit"] == "0123abc"


def test_run_holds_tables_to_the_last_digit_and_figures_and_files(
    experiment: Open, tmp_path: Path
) -> None:
    tracker = experiment()
    table = pa.table({"clip_id": ["a", "b"], "score": [0.1 + 0.2, 1 / 3]})
    figure = Figure()
    figure.subplots().plot([0, 1])
    model = tmp_path / "model.safetensors"
    model.write_bytes(b"weights")
    run = tracker.start("run")
    run.table("predictions", table)
    run.figure("roc", figure)
    run.file(model, "model")
    assert pq.read_table(artifact(tracker, run.id, "tables/predictions.parquet")).equals(table)
    assert "0.30000000000000004" in artifact(tracker, run.id, "tables/predictions.csv").read_text()
    assert artifact(tracker, run.id, "figures/roc.png").read_bytes().startswith(b"\x89PNG")
    assert artifact(tracker, run.id, "model/model.safetensors").read_bytes() == b"weights"


def test_run_holds_its_datasets_once_as_mlflows_own_client_reads_them(experiment: Open) -> None:
    tracker = experiment()
    train = Dataset(
        "fold 0 (train)", "0123abcd", "data/clips.parquet", "training",
        {"clips": 20, "seizure_clips": 7}, {"view": "frames"},
    )  # fmt: skip
    test = Dataset("fold 0 (test)", "4567cdef", "data/clips.parquet", "testing")
    run = tracker.start("fold-0")
    for dataset in (train, test, train):
        run.dataset(dataset)
    tracker.start("fold-0", resume=run.id).dataset(train)
    other = tracker.start("fold-0 of another row")
    other.dataset(train)
    client = MlflowClient(tracker.uri)
    held = {one.dataset.name: one for one in client.get_run(run.id).inputs.dataset_inputs}
    assert len(client.get_run(run.id).inputs.dataset_inputs) == 2
    assert {name: one.dataset.digest for name, one in held.items()} == {
        "fold 0 (train)": "0123abcd", "fold 0 (test)": "4567cdef"
    }  # fmt: skip
    one = held["fold 0 (train)"]
    assert json.loads(one.dataset.profile) == {"clips": 20, "seizure_clips": 7}
    assert {tag.key: tag.value for tag in one.tags} == {
        "mlflow.data.context": "training", "view": "frames"
    }  # fmt: skip
    assert mlflow.data.get_source(one).uri == "data/clips.parquet"
    found = client.search_runs([tracker.experiment_id], "dataset.digest = '0123abcd'")
    assert {run.info.run_id for run in found} == {run.id, other.id}


def test_resumed_run_holds_nothing_twice(experiment: Open) -> None:
    tracker = experiment()
    first = tracker.start("fold-0", tags={"trial_id": "x"})
    first.settings({"epochs": 3})
    first.metrics({"loss": 0.5}, step=0)
    first.end("killed")
    again = tracker.start("fold-0", tags={"trial_id": "x"}, resume=first.id)
    again.settings({"epochs": 4, "seed": 0})
    again.metrics({"loss": 0.9}, step=0)
    again.metrics({"loss": 0.4}, step=1)
    again.metrics({"loss": 0.4}, step=1)
    again.end()
    client = MlflowClient(tracker.uri)
    assert again.id == first.id
    assert len(client.search_runs([tracker.experiment_id])) == 1
    assert steps(tracker, first.id, "loss") == [(0, 0.5), (1, 0.4)]
    assert client.get_run(first.id).data.params == {"epochs": "3", "seed": "0"}
    assert client.get_run(first.id).info.status == "FINISHED"


def test_run_of_an_unknown_or_deleted_id_is_a_new_one(experiment: Open) -> None:
    tracker = experiment()
    gone = tracker.start("gone")
    MlflowClient(tracker.uri).delete_run(gone.id)
    assert not tracker.knows(gone.id)
    assert not experiment().knows(tracker.start("other").id)
    fresh = tracker.start("fresh", resume=gone.id)
    assert fresh.id != gone.id
    assert tracker.knows(fresh.id)


def test_more_than_one_request_holds_is_recorded_whole(experiment: Open) -> None:
    tracker = experiment()
    run = tracker.start("large")
    run.metrics({f"m{number}": float(number) for number in range(2100)})
    run.settings({f"s{number}": number for number in range(250)} | {"long": "x" * 9000})
    run.tags({f"t{number}": "y" for number in range(130)} | {"long": "y" * 9000})
    held = MlflowClient(tracker.uri).get_run(run.id).data
    assert held.metrics == {f"m{number}": float(number) for number in range(2100)}
    assert len(held.params) == 251
    assert held.params["long"].endswith("… (9000 characters)")
    assert held.tags["long"].startswith("yyy")
    assert len([tag for tag in held.tags if tag.startswith("t")]) == 130


def test_pickled_tracker_goes_on_in_a_run_of_another_process(experiment: Open) -> None:
    tracker = experiment()
    run = tracker.start("fold-0")
    run.metrics({"loss": 0.5}, step=0)
    code = (
        "import pickle, sys; tracker = pickle.loads(bytes.fromhex(sys.argv[1]));"
        "run = tracker.start('fold-0', resume=sys.argv[2]);"
        "run.metrics({'loss': 0.5}, 0); run.metrics({'loss': 0.25}, 1); print(run.id)"
    )
    said = python(code, pickle.dumps(tracker).hex(), run.id)
    assert said.stdout.split() == [run.id]
    assert steps(tracker, run.id, "loss") == [(0, 0.5), (1, 0.25)]


def test_processes_that_open_one_new_database_at_once_do_so_quietly(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from rodepil.config.record import TrackSettings;"
        "from rodepil.config.workspace import Workspace;"
        "from rodepil.track import open_tracker;"
        "open_tracker(TrackSettings(), Workspace(Path(sys.argv[1]))).start('run').end()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")}
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said == ["", ""]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        counts = [
            database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            for table in ("runs", "experiments")
        ]
    database.close()
    assert counts == [2, 2]  # MLflow makes an experiment 'Default' of its own


def test_setting_wins_over_variable_and_variable_over_the_projects_database(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    variable = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9/variable"}
    with pytest.raises(TrackingError, match=r"127\.0\.0\.1:9/variable"):
        open_tracker(TrackSettings(journal=False), workspace, environ=variable)
    set_ = TrackSettings(uri="http://127.0.0.1:9/setting", journal=False)
    with pytest.raises(TrackingError, match=r"127\.0\.0\.1:9/setting"):
        open_tracker(set_, workspace, environ=variable)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.mark.parametrize(
    ("uri", "remedy"),
    [
        ("http://127.0.0.1:9", "start the server"),
        ("file:///nowhere", "sqlite:///mlflow.db or a server"),
        ("ftp://nowhere", "sqlite:///mlflow.db or a server"),
    ],
)
def test_store_that_is_not_there_is_an_error_with_the_remedy(
    uri: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(TrackingError, match=remedy) as caught:
        MlflowTracker.open(uri, "rodepil", folder=tmp_path)
    assert uri in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "module", "package"),
    [
        ("postgresql+psycopg", "psycopg", "'psycopg[binary]'"),
        ("postgresql+psycopg2", "psycopg2", "psycopg2-binary"),
        ("mysql+pymysql", "pymysql", "pymysql"),
    ],
)
def test_driver_that_is_not_installed_is_an_error_that_names_the_package(
    kind: str, module: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TrackingError) as missing:
        open_tracker(
            TrackSettings(uri=f"{kind}://ann:secret@lab/runs"), Workspace(tmp_path), environ={}
        )
    assert str(missing.value) == (
        f"MLflow at {kind}://lab/runs needs the Python package {module}, which is not installed; "
        f"run: pip install {package}"
    )


def test_remedy_for_an_old_schema_is_said_without_the_password() -> None:
    with (
        pytest.raises(TrackingError, match=r"upgrade postgresql://lab/runs$") as refused,
        talking_to("postgresql://ann:s@cret@lab/runs"),
    ):
        raise MlflowException("Detected out-of-date database schema")
    assert "cret" not in str(refused.value)


def test_deleted_experiment_is_an_error_with_the_remedy(experiment: Open, home: Path) -> None:
    tracker = experiment()
    client = MlflowClient(tracker.uri)
    name = client.get_experiment(tracker.experiment_id).name
    client.delete_experiment(tracker.experiment_id)
    with pytest.raises(TrackingError, match="mlflow experiments restore"):
        MlflowTracker.open(tracker.uri, name, folder=home)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
