"""`rodepil crossval --task localize`: what it trains, and what its runs hold for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from tests.cli.conftest import Rodepil, rodepil

__all__ = ["rodepil"]
FIGURES = {"figures/ap.png", "figures/timeline.png"}


@pytest.fixture(scope="module")
def project(copy_units: Any, unit_settings: ProjectSettings, resources: Any) -> Workspace:
    """A project whose localizer has an epoch of warm-up and one after it, alone."""
    assert resources
    workspace: Workspace = copy_units("cli")
    train = unit_settings.localize.train.model_copy(update={"epochs": 1, "warmup_epochs": 1})
    localize = unit_settings.localize.model_copy(update={"train": train, "compare": ()})
    settings = unit_settings.model_copy(update={"localize": localize})
    text = yaml.safe_dump(settings.model_dump(mode="json", exclude={"profile"}))
    (workspace.root / "params.yaml").write_text(text, encoding="utf-8")
    return workspace


def test_runs_hold_figures_a_table_of_map_and_what_they_learned_from(
    project: Workspace, rodepil: Rodepil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shown = rodepil("crossval", "--task", "localize", folder=project.root)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.rstrip().endswith("next: rodepil report --task localize")
    record = json.loads((project.localize_results / "raseformer.json").read_bytes())
    (trial,) = record["trials"]
    client = MlflowClient(f"sqlite:///{project.mlflow_database}")
    for run_id in (record["parent_run_id"], trial["run_id"]):
        assert {one.path for one in client.list_artifacts(run_id, "figures")} == FIGURES
        tags = client.get_run(run_id).data.tags
        assert len(tags["digest.snapshot"]) > 8
    words = client.get_run(record["parent_run_id"]).data.tags["mlflow.note.content"]
    line = next(one for one in words.splitlines() if one.startswith("| mean |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
    assert cells[:6] == [f"{100 * one:.2f}" for one in [*trial["map"].values(), trial["mean_map"]]]
    assert "trained on 16 clips, tested on 8 clips" in words
    assert "Data: RatSeizure; the given split" in words
    _holds_lineage(project, rodepil, trial["trial_id"])


def _holds_lineage(project: Workspace, rodepil: Rodepil, trial_id: str) -> None:
    """Hold that a trial is traced to its clips and their features, by `rodepil features`."""
    out = project.root / "rows.parquet"
    shown = rodepil("features", "lineage", trial_id, "-o", str(out), folder=project.root)
    assert shown.returncode == 0, shown.stderr
    for said in ("tests fold 0", "16 clips of 16 subjects", "8 clips of 8 subjects",
                 "24 of all 24 are in the", "clips of action units are files"):  # fmt: skip
        assert said in " ".join(shown.stdout.split())
    rows = {row["clip_id"]: row for row in _read(out)}
    features = tables.read("features", project.units_features).to_pylist()
    assert {name: row["key"] for name, row in rows.items()} == {
        row["clip_id"]: row["key"] for row in features
    }
    tested = {name for name, row in rows.items() if row["side"] == "test"}
    assert tested == {f"u{number:02}" for number in range(16, 24)}
    refused = rodepil("features", "lineage", trial_id, "--check", folder=project.root)
    assert refused.returncode == 1
    assert "there are no recordings to hash" in " ".join(refused.stderr.split())


def _read(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    return list(pq.read_table(path).to_pylist())


@pytest.mark.parametrize("option", [("--control", "static"), ("--modality", "flow")])
def test_options_of_classified_clips_are_refused(
    option: tuple[str, str], project: Workspace, rodepil: Rodepil
) -> None:
    shown = rodepil("crossval", "--task", "localize", *option, folder=project.root)
    assert shown.returncode == 1
    assert "named by localize.compare" in " ".join(shown.stderr.split())
