"""The door to MLflow: the one module that imports it, quietly, with errors that help."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rodepil.errors import TrackingError

SQLITE = "sqlite:///"

# Set where the user has not set otherwise.
QUIET = {
    # Runs hold a laboratory's unpublished work: nothing is told to MLflow's makers.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # MLflow's own 7 tries take minutes before a dead server is given up.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)
logging.getLogger("alembic").setLevel(logging.WARNING)

# MLflow reads those variables while it is imported.
from mlflow import MlflowClient  # noqa: E402 - the reason stands above
from mlflow.entities import Metric, Param, RunTag, ViewType  # noqa: E402 - the same
from mlflow.exceptions import MlflowException  # noqa: E402 - the same
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402 - it comes with MLflow

__all__ = [
    "SQLITE",
    "Metric",
    "MlflowClient",
    "Param",
    "RunTag",
    "ViewType",
    "absolute_uri",
    "talking_to",
]


def absolute_uri(uri: str, folder: Path) -> str:
    """Return `uri`, a relative SQLite path in it taken from `folder`.

    >>> absolute_uri("sqlite:///mlflow.db", Path("/lab/project"))
    'sqlite:////lab/project/mlflow.db'
    """
    if not uri.startswith(SQLITE):
        return uri
    return SQLITE + (folder / uri.removeprefix(SQLITE)).as_posix()


@contextmanager
def talking_to(uri: str) -> Iterator[None]:
    """Turn what goes wrong with the store into an error that says what to do.

    Raises
    ------
    TrackingError
        The store refused, or is not there.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        # requests' errors (no connection, time-out) are OSErrors.
        reason = str(error).strip().partition("\n")[0]
        raise TrackingError(f"MLflow at {uri}: {reason}; {_remedy(uri, reason)}") from error


def _remedy(uri: str, reason: str) -> str:
    if "schema" in reason or "db upgrade" in reason:
        return f"back the database up, then run: mlflow db upgrade {uri}"
    if uri.startswith(SQLITE):
        return "make the database and its folder writable, or move it away to begin a new one"
    if uri.startswith("http"):
        return (
            "start the server (mlflow server), correct MLFLOW_TRACKING_URI or track.uri, "
            "or unset both to use the project's own database"
        )
    return "set track.uri or MLFLOW_TRACKING_URI to sqlite:///mlflow.db or a server's http address"
