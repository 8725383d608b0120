"""Open the tracker that the settings ask for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.track.journal import Journal
from rodepil.track.protocol import Tracker
from rodepil.track.tee import tee

URI_VARIABLE = "MLFLOW_TRACKING_URI"


def open_tracker(
    settings: TrackSettings, workspace: Workspace, *, environ: Mapping[str, str] = os.environ
) -> Tracker:
    """Return MLflow, and beside it the journal when the settings want it.

    The database and the experiment are made here when they are missing; call it in one process
    before others go on in its runs.

    Parameters
    ----------
    settings
        The section ``track``. Without a ``uri`` the variable MLFLOW_TRACKING_URI is taken,
        without that the project's own SQLite database.
    workspace
        The project; a relative SQLite path is taken from its root.
    environ
        The environment's variables.

    Raises
    ------
    TrackingError
        MLflow can't be reached or refuses.
    """
    # MLflow takes a second and more to import; who only reads the protocol does without.
    from rodepil.track.mlflow_tracker import MlflowTracker  # noqa: PLC0415

    uri = settings.uri or environ.get(URI_VARIABLE) or f"sqlite:///{workspace.mlflow_database}"
    trackers: list[Tracker] = [MlflowTracker.open(uri, settings.experiment, folder=workspace.root)]
    if settings.journal:
        trackers.append(Journal(workspace.results / "journal"))
    return tee(trackers)


def missing_database(
    settings: TrackSettings, workspace: Workspace, *, environ: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the project's own database where `open_tracker` would make it, for it is not there."""
    ours = not (settings.uri or environ.get(URI_VARIABLE))
    path = workspace.mlflow_database
    return path if ours and not path.is_file() else None
