"""Grids whose rows localize: what they run, what they write, and which rows are refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from rodepil import grids
from rodepil.config.grid import grid_settings, load_grid
from rodepil.config.load import load_settings
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError
from rodepil.io.progress import Silent

REPOSITORY = Path(__file__).parents[3]

GRID = """
title: How many keys
task: localize
product:
  localize.network.keep_ratio: [0.5, 1.0]
"""


def write_grid(root: Path, text: str) -> None:
    (root / "experiments").mkdir(exist_ok=True)
    (root / "experiments" / "keys.yaml").write_text(text, encoding="utf-8")


def test_rows_are_run_and_their_map_is_tabled(
    copy_units: Any, unit_settings: ProjectSettings, resources: Any
) -> None:
    assert resources
    workspace = copy_units("grid")
    write_grid(workspace.root, GRID)
    recipe = unit_settings.localize.train.model_copy(update={"epochs": 3, "warmup_epochs": 1})
    localize = unit_settings.localize.model_copy(update={"train": recipe})
    settings = unit_settings.model_copy(update={"localize": localize})
    planned = grids.plan(load_grid("keys", workspace.root, "demo"), settings, workspace)
    tuned = grids.tune(planned, settings, workspace, Silent())
    assert tuned.failed == 0
    folder = workspace.results / "grids" / "keys"
    told = [column.title for column in tuned.sheet.columns]
    assert told == ["keep_ratio", "Folds", *(f"mAP@0.{at}" for at in range(3, 8)), "Mean"]
    for name, line in zip(("keep_ratio=0.5", "keep_ratio=1.0"), tuned.sheet.rows, strict=True):
        (trial,) = json.loads((folder / "rows" / f"{name}.json").read_bytes())["trials"]
        assert list(line[1:]) == [1, *trial["map"].values(), trial["mean_map"]]
        assert len(trial["history"]) == 4
    with (folder / "table.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.reader(stream))) == 3
    assert "mAP@0.5" in (folder / "table.md").read_text(encoding="utf-8")


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
