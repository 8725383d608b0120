"""The runs that MLflow holds of a test's project."""

from __future__ import annotations

from mlflow import MlflowClient
from mlflow.entities import Run

from rodepil.config.workspace import Workspace


def client(workspace: Workspace) -> MlflowClient:
    return MlflowClient(f"sqlite:///{workspace.mlflow_database}")


def runs(workspace: Workspace) -> tuple[list[Run], list[Run]]:
    """Return the experiment's parents and children."""
    mlflow = client(workspace)
    experiment = mlflow.get_experiment_by_name("small")
    found = mlflow.search_runs([experiment.experiment_id])
    is_child = ["mlflow.parentRunId" in run.data.tags for run in found]
    return (
        [run for run, child in zip(found, is_child, strict=True) if not child],
        [run for run, child in zip(found, is_child, strict=True) if child],
    )
