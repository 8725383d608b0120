"""A project that was copied or moved whole: database, journal and files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.tracking._tracking_service import utils as mlflow_of_this_process

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.track import Tracker, open_tracker
from rodepil.track.journal import Journal
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.reading import read_runs
from rodepil.track.sync import sync

MODEL, MORE = b"weights", b"more"


def opened(root: Path) -> Tracker:
    # MLflow keeps where a run's files lie, by its id, for as long as a process lives.
    mlflow_of_this_process._artifact_repos_cache.clear()
    return open_tracker(TrackSettings(), Workspace(root), environ={})


def files_of(root: Path) -> dict[str, bytes]:
    """Return what lies in a project's folder of files, by the end of its path."""
    there = (root / "mlartifacts").rglob("*")
    return {path.name: path.read_bytes() for path in there if path.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, str]:
    """Return a project in which a run holds a file, and the run."""
    root = tmp_path / "first lab"
    model = root / "results" / "model.safetensors"
    model.parent.mkdir(parents=True)
    model.write_bytes(MODEL)
    run = opened(root).start("fold-0")
    run.file(model, "model")
    run.end()
    return root, run.id


@pytest.mark.parametrize("way", ["copied", "moved"])
def test_it_writes_to_its_own_files(project: tuple[Path, str], tmp_path: Path, way: str) -> None:
    root, run_id = project
    other = tmp_path / "second lab"
    (shutil.copytree if way == "copied" else shutil.move)(root, other)
    before = files_of(root)
    more = other / "results" / "more.txt"
    more.write_bytes(MORE)
    run = opened(other).start("fold-0", resume=run_id)
    assert run.id == run_id
    run.file(more)
    run.end()
    assert files_of(root) == before
    assert root.exists() == (way == "copied")
    held = files_of(other)
    assert (held["model.safetensors"], held["more.txt"]) == (MODEL, MORE)
    client = MlflowClient(f"sqlite:///{other / 'mlflow.db'}")
    assert Path(client.download_artifacts(run_id, "model/model.safetensors")).read_bytes() == MODEL
    assert client.get_experiment_by_name("rodepil").artifact_location.endswith("lab/mlartifacts")


def test_its_journal_knows_its_database(project: tuple[Path, str], tmp_path: Path) -> None:
    root, run_id = project
    other = Path(shutil.copytree(root, tmp_path / "copy"))
    opened(other)
    told = read_runs(TrackSettings(), Workspace(other), environ={})
    assert ([run.id for run in told.runs], told.note) == ([run_id], "")
    (synced,) = sync(TrackSettings(), Workspace(other), environ={})
    assert synced.events == 0


def test_files_that_were_not_told_yet_are_taken_from_the_place_it_is_in(
    project: tuple[Path, str], tmp_path: Path
) -> None:
    root, run_id = project
    (root / "results" / "journal" / run_id / "delivered.json").unlink()
    other = tmp_path / "moved"
    shutil.move(root, other)
    to = tmp_path / "fetched"
    Journal(other / "results" / "journal").fetch(run_id, "model/model.safetensors", to)
    assert to.read_bytes() == MODEL
    opened(other)
    (synced,) = sync(TrackSettings(), Workspace(other), environ={})
    assert (synced.events > 0, synced.left_out) == (True, [])


def test_what_was_told_under_a_whole_address_is_not_told_again(project: tuple[Path, str]) -> None:
    root, run_id = project
    path = root / "results" / "journal" / run_id / "delivered.json"
    short = path.read_text()
    assert "sqlite:///mlflow.db" in short
    path.write_text(short.replace("sqlite:///", f"sqlite:///{root}/"))
    (synced,) = sync(TrackSettings(), Workspace(root), environ={})
    assert synced.events == 0


def test_files_that_an_owner_put_elsewhere_stay_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk" / "mlartifacts"
    disk.mkdir(parents=True)
    root = tmp_path / "project"
    root.mkdir()
    MlflowTracker.open("sqlite:///mlflow.db", "own", folder=root)
    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    made = client.create_experiment("elsewhere", artifact_location=disk.as_uri())
    MlflowTracker.open("sqlite:///mlflow.db", "own", folder=root)
    assert client.get_experiment(made).artifact_location == disk.as_uri()
