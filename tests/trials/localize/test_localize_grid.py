"""Grids whose rows localize: what they run, what they write, and which rows are refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from rodepil import grids
from rodepil.config.grid import grid_settings, load_grid
from rodepil.config.load import load_settings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import SettingError
from rodepil.io.progress import Silent
from rodepil.report.run_rows import best_rows, rows_of
from rodepil.report.runs import models
from rodepil.track.reading import read_runs
from rodepil.trials.grid.rows import grid_track
from rodepil.trials.models import find_model

REPOSITORY = Path(__file__).parents[3]
ROWS = ("keep_ratio=0.5", "keep_ratio=1.0")

GRID = """
title: How many keys
task: localize
product:
  localize.network.keep_ratio: [0.5, 1.0]
"""


def write_grid(root: Path, text: str) -> None:
    (root / "experiments").mkdir(exist_ok=True)
    (root / "experiments" / "keys.yaml").write_text(text, encoding="utf-8")


def test_rows_are_run_tabled_and_recorded_and_the_best_is_told(
    copy_units: Any,
    unit_settings: ProjectSettings,
    resources: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resources
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    workspace = copy_units("grid")
    write_grid(workspace.root, GRID)
    recipe = unit_settings.localize.train.model_copy(update={"epochs": 3, "warmup_epochs": 1})
    localize = unit_settings.localize.model_copy(update={"train": recipe})
    settings = unit_settings.model_copy(update={"localize": localize})
    planned = grids.plan(load_grid("keys", workspace.root, "demo"), settings, workspace)
    tuned = grids.tune(planned, settings, workspace, Silent())
    assert tuned.failed == 0
    folder = workspace.results / "grids" / "keys"
    with (folder / "table.csv").open(encoding="utf-8") as stream:
        heads, *tabled = csv.reader(stream)
    columns = ["Keep ratio", "Folds", *(f"mAP@0.{at}" for at in range(3, 8)), "Mean"]
    assert heads == [*columns, "95 % interval", "Data"]
    means = {}
    for name, line, cells in zip(ROWS, tuned.sheet.rows, tabled, strict=True):
        (trial,) = json.loads((folder / "rows" / f"{name}.json").read_bytes())["trials"]
        means[trial["trial_id"]] = trial["mean_map"]
        assert line[:3] == (name, "1", trial["mean_map"])
        numbers = [*trial["map"].values(), trial["mean_map"]]
        assert cells[2:8] == [f"{100 * number:.2f}" for number in numbers]
        assert len(trial["history"]) == 4
    assert "<h1>How many keys</h1>" in (folder / "report.html").read_text(encoding="utf-8")
    best = max(means, key=lambda trial_id: means[trial_id])
    (said,) = (note for note in tuned.notes if note.startswith("best row"))
    assert said.endswith(f"rodepil localize VIDEOS --model results/trials/{best}")
    assert find_model(best, workspace) == workspace.trials / best / "model.safetensors"
    _check_runs(settings, workspace, folder)
    reading = read_runs(grid_track(settings.track, "keys"), workspace)
    ((row, _),) = best_rows(rows_of(reading.runs))
    assert models(row, workspace.trials) == [str(workspace.trials / best / "model.safetensors")]


def _check_runs(settings: ProjectSettings, workspace: Workspace, folder: Path) -> None:
    """Hold that each row's run is described with its numbers, and has figures and a lineage."""
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    for name in ROWS:
        record = json.loads((folder / "rows" / f"{name}.json").read_bytes())
        (trial,) = record["trials"]
        for run_id in (record["parent_run_id"], trial["run_id"]):
            drawn = {one.path for one in client.list_artifacts(run_id, "figures")}
            assert drawn == {"figures/ap.png", "figures/timeline.png"}
            assert len(client.get_run(run_id).data.tags["digest.snapshot"]) > 8
        words = client.get_run(record["parent_run_id"]).data.tags["mlflow.note.content"]
        line = next(one for one in words.splitlines() if one.startswith("| fold 0 |"))
        cells = [cell.strip() for cell in line.strip("|").split("|")][1:7]
        assert cells == [f"{100 * one:.2f}%" for one in [*trial["map"].values(), trial["mean_map"]]]
        assert f"localize.network.{name}" in words
    experiment = client.get_experiment_by_name(grid_track(settings.track, "keys").experiment)
    assert "2 rows that differ in keep ratio" in experiment.tags["mlflow.note.content"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("train.epochs", "belongs to grids of the task 'classify', and this one's is 'localize'"),
        ("sequence.fps", "is the same for a whole grid, whose rows change localize alone"),
        ("localise.network.width", "did you mean 'localize'"),
    ],
)
def test_rows_that_change_another_task_or_nothing_known_are_refused(
    tmp_path: Path, change: str, said: str
) -> None:
    write_grid(tmp_path, f"task: localize\nproduct:\n  {change}: [1, 2]\n")
    with pytest.raises(SettingError, match=said):
        load_grid("keys", tmp_path, "demo")


def test_rows_of_a_classifier_may_not_change_the_localizer(tmp_path: Path) -> None:
    write_grid(tmp_path, "product:\n  localize.network.keep_ratio: [0.5, 1.0]\n")
    with pytest.raises(SettingError, match="belongs to grids of the task 'localize'"):
        load_grid("keys", tmp_path, "demo")


def test_a_papers_values_of_classified_clips_are_refused_where_rows_localize(
    tmp_path: Path,
) -> None:
    rows = "task: localize\nrows:\n  - {localize.network.keep_ratio: 0.5, paper: {f1: 97.0}}\n"
    write_grid(tmp_path, rows)
    with pytest.raises(SettingError, match="which are of classified clips"):
        load_grid("keys", tmp_path, "demo")


def test_the_ablation_stands_on_the_official_settings_and_holds_the_official_row() -> None:
    settings = load_settings(REPOSITORY, profile="paper")
    grid = load_grid("raseformer", REPOSITORY, "paper")
    rows = grid_settings(grid, settings)
    assert len(rows) == 12
    assert rows["0.5-9"].localize == settings.localize
    official = rows["0.5-9"].localize
    assert (official.network.width, official.network.windows) == (512, (9, 9, 9, 1, 1, 1))
    assert (official.train.warmup_epochs, official.train.epochs) == (20, 20)
    kept = {one.localize.network.keep(13) for name, one in rows.items() if name.endswith("-13")}
    assert kept == {4, 7, 10, 13}
